// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { drift as item } from "../utils/storage";
import { openDatabase, type RawAnswer, type SyncDatabase } from "./database";
import { Drift, type DriftDeps, type NotedRead } from "./drift";
import { MAX_FAILURE_BYTES, readFailures } from "./drift-store";
import { captured, message } from "./testing/readings";

const ME = "user_me";
let database: SyncDatabase;
let now: number;
let changes: number;
let isWanted: boolean;

beforeEach(async () => {
  fakeBrowser.reset();
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  [now, changes, isWanted] = [1000, 0, true];
});

/** As a new worker has it. */
function start(deps: Partial<DriftDeps> = {}): Drift {
  return new Drift({
    getDatabase: () => Promise.resolve(database),
    item,
    isWanted: () => Promise.resolve(isWanted),
    redact: (answer) => Promise.resolve({ ...answer, body: answer.body.replaceAll("hush", "[x]") }),
    shapeOf: (agent, tap, answer) => `shape of ${agent}/${tap}, ${answer.body.length}`,
    agentOf: (id) => ({
      ...{ id, name: "Opencode", taps: [{ id: "messages" }, { id: "session" }] },
      facts: [{ from: "GET /m", date: "2026-11-01" }],
    }),
    version: "1.0",
    onChange: () => Promise.resolve(void (changes += 1)),
    now: () => now,
    ...deps,
  });
}

const answer = (body = "{}"): RawAnswer => ({
  ...{ tap: "opencode/messages", url: "http://a.example/x", method: "GET", status: 200 },
  ...{ body, isTruncated: false, pageUrl: "http://a.example/" },
});
const nothing: NotedRead = { agentId: "opencode", tap: "messages", readings: [], problem: null };
const unplaced: NotedRead = { ...nothing, problem: { kind: "unplaced", detail: "" } };
const good: NotedRead = { ...nothing, readings: [captured("s", [message("1")])] };
const unknown = (...kinds: string[]): NotedRead => ({
  ...nothing,
  readings: [
    captured("s", [
      {
        ...message("1"),
        parts: kinds.map((kind) => ({ type: "unknown" as const, kind, json: "{}" })),
      },
    ]),
  ],
});
const stateOf = async (agent = "opencode", owner = ME) => (await item.getValue())[owner]?.[agent];
const kindsOf = async () => (await stateOf())?.problems.map(({ kind }) => kind) ?? [];
const bodies = async () =>
  (await readFailures(database, ME, "opencode")).map((row) => row.answer.body);

describe("an agent is marked as changed", () => {
  it("when an answer cannot be placed, with the answer kept, until the same tap is read again", async () => {
    await start().note(ME, unplaced, answer('{"a":"hush"}'));
    expect(await stateOf()).toEqual({
      problems: [{ kind: "unplaced", tap: "messages", kinds: [], since: 1000, version: "1.0" }],
      dismissedKinds: [],
      kept: 1,
    });
    now = 2000;
    // Another worker, another tap, an answer without a session: none of it says that the tap can be read.
    await start().note(ME, { ...good, tap: "session" }, answer());
    await start().note(ME, nothing, answer());
    await start().note(ME, unplaced, answer('{"b":1}'));
    expect((await stateOf())?.problems).toMatchObject([{ kind: "unplaced", since: 1000 }]);
    await start().note(ME, good, answer());
    expect(await kindsOf()).toEqual([]);
    expect(await bodies()).toEqual(['{"a":"[x]"}', '{"b":1}']);
  });

  it("when its page is silent, until its traffic is read, whatever the page's elements tell", async () => {
    const drift = start();
    await drift.noteSilence(ME, "opencode");
    const shown = { ...captured("s", [message("1")]), fromPage: { madeKeys: [] } };
    await drift.note(ME, { ...good, tap: "page", readings: [shown] }, answer());
    expect(await kindsOf()).toEqual(["silent"]);
    await drift.note(ME, good, answer());
    expect(await kindsOf()).toEqual([]);
  });

  it("when it sends unknown kinds of content: each once, until it was dismissed", async () => {
    const drift = start();
    await drift.note(ME, unknown("widget", "My own words!"), answer("1"));
    await drift.note(ME, unknown("widget"), answer("2"));
    expect((await stateOf())?.problems).toMatchObject([
      { kind: "unknown-part", kinds: ["widget", "other"] },
    ]);
    await drift.note(ME, unknown("gadget"), answer("3"));
    await drift.note(ME, good, answer());
    expect((await stateOf())?.problems[0]?.kinds).toEqual(["widget", "other", "gadget"]);
    expect(await bodies()).toEqual(["1", "3"]);
    await drift.dismiss(ME, "opencode");
    await drift.note(ME, unknown("widget", "gadget"), answer("4"));
    expect([await kindsOf(), await bodies()]).toEqual([[], []]);
    await drift.note(ME, unknown("widget", "gizmo"), answer("5"));
    expect((await stateOf())?.problems[0]?.kinds).toEqual(["gizmo"]);
  });

  it("until another version runs, where no answer of the page's will tell that it is over", async () => {
    await start().note(ME, unknown("widget"), null);
    await start().note(ME, unplaced, null);
    await start().note(ME, { ...unplaced, tap: "list of sessions" }, null);
    await start().noteSilence(ME, "opencode");
    await start().renew(ME, "opencode");
    expect(await kindsOf()).toHaveLength(4);
    await start({ version: "1.1" }).renew(ME, "opencode");
    expect(await kindsOf()).toEqual(["unplaced", "silent"]);
    await start({ version: "1.1" }).note(ME, { ...unplaced, tap: "list of sessions" }, null);
    await start({ version: "1.1" }).renew(ME, "opencode");
    expect(await kindsOf()).toEqual(["unplaced", "silent", "unplaced"]);
  });

  it("for that person and agent only", async () => {
    await start().note(ME, unplaced, answer());
    await start().note(ME, { ...good, agentId: "other" }, answer());
    await start().note("user_you", good, answer());
    expect(await kindsOf()).toEqual(["unplaced"]);
    expect(await stateOf("opencode", "user_you")).toBeUndefined();
  });

  it("in no case when it was switched off meanwhile", async () => {
    isWanted = false;
    await start().note(ME, unplaced, answer());
    await start().noteSilence(ME, "opencode");
    expect([await stateOf(), await bodies(), changes]).toEqual([undefined, [], 0]);
  });
});

