// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { openDatabase, type SyncDatabase } from "./database";
import { addCaptured, peekBatch } from "./outbox";
import { type PageStatusDeps, readPage } from "./page-status";
import { settleBatch } from "./settle";
import { captured, message } from "./testing/readings";

const URL = "https://a.convex.cloud";
const agent = { id: "opencode", name: "opencode" };
let database: SyncDatabase;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
});

/** A page of a session that is on, permitted and running, but for what a test changes. */
const read = (deps: Partial<PageStatusDeps> = {}) =>
  readPage({
    getDatabase: () => Promise.resolve(database),
    getPerson: () => Promise.resolve("user_me"),
    getDeployment: () => Promise.resolve(URL),
    getTab: () => Promise.resolve({ id: 1, url: "http://localhost:4096/session/s" }),
    pageOf: () => Promise.resolve({ agent, isOn: true, session: "s" }),
    hasPermission: () => Promise.resolve(true),
    isRunning: () => Promise.resolve(true),
    getActive: () => Promise.resolve("user_me"),
    ...deps,
  });

describe("the page in front", () => {
  it("shows its session's counts", async () => {
    const reading = captured("s", [message("1"), message("2")], { title: "Fix" });
    await addCaptured(database, "user_me", URL, reading);
    const batch = (await peekBatch(database, "user_me", 1))!;
    await settleBatch(database, URL, batch, [{ key: "1", outcome: "stored" }]);
    expect(await read()).toEqual({
      agent,
      state: "on",
      session: { key: "s", title: "Fix", messages: 2, inConvex: 1, waiting: 1, refused: 0 },
    });
  });

  it("shows nothing of another person's session", async () => {
    await addCaptured(database, "user_you", URL, captured("s", [message("1")]));
    expect(await read()).toEqual({ agent, state: "on", session: null });
    const signedOut = { getPerson: () => Promise.resolve(null) };
    expect((await read(signedOut)).session).toBeNull();
  });

  it.each([
    ["is no agent's", { pageOf: () => Promise.resolve(null) }, "no-agent"],
    ["cannot be seen", { getTab: () => Promise.resolve({ id: 1 }) }, "no-agent"],
    ["is none", { getTab: () => Promise.resolve(undefined) }, "no-agent"],
    [
      "belongs to an agent that is off",
      { pageOf: () => Promise.resolve({ agent, isOn: false, session: null }) },
      "off",
    ],
    ["may not be read", { hasPermission: () => Promise.resolve(false) }, "no-permission"],
    ["has no script", { isRunning: () => Promise.resolve(false) }, "reload-needed"],
    ["takes no script", { isRunning: () => Promise.reject(new Error("no")) }, "reload-needed"],
    [
      "is paused, so that its script has ended",
      { getActive: () => Promise.resolve(null), isRunning: () => Promise.resolve(false) },
      "on",
    ],
  ] as [string, Partial<PageStatusDeps>, string][])("that %s", async (_what, deps, state) => {
    expect((await read(deps)).state).toBe(state);
  });
});
