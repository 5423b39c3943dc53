import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { ATTACKS } from "../components/testing/attacks.ts";
import { preapprove, signInAs, type LaunchedExtension } from "../local/chromium.ts";
import { openPage } from "./support/extension.ts";
import { seedSession, type SeedMessage } from "./support/seed.ts";
import { expect, test, type World } from "./support/world.ts";

const ADA = "user_ada";

const CONVERSATION: SeedMessage[] = [
  { role: "user", parts: [{ type: "text", text: "Please fix the **login** test." }] },
  {
    role: "assistant",
    model: "model-1",
    cost: 0.0123,
    tokens: { input: 1200, output: 300 },
    createdAt: Date.UTC(2026, 10, 20, 12),
    parts: [
      { type: "reasoning", text: "The clock moves between the two reads." },
      {
        type: "text",
        text: "Here it is:\n\n```ts\nconst fixed = true;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done",
      },
      { type: "tool-call", toolCallId: "t", toolName: "bash", input: '{"command":"npm test"}' },
      { type: "tool-result", toolCallId: "t", output: "20 passed", isError: false },
    ],
  },
  { role: "assistant", state: "partial", parts: [{ type: "text", text: "x".repeat(300_000) }] },
];

/** What axe finds against WCAG 2.2 AA and its own best practices, in a form that a failed test can be read from. */
async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
  );
}

async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await findings(page), `${page.url()} in ${colorScheme}`).toEqual([]);
  }
}

/** Nothing is wider than a narrow window, but for code and tables, which scroll inside it. */
async function expectNarrow(page: Page): Promise<void> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  const overflowing = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll("main, nav, header")]
      .filter((element) => element.scrollWidth > element.clientWidth)
      .map((element) => element.localName),
  );
  expect(overflowing, page.url()).toEqual([]);
  if (before) await page.setViewportSize(before);
}

async function signIn({ context }: LaunchedExtension, welcome: Page): Promise<void> {
  await welcome.getByRole("button", { name: "Agree" }).click();
  const button = welcome.getByRole("button", { name: "Sign in" });
  await signInAs(context, "ada@example.com", () => button.click());
  await welcome.getByText("ada@example.com").waitFor();
}

