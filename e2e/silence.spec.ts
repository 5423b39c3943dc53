import type { Page } from "@playwright/test";
import { openOpencode, playTurn, setUpPerson } from "../local/journey.ts";
import { preapprove, signInAs } from "../local/chromium.ts";
import { capturedRows, openPage } from "./support/extension.ts";
import { archivedMessages, expectArchived } from "./support/rows.ts";
import { expect, test } from "./support/world.ts";

const PROMPT = "Show me the fix";

test("nothing is stored or sent before agreeing, signed out, switched off and paused", async ({
  world,
}) => {
  const browser = await world.openBrowser();
  const { context, extensionId } = browser;
  const { url } = world.opencode;
  const archive = world.archiveOf("user_grace");
  // The browser's permission alone must not start anything.
  await preapprove(context, extensionId, `${url}/*`);
  const inside = await openPage(browser, "options");

  /** Plays a turn and holds that not a row is stored and not a byte crosses to Convex. */
  async function expectSilence(page: Page): Promise<string> {
    // What went before (a profile, a switch) has crossed.
    await inside.waitForTimeout(1_500);
    const [rows, sent] = [await capturedRows(inside), world.wire.bytesSent()];
    const connections = world.wire.connections();
    const key = await playTurn(page, url, PROMPT);
    await page.reload();
    await page.getByText(PROMPT).first().waitFor();
    await inside.waitForTimeout(2_000);
    expect(await capturedRows(inside)).toBe(rows);
    expect(world.wire.bytesSent()).toBe(sent);
    expect(world.wire.connections()).toBe(connections);
    return key;
  }

  // Before consent: nobody is signed in either.
  const early = await openOpencode(context, world.opencode);
  await expectSilence(early);
  expect(await capturedRows(inside)).toBe(0);
  await early.close();

  // On: the same page and the same turn are captured, so the silence is not that of a broken capture.
  await setUpPerson(context, extensionId, { email: "grace@example.com", opencodeUrl: url });
  const page = await openOpencode(context, world.opencode);
  const key = await playTurn(page, url, PROMPT);
  await expectArchived(archive, url, key);

  // Paused, on a page that was being captured a moment ago.
  const popup = await openPage(browser, "popup");
  await popup.getByRole("switch", { name: "Pause" }).click();
  await expect(popup.getByText("Paused: nothing is captured or sent.")).toBeVisible();
  await page.bringToFront();
  await expectSilence(page);
  await popup.getByRole("switch", { name: "Pause" }).click();

  // Switched off.
  await inside.bringToFront();
  await inside.getByRole("switch", { name: "opencode" }).click();
  await expect(inside.getByRole("switch", { name: "opencode" })).not.toBeChecked();
  await page.bringToFront();
  await expectSilence(page);
  await inside.bringToFront();
  await inside.getByRole("switch", { name: "opencode" }).click();
  await expect(inside.getByRole("switch", { name: "opencode" })).toBeChecked();

  // Signed out.
  await popup.bringToFront();
  await popup.getByRole("button", { name: "Sign out" }).click();
  await expect(popup.getByRole("button", { name: "Sign in" })).toBeVisible();
  await page.bringToFront();
  await expectSilence(page);
  await page.close();

  // Signed in and switched on, but the agreement is taken back.
  await popup.bringToFront();
  const signIn = popup.getByRole("button", { name: "Sign in" });
  await signInAs(context, "grace@example.com", () => signIn.click());
  await inside.bringToFront();
  await inside.getByRole("button", { name: "Withdraw" }).click();
  await inside.getByRole("alertdialog").getByRole("button", { name: "Withdraw" }).click();
  await expect(inside.getByText("You have not agreed: nothing is captured.")).toBeVisible();
  await expect(inside.getByRole("switch", { name: "opencode" })).toBeChecked();
  await expectSilence(await openOpencode(context, world.opencode));

  const known = (await archivedMessages(archive, key)).length;
  expect(known).toBe(2);
  await browser.close();
});
