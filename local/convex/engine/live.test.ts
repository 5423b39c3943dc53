import { convexToJson, type Value } from "convex/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Commit, Json } from "../types.ts";
import { NOBODY, TestEngine } from "./testing.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await TestEngine.withFixture();
});
afterEach(() => engine.dispose());

const insert = (group: string, rank: number) =>
  engine.mutation("items:insert", { table: "items", value: { group, rank } });

function run(path: string, args: Record<string, Value>, journal: string | null = null) {
  return engine.engine.runQuery(path, convexToJson(args) as Json, NOBODY, journal);
}

/** The commits that `work` causes. */
async function commitsOf(work: () => Promise<unknown>): Promise<Commit[]> {
  const commits: Commit[] = [];
  const stop = engine.engine.onCommit((commit) => commits.push(commit));
  await work();
  stop();
  return commits;
}

const inGroup = (group: string) => ({
  table: "items",
  range: { index: "by_group", conditions: [{ type: "eq", field: "group", value: group }] },
});

describe("what a query read", () => {
  test("is touched by writes inside its range and by no others", async () => {
    await insert("a", 1);
    const { reads } = await run("items:list", inGroup("a"));
    const [other] = await commitsOf(() => insert("b", 1));
    expect(reads.overlaps(other!.writes)).toBe(false);
    const [same] = await commitsOf(() => insert("a", 2));
    expect(reads.overlaps(same!.writes)).toBe(true);
  });

  test("is touched when a row leaves or enters the range, or changes inside it", async () => {
    const id = await insert("a", 1);
    const { reads } = await run("items:list", inGroup("a"));
    for (const value of [{ rank: 5 }, { group: "b" }, { group: "a" }]) {
      const [commit] = await commitsOf(() => engine.mutation("items:patch", { id, value }));
      expect(reads.overlaps(commit!.writes)).toBe(true);
    }
    const [removed] = await commitsOf(() => engine.mutation("items:remove", { id }));
    expect(reads.overlaps(removed!.writes)).toBe(true);
  });

  test("ends where reading ended", async () => {
    for (let rank = 0; rank < 50; rank++) await insert("a", rank);
    const range = {
      index: "by_group_and_rank",
      conditions: [{ type: "eq", field: "group", value: "a" }],
    };
    const { reads } = await run("items:list", { table: "items", range, take: 3 });
    const [after] = await commitsOf(() => insert("a", 7));
    expect(reads.overlaps(after!.writes)).toBe(false);
    const [before] = await commitsOf(() => insert("a", 1.5));
    expect(reads.overlaps(before!.writes)).toBe(true);
  });

  test("is one document for a get, and a whole table for a search", async () => {
    const id = await insert("a", 1);
    const got = await run("items:get", { id });
    const searched = await run("items:search", { text: "x" });
    const [commit] = await commitsOf(() => insert("a", 2));
    expect(got.reads.overlaps(commit!.writes)).toBe(false);
    expect(searched.reads.overlaps(commit!.writes)).toBe(false);
    const [changed] = await commitsOf(() =>
      engine.mutation("items:patch", { id, value: { rank: 9 } }),
    );
    expect(got.reads.overlaps(changed!.writes)).toBe(true);
    const [text] = await commitsOf(() =>
      engine.mutation("items:insert", { table: "texts", value: { body: "x", owner: "o" } }),
    );
    expect(searched.reads.overlaps(text!.writes)).toBe(true);
  });

  test("includes an empty answer", async () => {
    const { reads } = await run("items:list", inGroup("nobody"));
    const [commit] = await commitsOf(() => insert("nobody", 1));
    expect(reads.overlaps(commit!.writes)).toBe(true);
  });
});

describe("commits", () => {
  test("rise, also over a restart, and a mutation that writes nothing makes none", async () => {
    const [first] = await commitsOf(() => insert("a", 1));
    const [second] = await commitsOf(() => insert("a", 1));
    expect(second!.ts).toBeGreaterThan(first!.ts);
    expect(engine.engine.now()).toBe(second!.ts);
    await engine.restart();
    expect(engine.engine.now()).toBe(second!.ts);
    const [third] = await commitsOf(() => insert("a", 1));
    expect(third!.ts).toBeGreaterThan(second!.ts);
    expect(await commitsOf(() => engine.mutation("items:steps", { steps: [] }))).toEqual([]);
    const failing = engine.outcome("mutation", "items:steps", { steps: [], fails: true });
    expect(await commitsOf(() => failing)).toEqual([]);
  });

  test("all queries of one run see one state", async () => {
    const calls = [1, 2, 3].map(() => ({
      path: "items:count",
      args: { table: "items" },
      journal: null,
    }));
    const writing = Promise.all([insert("a", 1), insert("a", 2)]);
    const { runs } = await engine.engine.runQueries(calls, NOBODY);
    const counts = runs.map(({ outcome }) => outcome.success && outcome.value);
    expect(new Set(counts).size).toBe(1);
    await writing;
  });
});