/** Everything that the page asks for beyond the extension and its own deployment, and every dialog and refused load. */
function watch(page: Page, world: World): string[] {
  const seen: string[] = [];
  const isOurs = (url: string) =>
    url.startsWith("chrome-extension://") || new URL(url).host === new URL(world.wire.url).host;
  page.on("request", (request) => !isOurs(request.url()) && seen.push(request.url()));
  page.on("dialog", (dialog) => {
    seen.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => message.type() === "error" && seen.push(message.text()));
  page.on("pageerror", (error) => seen.push(error.message));
  return seen;
}

test("every page is accessible, light and dark, before and after signing in", async ({ world }) => {
  const browser = await world.openBrowser();
  const id = await seedSession(
    world,
    ADA,
    { agent: "opencode", key: "ses_axe", title: "Fix the login test" },
    CONVERSATION,
  );
  const welcome = await openPage(browser, "welcome");
  await welcome.getByRole("button", { name: "Agree" }).waitFor();
  for (const name of ["popup", "options", "archive"] as const) {
    const page = await openPage(browser, name);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expectAccessible(page);
    await page.close();
  }
  await expectAccessible(welcome);
  await signIn(browser, welcome);
  await expectAccessible(welcome);
  await expectNarrow(welcome);

  const popup = await openPage(browser, "popup");
  await popup.getByText("ada@example.com").waitFor();
  await expectAccessible(popup);
  const options = await openPage(browser, "options");
  await options.getByLabel("Another address").fill("nonsense");
  await options.getByRole("button", { name: "Add" }).click();
  await options.getByRole("button", { name: "Withdraw" }).click();
  await options.getByRole("alertdialog").waitFor();
  await expectAccessible(options);
  await options.keyboard.press("Escape");
  await expectAccessible(options);
  await expectNarrow(options);

  const archive = await openPage(browser, "archive");
  await archive.goto(`${archive.url()}#/session/${id}`);
  await archive.getByRole("heading", { name: "Fix the login test" }).waitFor();
  for (const fold of await archive.locator("main summary").all()) await fold.click();
  await expectAccessible(archive);
  await expectNarrow(archive);
  await browser.close();
});

test("the archive shows a session as it lands, reads it, copies it and deletes it", async ({
  world,
}) => {
  const browser = await world.openBrowser();
  await signIn(browser, await openPage(browser, "welcome"));
  await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const archive = await openPage(browser, "archive");
  const list = archive.getByRole("navigation", { name: "Sessions" });
  await list.getByRole("combobox").waitFor();

  await seedSession(
    world,
    ADA,
    { agent: "opencode", key: "ses_read", title: "Read \u202Eme", model: "model-1" },
    CONVERSATION,
  );
  const row = list.getByRole("link", { name: /^Read me/ });
  await row.click();
  const main = archive.getByRole("main");
  await main.getByRole("heading", { level: 1, name: "Read me" }).waitFor();
  await expect(main.getByText("const fixed = true;")).toBeVisible();
  await expect(main.locator(".hljs-keyword", { hasText: "const" })).toBeVisible();

  const output = main.getByText("20 passed");
  await expect(output).toBeHidden();
  await main.getByText("npm test").first().click();
  await expect(output).toBeVisible();

  await expect(main.getByText("Not finished when it was read")).toBeVisible();
  await main.getByRole("button", { name: /^Show all 29\d\.\d KB$/ }).click();
  await expect(main.getByText("x".repeat(300_000))).toBeAttached();

  await main.getByRole("button", { name: "Copy as Markdown" }).click();
  await main.getByRole("button", { name: "Copied", exact: true }).waitFor();
  const copied = await archive.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("# Read me\n");
  expect(copied).toContain("**Tool: bash** npm test");
  expect(copied).toContain("x".repeat(300_000));

  await main.getByRole("button", { name: "Delete" }).click();
  const dialog = archive.getByRole("alertdialog");
  await expect(dialog).toContainText("Its 3 messages and their files are deleted from Convex");
  await archive.keyboard.press("Escape");
  await expect(main.getByRole("button", { name: "Delete" })).toBeFocused();
  await main.getByRole("button", { name: "Delete" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(row).toBeHidden();
  await expect(archive.getByRole("heading", { name: "Sessions" })).toBeFocused();
  await browser.close();
});

test("the list is filtered by agent, walked by arrow keys and quick with many sessions", async ({
  world,
}) => {
  const browser = await world.openBrowser();
  await signIn(browser, await openPage(browser, "welcome"));
  const hello: SeedMessage[] = [{ role: "user", parts: [{ type: "text", text: "hello" }] }];
  for (let index = 0; index < 120; index += 1) {
    const session = { agent: "opencode", key: `ses_many_${index}`, title: `Number ${index}.` };
    await seedSession(world, ADA, session, hello);
  }
  await seedSession(world, ADA, { agent: "another", key: "ses_other", title: "Elsewhere" }, hello);
  const archive = await openPage(browser, "archive");
  const elsewhere = archive.getByRole("link", { name: /^Elsewhere/ });
  const newest = archive.getByRole("link", { name: /^Number 119\./ });
  await elsewhere.focus();
  await archive.keyboard.press("ArrowDown");
  await expect(newest).toBeFocused();
  await archive.getByRole("combobox").selectOption("opencode");
  await expect(elsewhere).toBeHidden();
  await expect(newest).toBeVisible();

  // Only the rows in view exist; scrolling brings the rest, page by page.
  const rows = archive.getByRole("navigation").getByRole("listitem");
  expect(await rows.count()).toBeLessThan(60);
  const oldest = archive.getByRole("link", { name: /^Number 0\./ });
  await archive.getByRole("navigation").hover();
  await expect(async () => {
    await archive.mouse.wheel(0, 4000);
    await expect(oldest).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await browser.close();
});

test("the archive says that it is cut off, and that nobody is signed in", async ({ world }) => {
  const browser = await world.openBrowser();
  await signIn(browser, await openPage(browser, "welcome"));
  await seedSession(world, ADA, { agent: "opencode", key: "ses_cut", title: "Cut off" }, [
    { role: "user", parts: [{ type: "text", text: "hello" }] },
  ]);
  const archive = await openPage(browser, "archive");
  const row = archive.getByRole("link", { name: /^Cut off/ });
  await row.waitFor();
  await world.wire.goDown();
  await expect(archive.getByText("Convex cannot be reached.")).toBeVisible();
  await expect(row).toBeVisible();
  await world.wire.comeBack();
  await expect(archive.getByText("Convex cannot be reached.")).toBeHidden({ timeout: 30_000 });

  await archive.goto(`${archive.url()}#/session/not-an-id`);
  await expect(archive.getByText("This session cannot be shown.")).toBeVisible();

  const popup = await openPage(browser, "popup");
  await popup.getByRole("button", { name: "Sign out" }).click();
  await expect(archive.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(row).toBeHidden();
  await browser.close();
});

test("captured text can do nothing: no script, no request, no dialog", async ({ world }) => {
  const browser = await world.openBrowser();
  await signIn(browser, await openPage(browser, "welcome"));
  const messages = ATTACKS.map((text): SeedMessage => ({
    role: "assistant",
    model: text,
    parts: [
      { type: "text", text },
      { type: "reasoning", text },
      { type: "tool-call", toolCallId: text, toolName: text, title: text, input: text },
      { type: "tool-result", toolCallId: text, output: text },
      { type: "file", name: text, url: text },
    ],
    error: { name: text, message: text },
  }));
  const session = { agent: "opencode", key: "ses_attack", title: ATTACKS[2], url: ATTACKS[17] };
  const id = await seedSession(world, ADA, session, messages);
  const archive = await browser.context.newPage();
  const seen = watch(archive, world);
  await archive.goto(`chrome-extension://${browser.extensionId}/archive.html#/session/${id}`);
  await archive.getByRole("heading", { level: 1 }).waitFor();
  // The next page loads when the end comes into view.
  const articles = archive.getByRole("main").getByRole("article");
  await archive.getByRole("main").hover();
  await expect(async () => {
    await archive.mouse.wheel(0, 20_000);
    await expect(articles).toHaveCount(ATTACKS.length, { timeout: 1000 });
  }).toPass({ timeout: 60_000 });
  for (const fold of await archive.locator("main details").all()) {
    await fold.evaluate((details: HTMLDetailsElement) => (details.open = true));
  }
  const markup = archive.locator("main").locator("script, iframe, object, embed, img, form, style");
  await expect(markup).toHaveCount(0);
  expect(seen).toEqual([]);
  await browser.close();
});

test("an agent is switched on by keyboard alone", async ({ world }) => {
  const browser = await world.openBrowser();
  const { context, extensionId } = browser;
  const welcome = await openPage(browser, "welcome");
  await signIn(browser, welcome);
  for (const host of ["http://localhost:4096", "http://127.0.0.1:4096"]) {
    await preapprove(context, extensionId, `${host}/*`);
  }
  await welcome.bringToFront();
  await welcome.reload();
  const toggle = welcome.getByRole("switch", { name: "opencode" });
  await expect(toggle).toBeEnabled();
  const tabTo = async (target: Locator) => {
    for (let presses = 0; presses < 10; presses += 1) {
      await welcome.keyboard.press("Tab");
      if (await target.evaluate((element) => element === document.activeElement)) break;
    }
  };
  await tabTo(welcome.getByLabel("Find an agent"));
  await welcome.keyboard.type("opencode");
  await tabTo(toggle);
  await welcome.keyboard.press("Space");
  await expect(toggle).toBeChecked();
  await browser.close();
});
