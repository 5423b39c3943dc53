/**
 * Every agent whose traffic is known, in Chromium under the site's real name: a page makes the recorded calls the way the site does, first
 * a live turn, then a reload. The archive then holds exactly the session that is expected.
 */
import { ownPerson } from "./support/people.ts";
import { loadReplays, secretOf, textOf, type Phase, type Replay } from "./support/replay.ts";
import {
  archivedOf,
  expectedOf,
  nameOf,
  openReplayWorld,
  type ReplayWorld,
} from "./support/replay-world.ts";
import { expect, test, type World } from "./support/world.ts";

const replays = loadReplays();
let run: ReplayWorld;
/** The sessions that may be there by now. */
const known = new Set<string>();
const played: Replay[] = [];

test.beforeAll(async ({ world }) => {
  run = await openReplayWorld(world, replays, ownPerson.replay);
});

test.afterAll(() => run.close());

/** Opens the page in this phase, and holds that the page itself got everything as it was sent. */
async function play(replay: Replay, phase: Phase): Promise<void> {
  run.site.play(replay, phase);
  if (run.page.url() === replay.page) await run.page.reload();
  else await run.page.goto(replay.page);
  const got = await run.page.evaluate(
    () => (window as unknown as { played: Promise<string[]> }).played,
  );
  expect(got).toEqual(replay[phase].map(textOf));
}

/** Waits until nothing has been sent for longer than a page gathers, and asks, after a turn. */
async function settle({ wire }: World): Promise<void> {
  for (let before = -1; before !== wire.bytesSent();) {
    before = wire.bytesSent();
    await run.page.waitForTimeout(1_000);
  }
}

/** A turn alone gives less than a load, but of this session, and of no other message. */
async function expectLive(replay: Replay): Promise<void> {
  const { session, messages } = replay.expected;
  const keys = messages.map(({ key }) => key);
  await expect(async () => {
    const held = await archivedOf(run.archive, replay);
    const live = held.find((one) => nameOf(one.session) === nameOf(session));
    expect(live).toBeDefined();
    expect(keys).toEqual(expect.arrayContaining(live!.messages.map(({ key }) => key)));
    if (keys.length > 0) expect(live!.messages.length).toBeGreaterThan(0);
  }).toPass({ timeout: 10_000, intervals: [100] });
}

for (const replay of replays) {
  test(`${replay.agentId}: a live turn and a reload`, async ({ world }) => {
    const expected = expectedOf(replay);
    for (const { session } of expected) known.add(nameOf(session));
    if (replay.live.length > 0) {
      await play(replay, "live");
      await settle(world);
      expect(run.site.unknown()).toEqual([]);
      await expectLive(replay);
    }
    await play(replay, "load");
    await expect(async () => {
      expect(await archivedOf(run.archive, replay)).toEqual(expected);
    }).toPass({ timeout: 10_000, intervals: [100] });
    expect(run.site.unknown()).toEqual([]);
    const sessions = (await run.archive.sessions()).map((session) => nameOf({ ...session }));
    expect(sessions.filter((session) => !known.has(session))).toEqual([]);
    expect(new Set(sessions).size).toBe(sessions.length);
    // As true or false: a failure must not print all that was sent.
    expect(run.sent().includes(secretOf(replay))).toBe(false);
    played.push(replay);
  });
}

test("opening every page again sends nothing", async ({ world }) => {
  expect(played).not.toEqual([]);
  await settle(world);
  const sessions = await run.archive.sessions();
  const sent = world.wire.bytesSent();
  const senders: string[] = [];
  for (const replay of played) {
    const before = world.wire.bytesSent();
    await play(replay, "load");
    await run.page.waitForTimeout(200);
    if (world.wire.bytesSent() > before) senders.push(replay.agentId);
  }
  await run.page.waitForTimeout(2_000);
  expect(senders).toEqual([]);
  expect(world.wire.bytesSent() - sent).toBe(0);
  expect(await run.archive.sessions()).toEqual(sessions);
  for (const replay of played) {
    expect(await archivedOf(run.archive, replay)).toEqual(expectedOf(replay));
  }
});
