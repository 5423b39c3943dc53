import { expect, it } from "vitest";
import type { ArchivedMessage } from "./archive.ts";
import type { OpencodeMessage } from "./journey.ts";
import { missing } from "./landed.ts";

const said: OpencodeMessage[] = [
  { info: { id: "m1", role: "user", time: {} }, parts: [{ type: "text", text: "List" }] },
  {
    info: { id: "m2", role: "assistant", finish: "stop", time: { completed: 2 } },
    parts: [
      { type: "step-start" },
      { type: "reasoning", text: "Hm" },
      { type: "tool", state: { status: "completed", input: { a: 1, b: 2 }, output: "x\n" } },
    ],
  },
];
const archived: ArchivedMessage[] = [
  { key: "m1", role: "user", state: "final", parts: [{ type: "text", text: "List" }] },
  {
    key: "m2",
    role: "assistant",
    state: "final",
    parts: [
      { type: "reasoning", text: "Hm" },
      { type: "tool-call", input: '{"b":2,"a":1}' },
      { type: "tool-result", output: "x\n" },
    ],
  },
];
const changed = (index: number, change: Partial<ArchivedMessage>) =>
  archived.map((row, at) => (at === index ? { ...row, ...change } : row));

it("finds nothing missing when everything is there once", () => {
  expect(missing(said, archived)).toEqual([]);
});

it("finds what is absent, doubled, partial, too much, in another role or cut", () => {
  expect(missing(said, archived.slice(1))).toEqual(["m1 (user) is not there"]);
  expect(missing(said, [...archived, ...archived.slice(1)])).toEqual(["m2 is there 2 times"]);
  expect(missing(said, changed(1, { state: "partial" }))).toEqual(["m2 is there only in part"]);
  expect(missing(said.slice(0, 1), archived)).toEqual(["m2 is too much"]);
  expect(missing(said, changed(0, { role: "tool" }))).toEqual(["m1 has the role tool, not user"]);
  const cut = changed(1, { parts: archived[1]?.parts.slice(0, 2) ?? [] });
  expect(missing(said, cut)).toEqual(["m2 lacks 2 characters that opencode has"]);
});
