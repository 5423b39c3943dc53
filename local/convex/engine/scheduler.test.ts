import type { Value } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ADMIN, fixturePush, pushOf, TestEngine } from "./testing.ts";

const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;

/** A clock that the test moves. */
let time: number;
let engine: TestEngine;
const now = () => time;

beforeEach(async () => {
  time = Date.UTC(2026, 10, 21, 12);
  engine = await TestEngine.withFixture({ now });
});
afterEach(() => engine.dispose());

interface Job {
  name: string;
  args: Value[];
  scheduledTime: number;
  completedTime?: number;
  state: { kind: string; error?: string };
}
const job = async (id: Value) => (await engine.query("probes:job", { id })) as unknown as Job;

async function groupSize(group: string): Promise<number> {
  const conditions = [{ type: "eq", field: "group", value: group }];
  const range = { index: "by_group", conditions };
  return ((await engine.query("items:list", { table: "items", range })) as unknown[]).length;
}

/** Moves the clock and lets what is due run: any commit makes the scheduler look at the clock. */
async function advance(ms: number): Promise<void> {
  time += ms;
  await engine.engine.setEnvironment({ TICK: String(time) });
}

const schedule = (path: string, delay: number, args: Value = {}) =>
  engine.mutation("probes:schedule", { path, delay, args });
/** Until it holds, however slow the machine is. */
const soon = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const eventually = (state: string, id: Value) =>
  soon(async () => expect((await job(id)).state.kind).toBe(state));

describe("scheduled functions", () => {
  test("run when they are due, once, and say so", async () => {
    engine.engine.startScheduler();
    const id = await schedule("items:hiddenInsert", HOUR, { group: "later" });
    expect(await job(id)).toMatchObject({
      name: "items.js:hiddenInsert",
      args: [{ group: "later" }],
      scheduledTime: time + HOUR,
      state: { kind: "pending" },
    });
    await advance(HOUR - 1000);
    expect(await groupSize("later")).toBe(0);
    await advance(1000);
    await eventually("success", id);
    expect(await groupSize("later")).toBe(1);
    expect((await job(id)).completedTime).toBe(time);
    await advance(DAY);
    expect(await groupSize("later")).toBe(1);
  });

  test("survive a restart, and run if their time came meanwhile", async () => {
    const id = await schedule("items:hiddenInsert", HOUR, { group: "restart" });
    const later = await schedule("items:hiddenInsert", 3 * HOUR, { group: "restart" });
    time += 2 * HOUR;
    await engine.restart();
    expect((await job(id)).state.kind).toBe("pending");
    engine.engine.startScheduler();
    await eventually("success", id);
    expect((await job(later)).state.kind).toBe("pending");
    expect(await groupSize("restart")).toBe(1);
  });

  test("may be due later than setTimeout can wait", async () => {
    engine.engine.startScheduler();
    const id = await engine.mutation("probes:scheduleAt", {
      path: "items:hiddenInsert",
      at: time + 40 * DAY,
      args: { group: "far" },
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await job(id)).state.kind).toBe("pending");
    await advance(40 * DAY);
    await eventually("success", id);
  });

  test("can be cancelled until they run", async () => {
    engine.engine.startScheduler();
    const id = await schedule("items:hiddenInsert", HOUR, { group: "cancelled" });
    await engine.mutation("probes:cancel", { id });
    expect((await job(id)).state.kind).toBe("canceled");
    await advance(2 * HOUR);
    expect(await groupSize("cancelled")).toBe(0);
  });

  test("that fail say why", async () => {
    engine.engine.startScheduler();
    const id = await schedule("probes:fails", 0);
    await eventually("failed", id);
    expect((await job(id)).state.error).toBe("job failed");
  });

  test("may be actions", async () => {
    engine.engine.startScheduler();
    const id = await schedule("probes:slowAct", 0, { group: "acted", ms: 1 });
    await eventually("success", id);
    expect(await groupSize("acted")).toBe(1);
  });

  test("an action that was running at the end of the process is failed, not run again", async () => {
    engine.engine.startScheduler();
    const id = await schedule("probes:slowAct", 0, { group: "cut off", ms: 3000 });
    await eventually("inProgress", id);
    await engine.restart();
    engine.engine.startScheduler();
    await eventually("failed", id);
    expect((await job(id)).state.error).toContain("stopped while the action ran");
    expect(await groupSize("cut off")).toBe(0);
  });

  test("a failed mutation schedules nothing; an unknown function cannot be scheduled", async () => {
    await expect(schedule("items:nothing", 0)).rejects.toThrow("nonexistent path");
    expect(await engine.query("probes:jobs")).toEqual([]);
  });
});

describe("crons", () => {
  test("run at their times, and the missed ones are not made up for", async () => {
    engine.engine.startScheduler();
    // An interval begins when it is pushed.
    await soon(async () => expect(await groupSize("cron")).toBe(1));
    await advance(HOUR);
    await soon(async () => expect(await groupSize("cron")).toBe(2));
    expect(await groupSize("daily")).toBe(0);
    await advance(15 * HOUR);
    await soon(async () => expect(await groupSize("daily")).toBe(1));
    await soon(async () => expect(await groupSize("cron")).toBe(3));
  });

  test("keep their time over a restart and over a push that leaves them alone", async () => {
    engine.engine.startScheduler();
    await soon(async () => expect(await groupSize("cron")).toBe(1));
    await engine.restart();
    await engine.push(await fixturePush());
    engine.engine.startScheduler();
    await advance(HOUR - 1000);
    expect(await groupSize("cron")).toBe(1);
    await advance(1000);
    await soon(async () => expect(await groupSize("cron")).toBe(2));
  });

  test("end with the push that drops them", async () => {
    const query =
      'export const none = Object.assign(async () => null, { isQuery: true, isPublic: true, exportArgs: () => \'{"type":"any"}\', exportReturns: () => "null", invokeQuery: async () => "null" });';
    await engine.push(pushOf({ "other.js": query }));
    engine.engine.startScheduler();
    await advance(DAY);
    await engine.push(await fixturePush());
    expect(await engine.query("items:hidden", {}, ADMIN)).toBe("hidden");
    await soon(async () => expect(await groupSize("cron")).toBe(1));
  });
});
