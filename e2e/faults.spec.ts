import { setTimeout as wait } from "node:timers/promises";
import { openOpencode, playTurn, sessionIdOf, setUpPerson } from "../local/journey.ts";
import { DEMO_TURNS } from "../local/model-script.ts";
import { capturedRows, killWorker, openPage } from "./support/extension.ts";
import { expectArchived } from "./support/rows.ts";
import { expect, test, type World } from "./support/world.ts";

test.describe.configure({ timeout: 300_000 });

async function signedIn(world: World, profileDir?: string) {
  const browser = await world.openBrowser(profileDir);
  await setUpPerson(browser.context, browser.extensionId, {
    email: "ada@example.com",
    opencodeUrl: world.opencode.url,
  });
  return browser;
}

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("the worker is killed at ten random moments during the turns", async ({ world }) => {
  const browser = await signedIn(world);
  const { url } = world.opencode;
  const page = await openOpencode(browser.context, world.opencode);
  const seed = Date.now() % 1_000_000;
  test.info().annotations.push({ type: "seed", description: String(seed) });
  console.log(`kills with seed ${seed}`);
  const random = randomFrom(seed);

  let kills = 0;
  const killing = (async () => {
    while (kills < 10) {
      await wait(200 + random() * 1_200);
      await killWorker(browser.context);
      kills += 1;
    }
  })();
  let key = "";
  for (let turn = 0; turn < DEMO_TURNS.length || kills < 10; turn += 1) {
    key = await playTurn(page, url, DEMO_TURNS[turn % DEMO_TURNS.length]!.prompt);
  }
  await killing;
  await expectArchived(world.archiveOf("user_ada"), url, key, 120_000);
  await browser.close();
});

test("the backend goes away for a minute and comes back", async ({ world }) => {
  const browser = await signedIn(world);
  const { url } = world.opencode;
  const archive = world.archiveOf("user_ada");
  const popup = await openPage(browser, "popup");
  const page = await openOpencode(browser.context, world.opencode);

  await world.wire.goDown();
  const downUntil = Date.now() + 60_000;
  let key = "";
  for (const { prompt } of DEMO_TURNS) key = await playTurn(page, url, prompt);
  await popup.bringToFront();
  await expect(popup.getByText("The Convex deployment cannot be reached").first()).toBeVisible();
  await wait(downUntil - Date.now());
  expect(await capturedRows(popup)).toBeGreaterThan(0);
  await world.wire.comeBack();

  await expectArchived(archive, url, key, 150_000);
  await browser.close();
});

test("the browser is killed in a turn and with rows waiting, and started again", async ({
  world,
}) => {
  const profileDir = await world.newFolder("killed");
  const first = await signedIn(world, profileDir);
  const { url } = world.opencode;
  const archive = world.archiveOf("user_ada");

  // Rows that wait in the outbox.
  const inside = await openPage(first, "popup");
  await world.wire.goDown();
  const page = await openOpencode(first.context, world.opencode);
  const waiting = await playTurn(page, url, DEMO_TURNS[0]!.prompt);
  await expect.poll(() => capturedRows(inside)).toBeGreaterThanOrEqual(3);

  // And a turn that runs at the moment of the kill.
  const box = page.locator('[data-component="prompt-input"]');
  await box.click();
  await box.pressSequentially(DEMO_TURNS[1]!.prompt);
  await box.press("Enter");
  await wait(400);
  const address = page.url();
  expect(sessionIdOf(address)).toBe(waiting);
  process.kill(first.pid!, "SIGKILL");
  await first.close();

  await world.wire.comeBack();
  const second = await world.openBrowser(profileDir);
  const again = await second.context.newPage();
  await again.goto(address);
  await expectArchived(archive, url, waiting, 150_000);
  await second.close();
});
