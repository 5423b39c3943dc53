import { signInAs } from "../local/chromium.ts";
import { openOpencode, playTurn, setUpPerson } from "../local/journey.ts";
import { capturedRows, openPage } from "./support/extension.ts";
import { archivedMessages, expectArchived } from "./support/rows.ts";
import { expect, test } from "./support/world.ts";

test("what waits is its owner's: another person's sign-in never uploads it", async ({ world }) => {
  const browser = await world.openBrowser();
  const { context, extensionId } = browser;
  const { url } = world.opencode;
  const [ada, grace] = [world.archiveOf("user_ada"), world.archiveOf("user_grace")];
  const before = (await grace.sessions()).length;

  await setUpPerson(context, extensionId, { email: "ada@example.com", opencodeUrl: url });
  const popup = await openPage(browser, "popup");
  await world.wire.goDown();
  const page = await openOpencode(context, world.opencode);
  const key = await playTurn(page, url, "Show me the fix");
  await expect.poll(() => capturedRows(popup)).toBeGreaterThanOrEqual(2);
  await page.close();
  await popup.bringToFront();
  await popup.getByRole("button", { name: "Sign out" }).click();

  await world.wire.comeBack();
  const signIn = popup.getByRole("button", { name: "Sign in" });
  await signInAs(context, "grace@example.com", () => signIn.click());
  await expect(popup.getByText(/another person|somebody else/i)).toBeVisible();
  // Long enough for the back-off of Ada's failed attempts to pass.
  await popup.waitForTimeout(15_000);
  expect((await grace.sessions()).length).toBe(before);
  expect(await archivedMessages(ada, key)).toEqual([]);

  await popup.getByRole("button", { name: "Sign out" }).click();
  await signInAs(context, "ada@example.com", () => signIn.click());
  await expectArchived(ada, url, key, 90_000);
  expect((await grace.sessions()).length).toBe(before);
  await browser.close();
});
