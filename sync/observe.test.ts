// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { openDatabase, type RawAnswer, type SyncDatabase } from "./database";
import type { NotedRead } from "./drift";
import type { Admission } from "./gate";
import { type AgentRead, createObserver, type ObserverDeps, type Taken } from "./observe";
import { addCaptured, countOutbox } from "./outbox";
import { captured, message } from "./testing/readings";

const admission: Admission = {
  owner: "user_me",
  agentIds: ["opencode", "other"],
  origin: "http://localhost:4096",
  tabId: 1,
};
const answer: RawAnswer = {
  ...{ tap: "opencode/messages", url: "http://localhost:4096/x", method: "GET", status: 200 },
  ...{ body: "{}", isTruncated: false, pageUrl: "http://localhost:4096/" },
};

function read(...reads: Partial<AgentRead>[]): Taken {
  const nothing = { agentId: "opencode", tap: "messages", readings: [], problem: null };
  return { kind: "read", reads: reads.map((given) => ({ ...nothing, ...given })), answer };
}

const whole = read({ readings: [captured("s", [message("1")])] });

let database: SyncDatabase;
let woken: number;
let storageTroubles: (string | null)[];
let noted: { owner: string; read: NotedRead; answer: RawAnswer | null }[];
let masked: string[][];

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  woken = 0;
  storageTroubles = [];
  noted = [];
  masked = [];
});

function observer(deps: Partial<ObserverDeps> = {}) {
  const observe = createObserver({
    admit: () => Promise.resolve(admission),
    take: () => whole,
    keepsTemporary: () => Promise.resolve(false),
    redact: (reading) => Promise.resolve({ reading, masks: [] }),
    add: (owner, reading) => addCaptured(database, owner, "https://a.convex.cloud", reading),
    status: {
      setStorageTrouble: (why) => Promise.resolve(void storageTroubles.push(why?.code ?? null)),
      addMasks: (owner, masks) => Promise.resolve(void masked.push([owner, ...masks])),
    },
    drift: {
      note: (owner, one, kept) =>
        Promise.resolve(void noted.push({ owner, read: one, answer: kept })),
    },
    wake: () => void (woken += 1),
    now: () => 5,
    ...deps,
  });
  return () => observe({}, {});
}

const rows = async () => (await countOutbox(database, "user_me")).waiting;

