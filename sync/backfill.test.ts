// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Backfill } from "./backfill";
import { AGENT, BackfillWorld, OWNER } from "./testing/backfill";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });

let world: BackfillWorld;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  world = new BackfillWorld();
  for (let at = 1; at <= 5; at += 1) world.sessions.set(`s${at}`, at);
});

const FIRST_RUN = ["list:0", "list:2", "list:4", "s1:0", "s2:0", "s3:0", "s4:0", "s5:0"];

/** Waits until the backfill rests: by its own word, and after a moment in which it asks nothing. */
async function rest(isRest = () => world.status?.state !== "running"): Promise<void> {
  await vi.waitFor(() => expect(isRest()).toBe(true), { timeout: 30_000, interval: 2 });
  for (let before = -1; before !== world.requests.length;) {
    before = world.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts it, and holds its request after so many; `go` lets that one and all others be answered. */
async function startAndHold(worker: Backfill, after: number): Promise<{ go: () => void }> {
  world.holdsAfter = after;
  await worker.wish(AGENT, "start");
  await rest(() => world.requests.length > after);
  return {
    go() {
      world.holdsAfter = Infinity;
      world.release();
    },
  };
}

async function run(backfill: Backfill, wish: "start" | "continue" = "start"): Promise<void> {
  expect(await backfill.wish(AGENT, wish)).toEqual({ ok: true, value: null });
  await rest();
}

describe("a run", () => {
  it("lists, then fetches each session once, in the order of the list, one at a time with pauses", async () => {
    await run(world.startWorker());
    expect(world.names()).toEqual(FIRST_RUN);
    expect(world.kept).toEqual(["s1:0", "s2:0", "s3:0", "s4:0", "s5:0"]);
    const times = world.requests.map(({ at }) => at);
    times.slice(1).forEach((at, index) => expect(at - times[index]!).toBeGreaterThanOrEqual(1_000));
    const counts = { listed: 5, listTotal: 5, total: 5, fetched: 5, failed: 0, unchanged: 0 };
    expect(world.status).toMatchObject({ state: "done", isListing: false, ...counts, msLeft: 0 });
    expect(world.alarm).toBeNull();
  });

  it("tells how far it is and how long it takes", async () => {
    await run(world.startWorker());
    const left = world.told.filter(({ fetched }) => fetched === 2).map(({ msLeft }) => msLeft!);
    // Three sessions of about two seconds are left.
    expect(left[0]).toBeGreaterThan(4_000);
    expect(left[0]).toBeLessThan(9_000);
    expect(world.told.find(({ listed }) => listed === 2)).toMatchObject({
      ...{ isListing: true, msLeft: null, listTotal: 5 },
    });
  });

  it("asks again for what has changed, is new or failed, and for nothing else", async () => {
    world.broken.set("s4", 404);
    await run(world.startWorker());
    expect(world.status).toMatchObject({ state: "done", fetched: 4, failed: 1 });
    world.requests = [];
    world.broken.clear();
    world.sessions = new Map([["s6", 9], ...world.sessions, ["s2", 8]]);
    await run(world.startWorker());
    expect(world.names()).toEqual(["list:0", "list:2", "list:4", "s6:0", "s2:0", "s4:0"]);
    expect(world.status).toMatchObject({ total: 3, fetched: 3, failed: 0, unchanged: 3 });
  });

  it("fetches again where the site names no time, and what is held nowhere", async () => {
    world.sessions = new Map([
      ["s1", undefined],
      ["s2", 2],
      ["s3", 3],
    ]);
    await run(world.startWorker());
    world.requests = [];
    // As for another deployment.
    world.kept = world.kept.filter((path) => path !== "s2:0");
    await run(world.startWorker());
    expect(world.names().filter((name) => name.startsWith("s"))).toEqual(["s1:0", "s2:0"]);
  });

  it("ends with a list that repeats itself for ever", async () => {
    world.source.readList = () => ({
      sessions: [{ key: "s1" }],
      next: String(world.requests.length),
    });
    await run(world.startWorker());
    expect(world.status).toMatchObject({ state: "done", listed: 1, fetched: 1 });
    expect(world.requests.length).toBeLessThan(8);
  });

  it("takes a session once that a shifting list names twice; the new one is the next run's", async () => {
    const worker = world.startWorker();
    const { go } = await startAndHold(worker, 1);
    world.sessions = new Map([["s6", 6], ...world.sessions]);
    go();
    await rest();
    expect(world.kept).toEqual(["s1:0", "s2:0", "s3:0", "s4:0", "s5:0"]);
    expect(world.status).toMatchObject({ state: "done", listed: 5, fetched: 5 });
    await run(worker);
    expect(world.kept.slice(5)).toEqual(["s6:0"]);
  });

  it("shares a site with another agent's run, one request at a time", async () => {
    const worker = world.startWorker(undefined, [AGENT, "other"]);
    await worker.wish("other", "start");
    await worker.wish(AGENT, "start");
    await rest(() => Object.values(world.statuses[OWNER] ?? {}).every((s) => s.state === "done"));
    expect(world.mostAsking).toBe(1);
    const times = world.requests.map(({ at }) => at);
    times.slice(1).forEach((at, index) => expect(at - times[index]!).toBeGreaterThanOrEqual(1_000));
    expect(world.requests.filter(({ agent }) => agent === "other")).toHaveLength(FIRST_RUN.length);
  });
});

describe("the person", () => {
  it("pauses it at once, goes on where it was, and stops it", async () => {
    const worker = world.startWorker();
    const { go } = await startAndHold(worker, 4);
    await worker.wish(AGENT, "pause");
    expect(world.status).toMatchObject({ state: "paused", fetched: 1 });
    go();
    await rest();
    // The one that was on its way counts.
    expect(world.requests).toHaveLength(5);
    expect(world.status).toMatchObject({ fetched: 2 });
    expect(world.status).toMatchObject({ state: "paused", trouble: null });
    expect(world.alarm).toBeNull();
    await run(worker, "continue");
    expect(world.names()).toEqual(FIRST_RUN);
    expect(world.status).toMatchObject({ state: "done", fetched: 5 });

    await worker.wish(AGENT, "start");
    await worker.wish(AGENT, "stop");
    await rest();
    expect(world.status).toMatchObject({ state: "stopped" });
  });

  it("pauses it between two requests: no other goes out", async () => {
    const worker = world.startWorker();
    world.whileWaiting = async () => {
      if (world.requests.length === 4) await worker.wish(AGENT, "pause");
    };
    await run(worker);
    expect(world.requests).toHaveLength(4);
    expect(world.status).toMatchObject({ state: "paused", fetched: 1 });
  });

  it.each(["signed-out", "capture-paused", "agent-off"] as const)(
    "%s: nothing more is asked or kept until they say so again",
    async (why) => {
      const worker = world.startWorker();
      const { go } = await startAndHold(worker, 5);
      world.hindrance = why;
      await worker.wake();
      expect(world.status).toMatchObject({ state: "paused", trouble: { code: "backfill-paused" } });
      go();
      await rest();
      expect(world.kept).toEqual(["s1:0", "s2:0"]);
      expect(world.requests).toHaveLength(6);
      expect(await worker.wish(AGENT, "continue")).toMatchObject({ ok: false });
      world.hindrance = null;
      await worker.wake();
      await rest();
      expect(world.status?.state).toBe("paused");
      await run(worker, "continue");
      expect(world.kept).toEqual(["s1:0", "s2:0", "s3:0", "s4:0", "s5:0"]);
    },
  );

  it("sees it paused after a restart of the browser, which asks nothing by itself", async () => {
    let isDead = false;
    const worker = world.startWorker(() => {
      if (isDead) throw new Error("killed");
    });
    const { go } = await startAndHold(worker, 5);
    isDead = true;
    go();
    await rest(() => true);
    const asked = world.requests.length;
    world.life = "second";
    const next = world.startWorker();
    await next.wake();
    await rest();
    expect(world.requests).toHaveLength(asked);
    expect(world.status?.trouble?.message).toContain("restarted");
    await run(next, "continue");
    expect(world.status).toMatchObject({ state: "done", fetched: 5 });
  });
});

describe("a site", () => {
  it.each([
    ["429 with Retry-After", { status: 429, retryAfter: 90 }, 90_000],
    ["503 with Retry-After", { status: 503, retryAfter: 400 }, 400_000],
    ["429 without", { status: 429 }, 20_000],
  ])("that answers %s is left alone for so long", async (_, fault, ms) => {
    world.faults = [undefined, undefined, undefined, undefined, fault];
    await world.startWorker().wish(AGENT, "start");
    await rest(() => world.status?.state === "done" || world.status?.waitsUntil !== null);
    const { waitsUntil } = world.told.find((status) => status.waitsUntil !== null)!;
    expect(waitsUntil! - world.requests[4]!.at).toBeGreaterThanOrEqual(ms);
    if (world.status?.state === "running") {
      // Too long for a worker to sit it out: the alarm wakes another one.
      expect(world.alarm).toBe(waitsUntil);
      world.now = waitsUntil!;
      await world.startWorker().wake();
      await rest();
    }
    expect(world.names().slice(5)).toEqual(["s2:0", "s3:0", "s4:0", "s5:0"]);
    expect(world.requests[5]!.at - world.requests[4]!.at).toBeGreaterThanOrEqual(ms);
    expect(world.kept).toEqual(["s1:0", "s2:0", "s3:0", "s4:0", "s5:0"]);
  });

  it.each([401, 403])("that answers %i is asked a few times, then the person", async (status) => {
    world.faults = [undefined, undefined, undefined, ...Array<object>(3).fill({ status })] as never;
    const worker = world.startWorker();
    await run(worker);
    expect(world.status).toMatchObject({ state: "paused", fetched: 0, failed: 0 });
    expect(world.status?.trouble?.next).toContain("sign in there");
    await run(worker, "continue");
    // What was refused has gone to the end, and was fetched.
    expect(world.kept).toEqual(["s2:0", "s3:0", "s4:0", "s5:0", "s1:0"]);
    expect(world.status).toMatchObject({ state: "done", fetched: 5, failed: 0 });
  });

  it("that answers with its login page has refused, too", async () => {
    const login = { status: 200, body: "<!doctype html><title>Sign in" };
    world.faults = [login, login, login];
    await run(world.startWorker());
    expect(world.status?.trouble?.next).toContain("sign in there");
    expect(world.reports).toBe(0);
  });

  it("that has an error is asked less and less often; a session that stays broken is skipped and counted", async () => {
    world.broken.set("s2", 500);
    await run(world.startWorker());
    const tries = world.requests.filter(({ name }) => name === "s2:0").map(({ at }) => at);
    expect(tries).toHaveLength(6);
    const waits = tries.slice(1).map((at, index) => at - tries[index]!);
    expect(waits.at(-1)).toBeGreaterThan(waits[0]! * 4);
    expect(world.status).toMatchObject({ state: "done", fetched: 4, failed: 1 });
  });

  it("that fails on session after session is left alone", async () => {
    for (let at = 6; at <= 20; at += 1) world.sessions.set(`s${at}`, at);
    for (const key of world.sessions.keys()) world.broken.set(key, 404);
    await run(world.startWorker());
    expect(world.status).toMatchObject({ state: "paused", failed: 5 });
  });

  it("whose list cannot be placed has changed: it is reported, and nothing goes on", async () => {
    world.faults = [{ status: 200, body: "[]" }];
    await run(world.startWorker());
    expect(world.reports).toBe(1);
    expect(world.status?.trouble?.message).toContain("another form");
    expect(world.names()).toEqual(["list:0"]);
  });

  it.each([
    ["empty", { status: 200, body: " " }],
    ["cut off", { status: 200, body: '{"path":"s1:0"}', isTruncated: true }],
  ])(
    "whose answer is %s has the session counted as failed, and asked again the next time",
    async (_, fault) => {
      world.faults = [undefined, undefined, undefined, fault];
      await run(world.startWorker());
      expect(world.status).toMatchObject({ state: "done", fetched: 4, failed: 1 });
      world.requests = [];
      await run(world.startWorker());
      expect(world.names().slice(3)).toEqual(["s1:0"]);
      expect(world.status).toMatchObject({ fetched: 1, failed: 0, unchanged: 4 });
    },
  );

  it("whose answer cannot all be read has the session counted as failed, with what was understood", async () => {
    world.odd.add("s3");
    await run(world.startWorker());
    expect(world.kept).toContain("s3:0");
    expect(world.status).toMatchObject({ state: "done", fetched: 4, failed: 1 });
  });
});

describe("the tab", () => {
  it("is the person's own where there is one, and stays", async () => {
    await run(world.startWorker());
    expect([...world.tabs]).toEqual([1]);
  });

  it("is opened where there is none, and closed at the end", async () => {
    world.ownTab = null;
    const worker = world.startWorker();
    const { go } = await startAndHold(worker, 5);
    expect(world.status?.hasOwnTab).toBe(true);
    expect(world.tabs).toContain(2);
    go();
    await rest();
    expect(world.status).toMatchObject({ state: "done", hasOwnTab: false });
    expect([...world.tabs]).toEqual([1]);
  });

  it("that the person closes pauses it; going on opens another", async () => {
    world.ownTab = null;
    const worker = world.startWorker();
    const { go } = await startAndHold(worker, 5);
    world.tabs.delete(2);
    go();
    await rest();
    expect(world.status?.trouble?.message).toContain("was closed");
    await run(worker, "continue");
    expect(world.status).toMatchObject({ state: "done", fetched: 5 });
  });

  it("that the person opens meanwhile is asked from then on", async () => {
    world.ownTab = null;
    const worker = world.startWorker();
    const { go } = await startAndHold(worker, 5);
    world.ownTab = 1;
    world.askedTabs = [];
    go();
    await rest();
    expect(new Set(world.askedTabs)).toEqual(new Set([1]));
    expect(world.status).toMatchObject({ state: "done", fetched: 5 });
    expect([...world.tabs]).toEqual([1]);
  });

  it("that stays silent is not the only one asked; then the person is told, and may sign in in the new one", async () => {
    world.faults = Array<null>(6).fill(null);
    const worker = world.startWorker();
    await run(worker);
    expect(world.status).toMatchObject({ state: "paused", hasOwnTab: true });
    expect(world.status?.trouble?.message).toContain("does not answer");
    await run(worker, "continue");
    expect(world.status).toMatchObject({ state: "done", fetched: 5 });
    expect([...world.tabs]).toEqual([1]);
  });
});
