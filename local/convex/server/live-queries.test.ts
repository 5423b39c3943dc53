import { expect, it } from "vitest";
import type { Json, QueryRun } from "../types.ts";
import type { QueryCall } from "./functions.ts";
import { NOBODY } from "./callers.ts";
import { LiveQueries } from "./live-queries.ts";

/** A store of one number per key, whose reads can be held up to let commits happen meanwhile. */
class Scripted {
  ts = 1n;
  readonly values = new Map<string, number>();
  readonly asked: string[][] = [];
  /** Runs after the snapshot of a read is taken and before it is answered. */
  afterRead: (() => void)[] = [];
  /** Runs before the snapshot of a read is taken. */
  beforeRead: (() => void)[] = [];
  readonly live = new LiveQueries(this);

  constructor(...keys: string[]) {
    for (const [id, key] of keys.entries()) {
      this.live.add({ id, path: key, args: {}, journal: null });
    }
  }

  now(): bigint {
    return this.ts;
  }

  async queries(calls: QueryCall[]): Promise<{ ts: bigint; runs: QueryRun[] }> {
    this.asked.push(calls.map(({ path }) => path));
    await Promise.resolve();
    this.beforeRead.shift()?.();
    const answer = { ts: this.ts, runs: calls.map(({ path }) => this.#run(path)) };
    this.afterRead.shift()?.();
    return answer;
  }

  write(key: string): boolean {
    this.values.set(key, (this.values.get(key) ?? 0) + 1);
    return this.touch(key);
  }

  /** Commits a write of the key that leaves its value as it was. */
  touch(key: string): boolean {
    this.ts += 1n;
    return this.live.onCommit({ ts: this.ts, writes: new Set([key]) });
  }

  #run(key: string): QueryRun {
    const value: Json = this.values.get(key) ?? 0;
    return {
      outcome: { success: true, value, logLines: [] },
      journal: null,
      reads: { overlaps: (writes) => writes.has(key) },
    };
  }

  async refresh() {
    const { ts, modifications } = await this.live.refresh(NOBODY);
    const news = modifications.map((news) => [news.queryId, "value" in news ? news.value : null]);
    return { ts, news: Object.fromEntries(news) };
  }
}

it("runs only the queries whose reads a commit overlaps", async () => {
  const store = new Scripted("a", "b");
  expect(await store.refresh()).toEqual({ ts: 1n, news: { 0: 0, 1: 0 } });
  expect(store.write("c")).toBe(false);
  expect(store.write("b")).toBe(true);
  expect(await store.refresh()).toEqual({ ts: 3n, news: { 1: 1 } });
  expect(store.asked).toEqual([["a", "b"], ["b"]]);
});

it("leaves out a result that did not change", async () => {
  const store = new Scripted("a");
  await store.refresh();
  expect(store.touch("a")).toBe(true);
  expect(await store.refresh()).toEqual({ ts: 2n, news: {} });
});

it("runs a query again whose reads were overlapped while it ran", async () => {
  const store = new Scripted("a");
  store.afterRead.push(() => store.write("a"));
  expect(await store.refresh()).toEqual({ ts: 1n, news: { 0: 0 } });
  expect(store.live.isStale).toBe(true);
  expect(await store.refresh()).toEqual({ ts: 2n, news: { 0: 1 } });
});

it("does not run a query again for a commit that its snapshot holds", async () => {
  const store = new Scripted("a");
  store.beforeRead.push(() => store.write("a"));
  expect(await store.refresh()).toEqual({ ts: 2n, news: { 0: 1 } });
  expect(store.live.isStale).toBe(false);
});

it("brings along the queries that commits before the snapshot made stale", async () => {
  const store = new Scripted("a", "b");
  await store.refresh();
  store.write("a");
  store.beforeRead.push(() => store.write("b"));
  expect(await store.refresh()).toEqual({ ts: 3n, news: { 0: 1, 1: 1 } });
  expect(store.asked).toEqual([["a", "b"], ["a"], ["b"]]);
});

it("ends also when every run is overtaken by the next commit", async () => {
  const store = new Scripted("a", "b");
  await store.refresh();
  store.write("a");
  const others = ["b", "a", "b", "a", "b", "a", "b", "a"];
  store.beforeRead = others.map((key) => () => store.write(key));
  const { news } = await store.refresh();
  expect(news).toEqual({ 0: store.values.get("a"), 1: store.values.get("b") });
  expect(store.asked.at(-1)).toEqual(["a", "b"]);
});
