import { expect, test } from "vitest";
import { IdMaker, tableNumberOf } from "./ids.ts";

test("an id is 32 characters of base32 and names its table", () => {
  const id = new IdMaker().next(300, Date.UTC(2026, 0, 1));
  expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{32}$/);
  expect(tableNumberOf(id)).toBe(300);
});

test("ids rise, also within a millisecond, over the counter's end, and when the clock goes back", () => {
  const maker = new IdMaker();
  const made = Array.from({ length: 70_000 }, (_, at) => maker.next(1, at < 69_000 ? 1000 : 500));
  expect([...made].sort()).toEqual(made);
  expect(new Set(made).size).toBe(made.length);
});

test("a mistyped id is none", () => {
  const id = new IdMaker().next(1, 1000);
  const other = id[5] === "0" ? "1" : "0";
  expect(tableNumberOf(id.slice(0, 5) + other + id.slice(6))).toBeNull();
  expect(tableNumberOf(id.slice(1))).toBeNull();
  expect(tableNumberOf("u".repeat(32))).toBeNull();
  expect(tableNumberOf("")).toBeNull();
});
