// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { captureStatus, drift, secretMasks } from "../utils/storage";
import { openDatabase, type SyncDatabase } from "./database";
import { addCaptured, peekBatch } from "./outbox";
import { parkBatch } from "./settle";
import { Status } from "./status";
import { captured, message } from "./testing/readings";
import { trouble } from "./troubles";

const unreachable = (at: number) => trouble("deployment-unreachable", at);
let database: SyncDatabase;
let status: Status;
let person: string | null;
let badge: string;
let now: number;

beforeEach(async () => {
  fakeBrowser.reset();
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  [person, badge, now] = ["user_me", "", 100];
  status = new Status({
    getDatabase: () => Promise.resolve(database),
    getPerson: () => Promise.resolve(person),
    item: captureStatus,
    secretMasks,
    drift,
    showBadge: (text) => Promise.resolve(void (badge = text)),
    now: () => now,
  });
});

const add = (owner: string, count: number) =>
  addCaptured(
    database,
    owner,
    "",
    captured(
      "s",
      Array.from({ length: count }, (_, index) => message(String(index))),
    ),
  );

describe("the status", () => {
  it("counts what waits for whom", async () => {
    await add("user_me", 2);
    await add("user_you", 3);
    await status.refresh();
    expect(await captureStatus.getValue()).toMatchObject({ waiting: 2, waitingForOthers: 3 });
    expect(badge).toBe("");
  });

  it("keeps the time at which a trouble began, and forgets it when sending works", async () => {
    await status.report({ trouble: unreachable(1) });
    await status.report({ trouble: unreachable(2) });
    expect((await captureStatus.getValue()).trouble?.at).toBe(1);
    expect(badge).toBe("!");
    const batch = { owner: "user_me", agent: "a", session: "s", headerText: "", rows: [] };
    await status.report({
      trouble: null,
      stored: {
        batch: { ...batch, header: { agent: "a", key: "s" } },
        results: [{ key: "1", outcome: "stored" }],
      },
    });
    expect(await captureStatus.getValue()).toMatchObject({ trouble: null, lastStoredAt: 100 });
    expect(badge).toBe("");
  });

  it("tells of a full disk until something could be stored, whatever sending does", async () => {
    await status.setStorageTrouble(trouble("storage-full", 1));
    await status.report({ trouble: null });
    await status.report({ trouble: unreachable(2) });
    expect((await captureStatus.getValue()).trouble?.code).toBe("storage-full");
    await status.setStorageTrouble(null);
    expect((await captureStatus.getValue()).trouble).toBeNull();
    await status.report({ trouble: unreachable(3) });
    await status.setStorageTrouble(null);
    expect((await captureStatus.getValue()).trouble?.code).toBe("deployment-unreachable");
  });

  it("keeps each agent's trouble apart, and clears only the one that is over", async () => {
    await status.setAgentTrouble("a", trouble("permission-missing", 1));
    await status.setAgentTrouble("b", trouble("agent-unreadable", 1));
    await status.clearAgentTrouble("a", "agent-unreadable");
    await status.clearAgentTrouble("b", "agent-unreadable");
    expect(Object.keys((await captureStatus.getValue()).agentTroubles)).toEqual(["a"]);
    expect(badge).toBe("!");
  });

  it("loses no change when several come at once", async () => {
    await Promise.all([
      status.setAgentTrouble("a", trouble("agent-unreadable", 1)),
      status.setAgentTrouble("b", trouble("agent-unreadable", 1)),
      status.report({ trouble: unreachable(1) }),
    ]);
    const { agentTroubles, trouble: why } = await captureStatus.getValue();
    expect([...Object.keys(agentTroubles), why?.code]).toEqual([
      "a",
      "b",
      "deployment-unreachable",
    ]);
  });

  it("writes nothing when nothing changed", async () => {
    let writes = 0;
    const stop = captureStatus.watch(() => (writes += 1));
    await status.setAgentTrouble("a", trouble("agent-unreadable", 1));
    await status.setAgentTrouble("a", trouble("agent-unreadable", 2));
    await status.refresh();
    stop();
    expect(writes).toBe(1);
  });

  it("tells a trouble also when the database cannot be read", async () => {
    await add("user_me", 2);
    await status.refresh();
    const open = database;
    database = null as never;
    await status.setStorageTrouble(trouble("storage-full", 1));
    database = open;
    expect(await captureStatus.getValue()).toMatchObject({
      waiting: 2,
      trouble: { code: "storage-full" },
    });
  });

  it("counts each masked secret of a person once, and keeps the count over a new sign-in", async () => {
    await status.addMasks("user_me", ["jwt:1", "jwt:2"]);
    await status.addMasks("user_me", ["jwt:2", "password:2"]);
    await status.addMasks("user_you", ["jwt:9"]);
    expect((await captureStatus.getValue()).masked).toBe(3);
    person = null;
    await status.clear();
    expect((await captureStatus.getValue()).masked).toBe(0);
    person = "user_me";
    await status.refresh();
    expect((await captureStatus.getValue()).masked).toBe(3);
  });

  it("of the person who signed out is gone, and says what waits for others", async () => {
    await add("user_me", 2);
    await status.report({ trouble: unreachable(1) });
    person = null;
    await status.clear();
    expect(await captureStatus.getValue()).toEqual({
      ...captureStatus.fallback,
      waitingForOthers: 2,
    });
    expect(badge).toBe("!");
  });

  it("shows a count on the icon only when much waits, and a mark when something was refused", async () => {
    await add("user_me", 21);
    await status.refresh();
    expect(badge).toBe("21");
    await parkBatch(database, (await peekBatch(database, "user_me", 1))!, "No.");
    await status.refresh();
    expect(badge).toBe("!");
    expect(await captureStatus.getValue()).toMatchObject({ waiting: 20, refused: 1 });
  });

  it("shows a mark on the icon while an agent of the person has changed", async () => {
    const seen = { kind: "unplaced", tap: "messages", kinds: [], since: 1, version: "1" } as const;
    const changed = { problems: [{ ...seen, kinds: [] }], dismissedKinds: [], kept: 0 };
    await drift.setValue({ user_me: { a: changed } });
    await status.refresh();
    expect(badge).toBe("!");
    await drift.setValue({
      user_me: { a: { ...changed, problems: [], kept: 1 } },
      user_you: { a: changed },
    });
    await status.refresh();
    expect(badge).toBe("");
  });
});