describe("a resent request", () => {
  const send = (requestId: number, sessionId = "s1") =>
    engine.engine.runMutation(
      "items:insert",
      { table: "items", value: { group: "sent", rank: 1 } },
      NOBODY,
      { sessionId, requestId },
    );
  const size = async () =>
    ((await engine.query("items:list", inGroup("sent"))) as unknown[]).length;

  test("is answered as before and runs once, also after a restart", async () => {
    const { usage, ...first } = (await send(1)).outcome;
    expect(usage).toMatchObject({ documentsWritten: 1 });
    expect((await send(1)).outcome).toEqual(first);
    await engine.restart();
    expect((await send(1)).outcome).toEqual(first);
    expect(await size()).toBe(1);
    await send(2);
    await send(1, "s2");
    expect(await size()).toBe(3);
  });

  test("that had failed runs again: nothing of it was kept", async () => {
    const request = { sessionId: "s1", requestId: 1 };
    const fail = await engine.engine.runMutation("probes:throws", {}, NOBODY, request);
    expect(fail.outcome.success).toBe(false);
    const again = await send(1);
    expect(again.outcome.success).toBe(true);
    expect(await size()).toBe(1);
  });
});

describe("pagination", () => {
  interface Page {
    page: { rank: number }[];
    isDone: boolean;
    continueCursor: string;
  }
  const ranks = { index: "by_group_and_rank", conditions: [] };
  const pageRun = async (
    numItems: number,
    cursor: string | null,
    journal: string | null = null,
  ) => {
    const args = { table: "items", range: ranks, paginationOpts: { numItems, cursor } };
    const { outcome, journal: next } = await run("items:page", args, journal);
    if (!outcome.success) throw new Error(outcome.errorMessage);
    const page = outcome.value as unknown as Page;
    return { ...page, ranks: page.page.map(({ rank }) => rank), journal: next };
  };

  test("pages that are run again with their journal neither gap nor overlap", async () => {
    for (const rank of [1, 2, 3, 4, 5]) await insert("a", rank);
    const first = await pageRun(2, null);
    const second = await pageRun(2, first.continueCursor);
    expect([first.ranks, second.ranks]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const rank of [0, 1.5, 2.5]) await insert("a", rank);
    const firstAgain = await pageRun(2, null, first.journal);
    const secondAgain = await pageRun(2, first.continueCursor, second.journal);
    expect([firstAgain.ranks, secondAgain.ranks]).toEqual([
      [0, 1, 1.5, 2],
      [2.5, 3, 4],
    ]);
    expect(firstAgain.continueCursor).toBe(first.continueCursor);
    const last = await pageRun(2, secondAgain.continueCursor);
    expect(last).toMatchObject({ ranks: [5], isDone: true });
    expect((await pageRun(2, last.continueCursor)).ranks).toEqual([]);
    await insert("a", 6);
    expect((await pageRun(2, secondAgain.continueCursor, last.journal)).ranks).toEqual([5, 6]);
  });

  test("an empty page leads into its own range and nowhere else", async () => {
    for (const group of ["a", "b", "c"]) await insert(group, 1);
    const conditions = [{ type: "eq", field: "group", value: "b" }];
    const range = { index: "by_group", conditions };
    const page = async (numItems: number, cursor: string | null) => {
      const paginationOpts = { numItems, cursor };
      const { outcome } = await run("items:page", { table: "items", range, paginationOpts });
      return (outcome as unknown as { value: Page }).value;
    };
    const empty = await page(0, null);
    expect(empty).toMatchObject({ page: [], isDone: false });
    expect((await page(5, empty.continueCursor)).page).toMatchObject([{ group: "b" }]);
  });

  test("a cursor of another query is refused as such", async () => {
    await insert("a", 1);
    const { continueCursor } = await pageRun(1, null);
    const other = { conditions: [], order: "desc" };
    const paginationOpts = { numItems: 1, cursor: continueCursor };
    const { outcome } = await run("items:page", { table: "items", range: other, paginationOpts });
    expect(JSON.stringify(outcome)).toContain("InvalidCursor");
  });

  test("a page that may read no more rows says where it was cut", async () => {
    for (const rank of [1, 2, 3, 4, 5]) await insert("a", rank);
    const paginationOpts = { numItems: 10, cursor: null, maximumRowsRead: 3 };
    const { outcome } = await run("items:page", { table: "items", range: ranks, paginationOpts });
    expect(outcome).toMatchObject({
      value: { isDone: false, pageStatus: "SplitRequired", splitCursor: expect.any(String) },
    });
  });
});

test("the snapshot holds every table as it was at one moment", async () => {
  await insert("a", 1);
  await insert("b", 2);
  const tables = new Map<string, Json[]>();
  for await (const { table, documents } of engine.engine.exportSnapshot()) {
    if (tables.size === 0) await insert("c", 3);
    tables.set(table, documents);
  }
  expect([...tables.keys()]).toEqual(
    expect.arrayContaining(["_scheduled_functions", "_storage", "items", "texts"]),
  );
  const groups = tables.get("items")!.map((row) => (row as { group: string }).group);
  expect(groups).toEqual(["a", "b"]);
});