describe("the answers that could not be read", () => {
  it("are the last five of each agent, equal ones once", async () => {
    const drift = start();
    for (const body of ["1", "2", "3", "4", "5", "2", "6"]) {
      await drift.note(ME, unplaced, answer(body));
    }
    await drift.note(ME, { ...unplaced, agentId: "other" }, answer("7"));
    await drift.note("user_you", unplaced, answer("8"));
    expect(await bodies()).toEqual(["3", "4", "5", "2", "6"]);
    expect((await stateOf())?.kept).toBe(5);
  });

  it("are cut, and say so", async () => {
    await start().note(ME, unplaced, answer("ü".repeat(MAX_FAILURE_BYTES)));
    const [row] = await readFailures(database, ME, "opencode");
    expect(new TextEncoder().encode(row!.answer.body)).toHaveLength(MAX_FAILURE_BYTES);
    expect(row!.answer.isTruncated).toBe(true);
    expect(row!.shape).toContain(String(MAX_FAILURE_BYTES));
  });

  it("are not kept of what the person does not want kept", async () => {
    await start().note(ME, unplaced, null);
    expect([await kindsOf(), await bodies()]).toEqual([["unplaced"], []]);
  });

  it("are not kept when the agent is switched off while they are masked", async () => {
    const redact: DriftDeps["redact"] = (whole) => {
      isWanted = false;
      return Promise.resolve(whole);
    };
    await start({ redact }).note(ME, unplaced, answer());
    expect(await bodies()).toEqual([]);
  });

  it.each(["dismiss", "deleteKept", "forget"] as const)("are deleted by %s", async (how) => {
    const drift = start();
    await drift.note("user_you", unplaced, answer());
    // Not awaited: what is under way is not left behind.
    void drift.note(ME, unplaced, answer());
    await drift[how](ME, "opencode");
    expect(await bodies()).toEqual([]);
    expect(await kindsOf()).toEqual(how === "deleteKept" ? ["unplaced"] : []);
    expect((await stateOf())?.kept ?? 0).toBe(0);
    expect(await readFailures(database, "user_you", "opencode")).toHaveLength(1);
  });

  it("leave the mark when the disk is full", async () => {
    const redact = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
    await expect(start({ redact }).note(ME, unplaced, answer())).rejects.toThrow("full");
    expect(await kindsOf()).toEqual(["unplaced"]);
  });
});

it("reports shapes, versions and the dates of the facts, and no content", async () => {
  const drift = start();
  const failed = { kind: "failed" as const, detail: "TypeError" };
  await drift.note(ME, unknown("widget"), null);
  await drift.note(ME, { ...nothing, problem: failed }, answer("words of mine"));
  expect(await drift.report(ME, "opencode")).toBe(
    [
      "OpenSync Companion 1.0: Opencode (opencode) has changed",
      "",
      "What was seen:",
      "- unknown-part at messages since 1970-01-01, version 1.0: widget",
      "- failed at messages since 1970-01-01, version 1.0",
      "",
      "What the reader was written by:",
      "- GET /m: 2026-11-01",
      "",
      "Answer 1: failed (TypeError) at messages, 1970-01-01",
      "shape of opencode/messages, 13",
      "",
    ].join("\n"),
  );
});
