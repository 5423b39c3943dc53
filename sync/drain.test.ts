// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { nextBackoff, NO_BACKOFF, remaining } from "./backoff";
import { openDatabase, type SyncDatabase } from "./database";
import { addCaptured, type Batch, countOutbox } from "./outbox";
import { captured, message } from "./testing/readings";
import { MemoryServer } from "./testing/server";
import { World } from "./testing/worker";
import { trouble } from "./troubles";
import type { Outcome } from "./upload";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });
const PATIENT = { timeout: 30_000 };

const MINUTE = 60_000;
let database: SyncDatabase;
let server: MemoryServer;
let world: World;
let sent: Batch[];
const getDatabase = () => Promise.resolve(database);

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  server = new MemoryServer();
  world = new World();
  sent = [];
});

const add = (session: string, ...keys: string[]) =>
  addCaptured(
    database,
    "user_me",
    world.deployment,
    captured(
      session,
      keys.map((key) => message(key)),
    ),
  );

const works = (batch: Batch): Outcome => ({ kind: "stored", results: server.record(batch) });
const unreachable: Outcome = { kind: "later", trouble: trouble("deployment-unreachable", 0) };
const broken: Outcome = {
  kind: "later",
  trouble: trouble("unexpected", 0),
  isFunctionError: true,
};

/** A worker whose calls to Convex end as `answer` says. */
function worker(answer: (batch: Batch, index: number) => Outcome = works) {
  return world.startWorker(getDatabase, (_url, batch) => {
    sent.push(batch);
    return Promise.resolve(answer(batch, sent.length - 1));
  });
}

const waiting = async () => (await countOutbox(database, "user_me")).waiting;

describe("the alarm", () => {
  it("exists only while something waits", async () => {
    await worker().wake();
    expect(world.alarm).toBeNull();
    await add("s", "1");
    const alarms: (number | null)[] = [];
    await worker((batch) => {
      alarms.push(world.alarm);
      return works(batch);
    }).wake();
    expect(alarms).toEqual([world.now + MINUTE]);
    expect(world.alarm).toBeNull();
  });

  it("is set before anything is sent, so that a killed worker is followed by another", async () => {
    await add("s", "1");
    const killed = world.startWorker(getDatabase, () => new Promise(() => undefined));
    void killed.wake();
    await expect.poll(() => world.alarm, PATIENT).toBe(world.now + MINUTE);
    await worker().wake();
    expect(server.arrivals).toEqual(["user_me/s/1"]);
  });

  it("is not set while nobody is signed in or no deployment is known", async () => {
    await add("s", "1");
    world.person = null;
    await worker().wake();
    expect([sent.length, world.alarm]).toEqual([0, null]);
    world.person = "user_me";
    world.deployment = "";
    await worker().wake();
    expect([sent.length, world.alarm]).toEqual([0, null]);
    expect(world.news.at(-1)?.trouble?.code).toBe("deployment-missing");
  });
});

describe("back-off", () => {
  it("grows from 5 seconds to one minute, anywhere below the ceiling", () => {
    let backoff = NO_BACKOFF;
    const ceilings: number[] = [];
    for (let failure = 0; failure < 10; failure += 1) {
      expect(nextBackoff(backoff, {}, 0, 0).notBefore).toBe(0);
      backoff = nextBackoff(backoff, {}, 0, 1);
      ceilings.push(backoff.notBefore / 1000);
    }
    expect(ceilings).toEqual([5, 10, 20, 40, 60, 60, 60, 60, 60, 60]);
  });

  it("waits at least as long as the other side asks, and at most an hour", () => {
    expect(nextBackoff(NO_BACKOFF, { after: 90_000 }, 0, 0.1).notBefore).toBe(90_000);
    expect(nextBackoff(NO_BACKOFF, { after: 9e9 }, 0, 0.1).notBefore).toBe(60 * MINUTE);
  });

  it("is over when the clock was set back", () => {
    const backoff = nextBackoff(NO_BACKOFF, { after: 10 * MINUTE }, 1e12, 0);
    expect(remaining(backoff, 1e12)).toBe(10 * MINUTE);
    expect(remaining(backoff, 1e12 - 2 * 60 * MINUTE)).toBe(0);
  });

  it("outlives the worker, and nothing is sent before its end", async () => {
    await add("s", "1");
    world.random = 1;
    await worker(() => ({ ...unreachable, after: 5 * MINUTE }) as Outcome).wake();
    expect(world.alarm).toBe(world.now + 5 * MINUTE);
    expect(world.news.at(-1)?.trouble?.code).toBe("deployment-unreachable");
    world.now += 4 * MINUTE;
    await worker().wake();
    expect(sent).toHaveLength(1);
    expect(world.alarm).toBe(world.now + MINUTE);
    world.now += MINUTE;
    await worker().wake();
    expect(sent).toHaveLength(2);
    expect(world.backoff).toEqual(NO_BACKOFF);
    expect(world.news.at(-1)?.trouble).toBeNull();
  });

  it("is sat out by a living worker when it is short", async () => {
    await add("s", "1");
    const living = worker((batch, index) => (index === 0 ? unreachable : works(batch)));
    await living.wake();
    await living.wake();
    expect(world.timers.map(({ ms }) => ms)).toEqual([2500]);
    world.now += 2500;
    world.timers[0]!.work();
    await expect.poll(waiting, PATIENT).toBe(0);
  });

  it("ends at once when the person asks for it", async () => {
    await add("s", "1");
    await worker(() => unreachable).wake();
    await worker().wake({ isForced: true });
    expect(await waiting()).toBe(0);
  });
});

