import type { Value } from "convex/values";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestEngine } from "./testing.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.withFixture();
});
afterAll(() => engine.dispose());

const insert = (value: Record<string, Value>, table = "loose") =>
  engine.mutation("items:insert", { table, value });

function nested(levels: number): Value {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}

test("a document holds 1 MiB, not more", async () => {
  const overhead = 200;
  expect(await insert({ text: "x".repeat(2 ** 20 - overhead) })).toBeTypeOf("string");
  await expect(insert({ text: "x".repeat(2 ** 20) })).rejects.toThrow("maximum size 1 MiB");
});

test("an array holds 8,192 items, an object 1,024 fields", async () => {
  expect(await insert({ list: Array<number>(8192).fill(1) })).toBeTypeOf("string");
  await expect(insert({ list: Array<number>(8193).fill(1) })).rejects.toThrow(
    "8193 > maximum length 8192",
  );
  const fields = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, 1]));
  expect(await insert({ object: fields(1024) })).toBeTypeOf("string");
  await expect(insert({ object: fields(1025) })).rejects.toThrow("1025 > maximum number 1024");
});

test("a document nests 16 levels deep", async () => {
  expect(await insert({ deep: nested(15) })).toBeTypeOf("string");
  await expect(insert({ deep: nested(16) })).rejects.toThrow("up to 16 levels");
});

test("field names are checked", async () => {
  await expect(insert({ _mine: 1 })).rejects.toThrow("starts with an underscore");
  await expect(insert({ ["x".repeat(65)]: 1 })).rejects.toThrow("65 > maximum 64");
  await expect(insert({ "": 1 })).rejects.toThrow("must not be empty");
  await expect(insert({ _id: "x" })).rejects.toThrow("'_id', which Convex sets itself");
});

test("half a character is refused", async () => {
  await expect(insert({ text: "a\ud800" })).rejects.toThrow("unpaired surrogate");
  expect(await insert({ text: "a😀" })).toBeTypeOf("string");
});

test("records are validated", async () => {
  expect(await insert({ counts: { a: 1, b: 2 } }, "records")).toBeTypeOf("string");
  await expect(insert({ counts: { a: "1" } }, "records")).rejects.toThrow("Path: .counts.a");
  await expect(insert({ counts: [1] }, "records")).rejects.toThrow("Value: an array");
});

test("a table that is not in the schema is refused", async () => {
  await expect(insert({ a: 1 }, "unknown")).rejects.toThrow('Table "unknown" is not in the schema');
  await expect(insert({ a: 1 }, "_storage")).rejects.toThrow("read-only");
});

test("int64 literals are values of their own", async () => {
  const item = { group: "literal", rank: 1 };
  expect(await insert({ ...item, kind: 3n }, "items")).toBeTypeOf("string");
  await expect(insert({ ...item, kind: 3 }, "items")).rejects.toThrow("Path: .kind");
});

test("a mutation writes 16,000 documents and reads 32,000", async () => {
  const values = (count: number) => Array<Value>(count).fill({ group: "bulk", rank: 1 });
  const batches = (sizes: number[]) =>
    engine.mutation("probes:insertBatches", { batches: sizes.map((size) => values(size)) });
  await batches([8000, 8000]);
  await expect(batches([8000, 8000, 1])).rejects.toThrow(
    "Too many writes in a single function execution (limit: 16000)",
  );
  await batches([8000, 8000]);
  const list = (take: number) => engine.query("probes:countBulk", { take });
  expect(await list(32_000)).toBe(32_000);
  await batches([1]);
  await expect(list(32_001)).rejects.toThrow(
    "Too many documents read in a single function execution (limit: 32000)",
  );
});

test("16 MiB are read and written at most", async () => {
  const ids: Value[] = [];
  for (let at = 0; at < 17; at++) ids.push(await insert({ text: "x".repeat(2 ** 20 - 200) }));
  await expect(engine.query("probes:readAll", { ids })).rejects.toThrow("Too many bytes read");
  expect(await engine.query("probes:readAll", { ids: ids.slice(0, 15) })).toBe(15);
  await expect(engine.mutation("probes:writeLarge", { times: 17 })).rejects.toThrow(
    "Too many bytes written",
  );
});

test("4,096 index ranges", async () => {
  expect(await engine.query("probes:manyReads", { times: 4096 })).toBeNull();
  await expect(engine.query("probes:manyReads", { times: 4097 })).rejects.toThrow(
    "Too many reads in a single function execution (limit: 4096)",
  );
});

test("1,000 scheduled functions", async () => {
  expect(await engine.mutation("probes:scheduleMany", { times: 1000 })).toBeNull();
  await expect(engine.mutation("probes:scheduleMany", { times: 1001 })).rejects.toThrow(
    "Too many functions scheduled",
  );
});

test("arguments and return values hold 16 MiB", async () => {
  const bytes = 16 * 2 ** 20;
  expect(await engine.query("probes:large", { bytes: bytes - 100 })).toHaveLength(bytes - 100);
  await expect(engine.query("probes:large", { bytes })).rejects.toThrow("return value too large");
  await expect(insert({ text: "x".repeat(bytes) })).rejects.toThrow("arguments too large");
});
