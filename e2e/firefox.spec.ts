import { buildExtension } from "../local/extension-build.ts";
import { sessionIdOf } from "../local/journey.ts";
import { MODEL_NAME } from "../local/opencode.ts";
import { click, expectText, launchFirefox } from "./support/firefox.ts";
import { expectArchived, opencodeMessages } from "./support/rows.ts";
import { expect, test } from "./support/world.ts";

const PROMPT = "Show me the fix";

test("the journey in Firefox: agree, sign in, opencode on, a turn, equal rows, sign out", async ({
  world,
}) => {
  const { stack, opencode } = world;
  const extensionDir = await buildExtension({
    outDir: await world.newFolder("firefox-build"),
    convexUrl: world.wire.url,
    authkitUrl: stack.authkit.url,
    clientId: stack.clientId,
    browser: "firefox",
  });
  const firefox = await launchFirefox(extensionDir, await world.newFolder("firefox-profile"));
  const signInsBefore = stack.authkit.control.signIns().length;
  try {
    const welcome = await firefox.openPage("welcome");
    await click(welcome, "button", "Agree");
    await click(welcome, "button", "Sign in");
    const login = await firefox.waitForPage(stack.authkit.url);
    await login.locator("::-p-text(ada@example.com)").setTimeout(30_000).click();
    await expectText(welcome, "ada@example.com");
    await welcome
      .locator('::-p-aria(Another address[role="textbox"])')
      .setTimeout(30_000)
      .fill(opencode.url);
    await click(welcome, "button", "Add");
    await expectText(welcome, "It is captured from now on.");

    const page = await firefox.browser.newPage();
    const project = Buffer.from(opencode.projectDir).toString("base64url");
    await page.goto(`${opencode.url}/${project}/session`);
    const box = page.locator('[data-component="prompt-input"]').setTimeout(60_000);
    await box.click();
    await page.keyboard.type(PROMPT);
    // The page takes no prompt before it knows its models.
    await expectText(page, MODEL_NAME);
    await page.keyboard.press("Enter");
    await expect.poll(() => sessionIdOf(page.url()), { timeout: 60_000 }).toMatch(/^ses_/);
    const key = sessionIdOf(page.url())!;
    await expect
      .poll(async () => (await opencodeMessages(opencode.url, key)).at(-1)?.info.finish, {
        timeout: 60_000,
      })
      .toBe("stop");
    await expectArchived(world.archiveOf("user_ada"), opencode.url, key, 60_000);

    const popup = await firefox.openPage("popup");
    await click(popup, "button", "Sign out");
    await popup.locator('::-p-aria(Sign in[role="button"])').setTimeout(30_000).wait();
    await expect
      .poll(() => stack.authkit.control.signIns().length, { timeout: 15_000 })
      .toBe(signInsBefore);
  } finally {
    await firefox.browser.close();
  }
});