describe("one drain", () => {
  it("sends several batches in one run, and what arrives meanwhile", async () => {
    await add("s", ...Array.from({ length: 150 }, (_, index) => String(index)));
    const draining = worker(works);
    const done = draining.wake();
    await add("t", "late");
    await Promise.all([done, draining.wake()]);
    expect(sent.map(({ rows }) => rows.length)).toEqual([100, 50, 1]);
  });

  it("stops when the sign-in is over, without losing anything", async () => {
    await add("s", "1");
    await worker(() => ({ kind: "signed-out" })).wake();
    expect([await waiting(), world.alarm, sent.length]).toEqual([1, null, 1]);
    expect(world.news.at(-1)?.trouble?.code).toBe("sign-in-needed");
  });

  it("tries again later when the browser's storage fails", async () => {
    await add("s", "1");
    let isBroken = true;
    const drain = world.startWorker(
      () => (isBroken ? Promise.reject(new Error("closed")) : getDatabase()),
      (_url, batch) => Promise.resolve(works(batch)),
    );
    await drain.wake();
    expect(world.alarm).toBe(world.now + MINUTE);
    expect(world.news.at(-1)?.trouble?.code).toBe("unexpected");
    isBroken = false;
    await drain.wake();
    expect([await waiting(), world.alarm, world.news.at(-1)?.trouble]).toEqual([0, null, null]);
  });

  it("turns to the other person's rows only when they are signed in", async () => {
    await addCaptured(database, "user_you", world.deployment, captured("s", [message("1")]));
    await worker().wake();
    expect(sent).toHaveLength(0);
    world.person = "user_you";
    await worker().wake();
    expect(server.arrivals).toEqual(["user_you/s/1"]);
  });
});

describe("what Convex refuses", () => {
  it("is found among the others, which are stored", async () => {
    await add("s", "1", "2", "bad", "4", "5");
    await worker((batch) =>
      batch.rows.some(({ key }) => key === "bad")
        ? { kind: "refused", reason: "Too odd." }
        : works(batch),
    ).wake();
    expect([...server.messages.keys()]).toEqual(["1", "2", "4", "5"].map((k) => `user_me/s/${k}`));
    expect(await countOutbox(database, "user_me")).toMatchObject({ waiting: 0, refused: 1 });
    expect((await database.getAll("outbox"))[0]).toMatchObject({ key: "bad", reason: "Too odd." });
  });

  it("as a session is parked whole", async () => {
    await add("s", "1", "2", "3");
    await worker(() => ({
      kind: "refused",
      reason: "Its key is too long.",
      isSession: true,
    })).wake();
    expect(sent.map(({ rows }) => rows.length)).toEqual([3, 0]);
    expect(await countOutbox(database, "user_me")).toMatchObject({ waiting: 0, refused: 3 });
  });

  it("by failing on it each time is parked alone in the end", async () => {
    await add("s", "1", "bad", "3");
    const failing = (batch: Batch) =>
      batch.rows.some(({ key }) => key === "bad") ? broken : works(batch);
    for (let attempt = 0; attempt < 30; attempt += 1) {
      await worker(failing).wake();
      world.now += 10 * MINUTE;
    }
    expect(server.arrivals).toEqual(["user_me/s/1", "user_me/s/3"]);
    expect(await countOutbox(database, "user_me")).toMatchObject({ waiting: 0, refused: 1 });
  });

  it("is not everything at once when a deployment fails on everything", async () => {
    await add("s", ...Array.from({ length: 20 }, (_, index) => String(index)));
    for (let attempt = 0; attempt < 25; attempt += 1) {
      await worker(() => broken).wake();
      world.now += 10 * MINUTE;
    }
    expect(await waiting()).toBeGreaterThanOrEqual(18);
  });

  it("is never retried in a loop: an answer that names no message counts as a failure", async () => {
    await add("s", "1");
    await worker(() => ({ kind: "stored", results: [] })).wake();
    expect([sent.length, await waiting()]).toEqual([1, 1]);
    expect(world.backoff.failures).toBe(1);
  });
});