describe("observe", () => {
  it("says that it is stored when it is committed, and has it sent", async () => {
    expect(await observer()()).toEqual({ isStored: true, mustStop: false });
    expect([await rows(), woken]).toEqual([1, 1]);
  });

  it("stores nothing and stops the page when it does not pass the gate", async () => {
    const stopped = observer({ admit: () => Promise.resolve(null) });
    expect(await stopped()).toEqual({ isStored: false, mustStop: true });
    expect([await rows(), woken]).toEqual([0, 0]);
  });

  it.each([
    ["switched off", null],
    ["somebody else's", { ...admission, owner: "user_you" }],
  ])("stores nothing when it became %s while it was read", async (_what, then) => {
    const answers: (Admission | null)[] = [admission, then];
    const late = observer({ admit: () => Promise.resolve(answers.shift() ?? null) });
    expect(await late()).toEqual({ isStored: false, mustStop: true });
    expect(await rows()).toBe(0);
  });

  it.each([
    ["more chunks are to come", { kind: "waiting" }, { isStored: false, mustStop: false }],
    ["chunks are missing", { kind: "incomplete" }, { isStored: false, mustStop: false }],
    ["no agent that is on reads it", read(), { isStored: true, mustStop: false }],
    ["no script of ours sends it", { kind: "refused" }, { isStored: false, mustStop: true }],
    ["there is no session in it", read({}), { isStored: true, mustStop: false }],
  ] as [string, Taken, object][])("answers when %s", async (_what, taken, answer) => {
    expect(await observer({ take: () => taken })()).toEqual(answer);
    expect(await rows()).toBe(0);
  });

  it("stores nothing more of one agent when only another is left on, and lets the page go on", async () => {
    const answers = [admission, { ...admission, agentIds: ["other"] }];
    const late = observer({ admit: () => Promise.resolve(answers.shift() ?? null) });
    expect(await late()).toEqual({ isStored: true, mustStop: false });
    expect(await rows()).toBe(0);
  });

  it("stores every reading of an observation before it says so", async () => {
    const several = read(
      { readings: [captured("a", [message("1")]), captured("b", [message("2")])] },
      { agentId: "other", readings: [captured("c", [message("3")])] },
    );
    let left = 2;
    const add: ObserverDeps["add"] = (owner, reading) => {
      left -= 1;
      if (left < 0) return Promise.reject(new Error("broken"));
      return addCaptured(database, owner, "", reading);
    };
    const observe = observer({ take: () => several, add });
    expect(await observe()).toEqual({ isStored: false, mustStop: false });
    left = 9;
    expect(await observe()).toEqual({ isStored: true, mustStop: false });
    expect((await database.getAll("outbox")).map(({ session }) => session)).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  it("keeps a session that the site forgets only for who asked for it", async () => {
    const readings: AgentRead["readings"] = [
      { ...captured("gone", [message("1")]), isTemporary: true },
      captured("kept", [message("2")]),
    ];
    const take = () => read({ readings });
    await observer({ take })();
    expect((await database.getAll("outbox")).map(({ session }) => session)).toEqual(["kept"]);
    const keepsTemporary: ObserverDeps["keepsTemporary"] = (owner) =>
      Promise.resolve(owner === "user_me");
    await observer({ take, keepsTemporary })();
    expect((await database.getAll("outbox")).map(({ session }) => session)).toEqual([
      "kept",
      "gone",
    ]);
  });

  it("keeps nothing of a session that a plugin uploads, nor its answer", async () => {
    const bridge = { ...captured("bridge"), isElsewhere: true as const };
    await observer({ take: () => read({ readings: [bridge] }) })();
    const later = [captured("bridge", [message("1")]), captured("kept", [message("2")])];
    await observer({ take: () => read({ readings: later }) })();
    expect((await database.getAll("outbox")).map(({ session }) => session)).toEqual(["kept"]);
    expect(noted.map(({ answer: kept }) => kept)).toEqual([null, null]);
  });

  it("stores what was redacted, and nothing else", async () => {
    await observer({
      redact: () =>
        Promise.resolve({ reading: captured("s", [message("1", "[redacted]")]), masks: ["a:1"] }),
    })();
    const [row] = await database.getAll("outbox");
    expect(row?.message.parts).toEqual([{ type: "text", text: "[redacted]" }]);
    expect(masked).toEqual([["user_me", "a:1"]]);
  });

  it("has the page keep it while the disk is full, and goes on afterwards", async () => {
    let isFull = true;
    const observe = observer({
      add: (owner, reading) =>
        isFull
          ? Promise.reject(new DOMException("full", "QuotaExceededError"))
          : addCaptured(database, owner, "", reading),
    });
    expect(await observe()).toEqual({ isStored: false, mustStop: false });
    expect(storageTroubles).toEqual(["storage-full"]);
    isFull = false;
    expect(await observe()).toEqual({ isStored: true, mustStop: false });
    expect(storageTroubles).toEqual(["storage-full", null]);
  });

  it("has the page keep it when the database fails otherwise", async () => {
    const failing = observer({ add: () => Promise.reject(new Error("broken")) });
    expect(await failing()).toEqual({ isStored: false, mustStop: false });
    expect(storageTroubles).toEqual(["unexpected"]);
  });

  it("has it noted how it was read, with the answer, before it says anything", async () => {
    const problem = { kind: "unplaced" as const, detail: "" };
    const unplaced = read({ problem });
    expect(await observer({ take: () => unplaced })()).toEqual({ isStored: true, mustStop: false });
    expect(noted).toMatchObject([{ owner: "user_me", read: { tap: "messages", problem }, answer }]);
  });

  it("gives no answer away of a session that the person does not want kept", async () => {
    const readings = [{ ...captured("gone", [message("1")]), isTemporary: true as const }];
    await observer({ take: () => read({ readings }) })();
    expect(noted).toMatchObject([{ read: { readings: [] }, answer: null }]);
  });

  it("stores what was read also when it cannot be noted", async () => {
    const note = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
    expect(await observer({ drift: { note } })()).toEqual({ isStored: true, mustStop: false });
    expect(await rows()).toBe(1);
  });
});

describe("a reading of the page's elements", () => {
  const shown = { ...captured("s", [message("1", "shown")]), fromPage: { madeKeys: [] } };

  it("is stored as such, so that one of the traffic takes its place and stays", async () => {
    const stored: string[] = [];
    const add: ObserverDeps["add"] = (owner, reading) => {
      stored.push(reading.fromPage ? "page" : "traffic");
      return addCaptured(database, owner, "https://a.convex.cloud", reading);
    };
    await observer({ add, take: () => read({ readings: [shown] }) })();
    await observer({ add })();
    expect(stored).toEqual(["page", "traffic"]);
  });
});
