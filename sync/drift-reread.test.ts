// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import type { MessageReading } from "../convex/validators";
import { drift as item } from "../utils/storage";
import { createConnection, type RawAnswer, type SyncDatabase } from "./database";
import { Drift, type NotedRead } from "./drift";
import { createReread, type RereadDeps } from "./drift-reread";
import { addCaptured, type Captured } from "./outbox";
import { captured, message } from "./testing/readings";

const ME = "user_me";
const DEPLOYMENT = "https://a.convex.cloud";
let getDatabase: () => Promise<SyncDatabase>;
let active: string | null;
let isOn: boolean;
let woken: number;

beforeEach(() => {
  fakeBrowser.reset();
  globalThis.indexedDB = new IDBFactory();
  getDatabase = createConnection();
  [active, isOn, woken] = [ME, true, 0];
});

type Reader = (body: string) => Partial<NotedRead>;

/** A worker of that version of the extension; the database and storage outlive it. */
function start(version: string, reader: Reader = () => ({}), deps: Partial<RereadDeps> = {}) {
  const isWanted = (owner: string) => Promise.resolve(isOn && owner === active);
  const drift = new Drift({
    getDatabase,
    item,
    isWanted,
    redact: (answer) => Promise.resolve(answer),
    shapeOf: () => "",
    agentOf: () => null,
    version,
    onChange: () => Promise.resolve(),
    now: () => 5,
  });
  const reread = createReread({
    getDatabase,
    getDeployment: () => Promise.resolve(DEPLOYMENT),
    getActive: () => Promise.resolve(active),
    isWanted,
    read: (agentId, { body, tap }) => ({
      ...{ agentId, tap: tap.split("/")[1]!, readings: [], problem: null },
      ...reader(body),
    }),
    keepsTemporary: () => Promise.resolve(false),
    redact: (reading) => Promise.resolve({ reading }),
    add: async (owner, found) => addCaptured(await getDatabase(), owner, DEPLOYMENT, found),
    drift,
    version,
    wake: () => void (woken += 1),
    ...deps,
  });
  return { drift, reread };
}

const unplaced = { kind: "unplaced", detail: "" } as const;
const answer = (body: string, more: Partial<RawAnswer> = {}): RawAnswer => ({
  ...{ tap: "opencode/messages", url: "http://a.example/x", method: "GET", status: 200 },
  ...{ body, isTruncated: false, pageUrl: "http://a.example/", ...more },
});

async function fail(body: string, more: Partial<RawAnswer> = {}, owner = ME): Promise<void> {
  active = owner;
  const read = { agentId: "opencode", tap: "messages", readings: [], problem: unplaced };
  await start("1.0").drift.note(owner, read, answer(body, more));
  active = ME;
}

const reads: Reader = (body) => ({ readings: [captured(body, [message("1", `of ${body}`)])] });
const sessions = async () =>
  (await (await getDatabase()).getAll("outbox")).map((row) => row.session);
const left = async () =>
  (await (await getDatabase()).getAll("failures")).map((row) => row.answer.body);
const problems = async () => (await item.getValue())[ME]?.opencode?.problems ?? [];

it("brings what the new version can read to the outbox, and keeps the rest", async () => {
  for (const body of ["a", "b", "c"]) await fail(body);
  const { reread } = start("1.1", (body) => (body === "b" ? { problem: unplaced } : reads(body)));
  await reread();
  expect([await sessions(), await left(), woken]).toEqual([["a", "c"], ["b"], 1]);
  expect((await item.getValue())[ME]?.opencode?.kept).toBe(1);
  expect(await problems()).toMatchObject([{ kind: "unplaced" }]);
});

it("takes the mark away when everything of a tap is read", async () => {
  await fail("a");
  await start("1.1", reads).reread();
  expect([await problems(), await left()]).toEqual([[], []]);
});

