// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import type { Trouble } from "../utils/errors";
import { openDatabase, type SyncDatabase } from "./database";
import type { Admission } from "./gate";
import { createObserver, type ObserverDeps, type Taken } from "./observe";
import { addCaptured, countOutbox } from "./outbox";
import { captured, message } from "./testing/readings";
import { trouble } from "./troubles";

const admission: Admission = {
  owner: "user_me",
  agentId: "opencode",
  origin: "http://localhost:4096",
  tabId: 1,
};
const whole: Taken = { kind: "read", captured: captured("s", [message("1")]), trouble: null };

let database: SyncDatabase;
let woken: number;
let storageTroubles: (string | null)[];
let agentTroubles: Map<string, Trouble>;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  woken = 0;
  storageTroubles = [];
  agentTroubles = new Map();
});

function observer(deps: Partial<ObserverDeps> = {}) {
  const observe = createObserver({
    admit: () => Promise.resolve(admission),
    take: () => whole,
    redact: (reading) => Promise.resolve(reading),
    add: (owner, reading) => addCaptured(database, owner, "https://a.convex.cloud", reading),
    status: {
      setStorageTrouble: (why) => Promise.resolve(void storageTroubles.push(why?.code ?? null)),
      setAgentTrouble: (id, why) => Promise.resolve(void agentTroubles.set(id, why)),
      clearAgentTrouble: (id) => Promise.resolve(void agentTroubles.delete(id)),
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
    ["another agent's", { ...admission, agentId: "other" }],
  ])("stores nothing when it became %s while it was read", async (_what, then) => {
    const answers: (Admission | null)[] = [admission, then];
    const late = observer({ admit: () => Promise.resolve(answers.shift() ?? null) });
    expect(await late()).toEqual({ isStored: false, mustStop: true });
    expect(await rows()).toBe(0);
  });

  it.each([
    ["more chunks are to come", { kind: "waiting" }, { isStored: false, mustStop: false }],
    ["chunks are missing", { kind: "incomplete" }, { isStored: false, mustStop: false }],
    ["no script of ours sends it", { kind: "refused" }, { isStored: false, mustStop: true }],
    [
      "there is no session in it",
      { kind: "read", captured: null, trouble: null },
      { isStored: true, mustStop: false },
    ],
  ] as [string, Taken, object][])("answers when %s", async (_what, taken, answer) => {
    expect(await observer({ take: () => taken })()).toEqual(answer);
    expect(await rows()).toBe(0);
  });

  it("stores what was redacted, and nothing else", async () => {
    await observer({
      redact: () => Promise.resolve(captured("s", [message("1", "[redacted]")])),
    })();
    const [row] = await database.getAll("outbox");
    expect(row?.message.parts).toEqual([{ type: "text", text: "[redacted]" }]);
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

  it("tells what of an agent could not be read, until it is read again", async () => {
    const why = trouble("agent-unreadable", 1);
    await observer({ take: () => ({ kind: "read", captured: null, trouble: why }) })();
    expect(agentTroubles.get("opencode")).toEqual(why);
    await observer()();
    expect(agentTroubles.size).toBe(0);
  });
});
