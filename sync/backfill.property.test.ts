// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import type { Backfill } from "./backfill";
import { AGENT, BackfillWorld, type Fault } from "./testing/backfill";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 120_000 });

/** A life that ends at its n-th call to what lies outside: that call and all later ones fail. */
function mortal(world: BackfillWorld, calls: number): { worker: Backfill; isDead(): boolean } {
  let left = calls;
  const worker = world.startWorker(() => {
    left -= 1;
    if (left < 0) throw new Error("killed");
  });
  return { worker, isDead: () => left < 0 };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Waits until a life is dead, or nothing happens in it any more. */
async function untilStill(world: BackfillWorld, isDead: () => boolean): Promise<void> {
  let calm = 0;
  for (let before = ""; calm < 40 && !isDead(); calm += 1) {
    await turn();
    const now = [world.now, world.requests.length, world.told.length].join(" ");
    if (now !== before) calm = 0;
    before = now;
  }
  // What a dead worker had begun to write is written.
  for (let left = 5; left > 0; left -= 1) await turn();
}

/** Lets lives follow one another, each ending after so many calls; the last one does not end. */
async function live(world: BackfillWorld, lives: readonly number[]): Promise<void> {
  for (const calls of [...lives, Infinity]) {
    if (world.alarm !== null) world.now = Math.max(world.now, world.alarm);
    const { worker, isDead } = mortal(world, calls);
    // Once it is there, the run goes on by itself.
    await worker.wake().catch(() => undefined);
    if (world.status === undefined) await worker.wish(AGENT, "start").catch(() => undefined);
    await untilStill(world, isDead);
  }
}

/** Without what was done again in direct succession. */
function withoutRepeats(names: readonly string[]): string[] {
  return names.filter((name, at) => name !== names[at - 1]);
}

it("killed at any step it goes on: nothing is skipped, only what was in flight is fetched twice, in order", async () => {
  let count = 0;
  for (let calls = 0; ; calls += 1) {
    globalThis.indexedDB = new IDBFactory();
    const world = new BackfillWorld();
    world.ownTab = null;
    for (const [at, key] of ["a", "b", "c"].entries()) world.sessions.set(key, at);
    const { worker, isDead } = mortal(world, calls);
    await worker.wish(AGENT, "start").catch(() => undefined);
    await untilStill(world, isDead);
    if (!isDead()) break;
    count += 1;
    await live(world, []);
    const names = world.names();
    expect([calls, withoutRepeats(names)]).toEqual([
      calls,
      ["list:0", "list:2", "a:0", "b:0", "c:0"],
    ]);
    expect(names.length).toBeLessThanOrEqual(6);
    expect(world.status).toMatchObject({ state: "done", listed: 3, fetched: 3, failed: 0 });
    expect(withoutRepeats(world.kept)).toEqual(["a:0", "b:0", "c:0"]);
  }
  // Every step was one to die at.
  expect(count).toBeGreaterThan(100);
});

const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Fault>(
      { status: 429, retryAfter: 2 },
      { status: 429 },
      { status: 503, retryAfter: 700 },
      { status: 500 },
      { status: 401 },
      { status: 404 },
    ),
  },
);

it("whatever the site answers and whenever it is killed: in the end each session is fetched or counted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        sessions: fc.integer({ min: 0, max: 7 }),
        pageSize: fc.integer({ min: 1, max: 4 }),
        answersEach: fc.integer({ min: 1, max: 3 }),
        hasOwnTab: fc.boolean(),
        faults: fc.array(fault, { maxLength: 25 }),
        lives: fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 4 }),
      }),
      async ({ sessions, hasOwnTab, lives, ...given }) => {
        globalThis.indexedDB = new IDBFactory();
        const world = Object.assign(new BackfillWorld(), given);
        if (!hasOwnTab) world.ownTab = null;
        for (let at = 0; at < sessions; at += 1) world.sessions.set(`s${at}`, at);
        await live(world, lives);
        for (let tries = 0; world.status?.state !== "done"; tries += 1) {
          expect(tries).toBeLessThan(60);
          if (world.status?.state === "paused") {
            await world.startWorker().wish(AGENT, "continue");
            await untilStill(world, () => false);
          } else await live(world, []);
        }
        const { listed, total, fetched, failed } = world.status;
        expect([listed, total, fetched + failed]).toEqual([sessions, sessions, sessions]);
        const whole = [...world.sessions.keys()].filter((key) =>
          world.kept.includes(`${key}:${given.answersEach - 1}`),
        );
        expect(whole.length).toBeGreaterThanOrEqual(fetched);
        expect(world.mostAsking).toBeLessThanOrEqual(1);
        if (!hasOwnTab) expect(world.status.hasOwnTab).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});