it("reads once a version", async () => {
  await fail("a");
  const seen: string[] = [];
  const reader: Reader = (body) => {
    seen.push(body);
    return { problem: unplaced };
  };
  await start("1.0", reader).reread();
  expect(seen).toEqual([]);
  await start("1.1", reader).reread();
  await start("1.1", reader).reread();
  expect(seen).toEqual(["a"]);
  await start("1.2", reader).reread();
  expect(seen).toEqual(["a", "a"]);
});

it("loses nothing and stores nothing twice when the worker dies at any step", async () => {
  for (let step = 1; step < 12; step += 1) {
    globalThis.indexedDB = new IDBFactory();
    getDatabase = createConnection();
    for (const body of ["a", "b"]) await fail(body);
    let left = step;
    const dying =
      <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
      (...args: Args): Promise<Result> => {
        left -= 1;
        return left > 0 ? work(...args) : Promise.reject(new Error("died"));
      };
    const connection = getDatabase;
    const add: RereadDeps["add"] = async (owner, found) =>
      addCaptured(await connection(), owner, DEPLOYMENT, found);
    await start("1.1", reads, { add: dying(add), getDatabase: dying(connection) })
      .reread()
      .catch(() => undefined);
    await start("1.1", reads).reread();
    expect(await sessions(), `died at step ${step}`).toEqual(["a", "b"]);
    expect(await (await getDatabase()).count("failures")).toBe(0);
  }
});

it("reads only in the name of who is signed in, and of agents that are on", async () => {
  await fail("mine");
  await fail("yours", {}, "user_you");
  isOn = false;
  await start("1.1", reads).reread();
  expect(await sessions()).toEqual([]);
  [isOn, active] = [true, null];
  await start("1.1", reads).reread();
  expect(await sessions()).toEqual([]);
  active = ME;
  await start("1.1", reads).reread();
  expect([await sessions(), await left()]).toEqual([["mine"], ["yours"]]);
});

it("leaves what was read since then as it is", async () => {
  await fail("s");
  const database = await getDatabase();
  const later = [message("1", "later"), message("2", "half", "partial")];
  await addCaptured(database, ME, DEPLOYMENT, captured("s", later, { title: "Later" }));
  const old: MessageReading[] = [message("1", "old"), message("2", "whole"), message("3", "new")];
  const found: Captured = captured("s", old, { title: "Old", url: "https://a.example/s" });
  await start("1.1", () => ({ readings: [found] })).reread();
  const rows = await database.getAll("outbox");
  const texts = rows.map((row) => row.message.parts.map((part) => "text" in part && part.text));
  expect(texts.flat().sort()).toEqual(["later", "new", "whole"]);
  const header = await database.get("headers", [ME, "opencode", "s"]);
  expect(header?.header).toMatchObject({ title: "Later", url: "https://a.example/s" });
});

it("stores no session under an id that was masked, and none that the site forgets", async () => {
  for (const body of ["masked", "gone"]) await fail(body);
  await start("1.1", (body) => ({
    readings:
      body === "gone"
        ? [{ ...captured("gone", [message("1")]), isTemporary: true as const }]
        : [captured("[redacted:jwt:12345678]", [message("1")])],
  })).reread();
  expect(await sessions()).toEqual([]);
});

it("keeps a cut answer of which nothing can be read, and lets go of a whole one without a session", async () => {
  await fail("cut", { isTruncated: true });
  await fail("whole");
  await start("1.1").reread();
  expect(await left()).toEqual(["cut"]);
});

it("marks what is still unknown anew", async () => {
  await fail("a");
  const part = { type: "unknown" as const, kind: "widget", json: "{}" };
  const readings = [captured("s", [{ ...message("1"), parts: [part] }])];
  await start("1.1", () => ({ readings })).reread();
  expect(await problems()).toMatchObject([{ kind: "unknown-part", version: "1.1" }]);
  expect([await sessions(), await left()]).toEqual([["s"], ["a"]]);
});
