import { afterAll, beforeAll, expect, test } from "vitest";
import { TestEngine } from "./testing.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.withFixture();
});
afterAll(() => engine.dispose());

test("what a mutation wrote, a query reads", async () => {
  const id = await engine.mutation("items:insert", {
    table: "items",
    value: { group: "g", rank: 1 },
  });
  expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{32}$/);
  expect(await engine.query("items:get", { id })).toMatchObject({ _id: id, group: "g", rank: 1 });
});
