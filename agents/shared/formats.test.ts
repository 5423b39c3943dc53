import { describe, expect, it } from "vitest";
import { convexValues } from "./convex-sync";
import { fromDevalue, svelteKitData } from "./devalue";
import { unknownPart } from "./parts";
import { readDataStream } from "./prefixed-lines";
import { applyPatches } from "./text-patches";
import { readUsage } from "./usage";

describe("SvelteKit's data", () => {
  it("is put together from places, with dates as text and one value in two places", () => {
    const list = [{ a: 1, b: 2, c: 1, d: -1 }, "x", [1, 3], ["Date", "2026-11-20T00:00:00.000Z"]];
    expect(fromDevalue(list)).toEqual({
      a: "x",
      b: ["x", "2026-11-20T00:00:00.000Z"],
      c: "x",
      d: undefined,
    });
  });

  it("stands loops, places that are not there, and depth", () => {
    const loop = fromDevalue([{ self: 0, gone: 9 }]) as Record<string, unknown>;
    expect(loop.self).toBe(loop);
    expect(loop.gone).toBeUndefined();
    const deep = Array.from({ length: 50_000 }, (_, at) => [at + 1]);
    expect(Array.isArray(fromDevalue(deep))).toBe(true);
    expect(fromDevalue({})).toBeUndefined();
  });

  it("sets no prototype", () => {
    const made = fromDevalue(JSON.parse('[{"__proto__":1},{"evil":2},true]') as unknown) as object;
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(svelteKitData("no JSON")).toEqual([]);
  });
});

describe("patches", () => {
  it("replace, add, append to texts and lists, and remove", () => {
    const target: Record<string, unknown> = {};
    applyPatches(target, [
      { op: "replace", path: "/list", value: [{ text: "a" }] },
      { op: "append", path: "/list/0/text", value: "b" },
      { op: "append", path: "/list", value: [1, 2] },
      { op: "add", path: "/list/1", value: 0 },
      { op: "remove", path: "/list/3" },
      { op: "replace", path: "/status", value: "success" },
      { op: "replace", path: "/list/9/text", value: "nowhere" },
      { op: "replace", path: "", value: "whole" },
    ]);
    expect(target).toEqual({ list: [{ text: "ab" }, 0, 1], status: "success" });
  });

  it("reach no prototype", () => {
    applyPatches({ a: {} }, [
      { op: "replace", path: "/__proto__/evil", value: 1 },
      { op: "replace", path: "/a/constructor/prototype/evil", value: 1 },
    ]);
    expect("evil" in {}).toBe(false);
  });
});

describe("Convex's transitions", () => {
  const transition = {
    type: "Transition",
    modifications: [
      { type: "QueryUpdated", queryId: 1, value: ["v"] },
      { type: "QueryRemoved", queryId: 2 },
    ],
  };

  it("are read whole and from pieces in any order; other frames hold no values", () => {
    const text = JSON.stringify(transition);
    const chunks = [text.slice(0, 20), text.slice(20)].map((chunk, partNumber) =>
      JSON.stringify({
        type: "TransitionChunk",
        chunk,
        partNumber,
        totalParts: 2,
        transitionId: "t",
      }),
    );
    expect(convexValues(text)).toEqual([["v"]]);
    expect(convexValues(chunks.toReversed().join("\n"))).toEqual([["v"]]);
    expect(convexValues(chunks[0]!)).toEqual([]);
    expect(convexValues('{"type":"Ping"}')).toEqual([]);
    expect(convexValues("no frame")).toBeNull();
  });
});

describe("the AI SDK's data stream", () => {
  it("joins texts, keeps calls with results, and ends with its last line", () => {
    const lines = [
      'f:{"messageId":"m"}',
      '0:"a"',
      '0:"b"',
      '9:{"toolCallId":"c","toolName":"t","args":{}}',
    ];
    expect(readDataStream(lines.join("\n"))).toEqual({
      messageId: "m",
      isDone: false,
      parts: [
        { type: "text", text: "ab" },
        { type: "tool-call", toolCallId: "c", toolName: "t", input: "{}" },
      ],
    });
    const end = ['a:{"toolCallId":"c","result":{"n":1}}', 'd:{"finishReason":"stop"}'];
    expect(readDataStream(end.join("\n"))).toEqual({
      isDone: true,
      finish: "stop",
      parts: [{ type: "tool-result", toolCallId: "c", output: '{"n":1}' }],
    });
    expect(readDataStream("<html>")).toBeNull();
  });
});

it("reads token counts under every service's names", () => {
  expect(readUsage({ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 })).toEqual({
    input: 1,
    output: 2,
    total: 3,
  });
  expect(
    readUsage({
      input_tokens: 5,
      output_tokens_details: { reasoning_tokens: 4 },
      input_tokens_details: { cached_tokens: 2 },
    }),
  ).toEqual({ input: 5, reasoning: 4, cacheRead: 2 });
  expect(readUsage({})).toBeUndefined();
  expect(readUsage(null)).toBeUndefined();
});

it("keeps what it does not know without what signs addresses or lets others in", () => {
  const value = { image: "https://files.example.org/a.png?sig=1", accessToken: "t", alt: "a?b" };
  expect(unknownPart("card", value)).toEqual({
    type: "unknown",
    kind: "card",
    json: '{"image":"https://files.example.org/a.png","alt":"a?b"}',
  });
});
