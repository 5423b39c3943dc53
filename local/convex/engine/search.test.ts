import type { Value } from "convex/values";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestEngine } from "./testing.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.withFixture();
});
afterAll(() => engine.dispose());

const add = (table: string, value: Record<string, Value>) =>
  engine.mutation("items:insert", { table, value });

describe("full-text search", () => {
  const search = async (text: string, filters: Record<string, Value> = {}) =>
    ((await engine.query("items:search", { text, ...filters })) as { body: string }[]).map(
      ({ body }) => body,
    );

  test("ranks by relevance, takes any word, and the last one as a beginning", async () => {
    for (const body of [
      "zebra zebra zebra",
      "one zebra among very many other words in a long text",
      "quagga",
      "Größe zählt, 日本語 too",
    ]) {
      await add("texts", { body, owner: "ada" });
    }
    expect(await search("zebra")).toEqual([
      "zebra zebra zebra",
      "one zebra among very many other words in a long text",
    ]);
    expect(await search("zebra quag")).toContain("quagga");
    expect(await search("quag zebra")).not.toContain("quagga");
    expect(await search("ZEBRA, quagga!")).toHaveLength(3);
    expect(await search("größe")).toHaveLength(1);
    expect(await search("日本語")).toHaveLength(1);
    expect(await search('"zebra" OR -')).toHaveLength(2);
    expect(await search("  ")).toEqual([]);
    expect(await search("nothing")).toEqual([]);
  });

  test("filters by equal fields, a missing one among them", async () => {
    await add("texts", { body: "filtered", owner: "ada", flag: true });
    await add("texts", { body: "filtered too", owner: "bob" });
    expect(await search("filtered", { owner: "bob" })).toEqual(["filtered too"]);
    expect(await search("filtered", { owner: "ada", flag: true })).toEqual(["filtered"]);
    expect(await search("filtered", { owner: "ada", flag: false })).toEqual([]);
  });

  test("follows changes and deletions, and roll-backs", async () => {
    const id = await add("texts", { body: "before", owner: "ada" });
    await engine.mutation("items:patch", { id, value: { body: "afterwards" } });
    expect(await search("before")).toEqual([]);
    expect(await search("afterwards")).toEqual(["afterwards"]);
    const steps = [{ op: "nest", steps: [{ op: "delete", id }], fails: true }];
    await engine.mutation("items:steps", { steps });
    expect(await search("afterwards")).toEqual(["afterwards"]);
    await engine.mutation("items:remove", { id });
    expect(await search("afterwards")).toEqual([]);
  });

  test("takes as many as asked for, and reads only those", async () => {
    const large = "x".repeat(900_000);
    for (let at = 0; at < 25; at++) await add("texts", { body: `taken ${large}`, owner: "ada" });
    expect(await search("taken", { take: 2 })).toHaveLength(2);
    await expect(search("taken")).rejects.toThrow("Too many bytes read");
  });
});

describe("vector search", () => {
  const nearest = async (args: Record<string, Value>) =>
    (await engine.action("probes:nearest", args)) as { _id: string; _score: number }[];

  test("finds the nearest exactly, skips rows without a vector, and filters", async () => {
    const near = await add("vectors", { embedding: [1, 0.1, 0], owner: "ada" });
    const far = await add("vectors", { embedding: [0, 1, 0], owner: "bob" });
    const opposite = await add("vectors", { embedding: [-1, 0, 0], owner: "cy" });
    await add("vectors", { owner: "ada" });
    const all = await nearest({ vector: [1, 0, 0] });
    expect(all.map(({ _id }) => _id)).toEqual([near, far, opposite]);
    expect(all[0]!._score).toBeCloseTo(1 / Math.sqrt(1.01), 12);
    expect(all[2]!._score).toBe(-1);
    const filtered = await nearest({ vector: [1, 0, 0], owners: ["bob", "cy"], limit: 1 });
    expect(filtered.map(({ _id }) => _id)).toEqual([far]);
    await engine.mutation("items:patch", { id: near, value: { embedding: [0, 0, 1] } });
    expect((await nearest({ vector: [1, 0, 0], limit: 1 }))[0]!._id).not.toBe(opposite);
    await engine.mutation("items:remove", { id: near });
    expect(await nearest({ vector: [1, 0, 0] })).toHaveLength(2);
  });

  test("refuses another number of dimensions", async () => {
    await expect(nearest({ vector: [1, 0] })).rejects.toThrow("holds vectors of 3");
    await expect(nearest({ vector: [1, 0, 0], limit: 257 })).rejects.toThrow("1 to 256");
  });
});
