import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MAX_PIECE_CHARS, PARTIAL_MS } from "./limits";
import { joinPieces, type Body, type Joiner } from "./pieces";
import type { Head, Piece } from "./seal";

const head: Head = {
  rules: [0],
  url: "http://a.example/session/1",
  method: "GET",
  status: 200,
  request: 0,
};

let whole: Body[];
let soFar: Body[];
let followed: string[];
let joiner: Joiner;
const take = (piece: unknown) => joiner.add(piece);

beforeEach(() => {
  vi.useFakeTimers();
  whole = [];
  soFar = [];
  followed = [];
  joiner = joinPieces({
    follow: ({ url }) =>
      /\/(?:events|turn)$/.test(url)
        ? {
            add: (text) => followed.push(text),
            end: (isTruncated) => followed.push(isTruncated ? "cut" : "ended"),
            isAlone: url.endsWith("/events"),
          }
        : null,
    take: (body, isLast) => (isLast ? whole : soFar).push(body),
  });
});
afterEach(() => {
  joiner.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function piece(id: number, text: string, more: Partial<Piece> = {}): Piece {
  return { id, text, isLast: false, isTruncated: false, ...more };
}

it("joins the pieces of bodies that arrive side by side", () => {
  take(piece(1, "a", { head }));
  take(piece(2, "x", { head: { ...head, url: "http://a.example/2" } }));
  take(piece(1, "b"));
  take(piece(2, "y", { isLast: true, isTruncated: true }));
  take(piece(1, "c", { isLast: true }));
  expect(whole).toEqual([
    {
      head: { ...head, url: "http://a.example/2" },
      texts: ["xy"],
      chars: 2,
      isTruncated: true,
    },
    { head, texts: ["abc"], chars: 3, isTruncated: false },
  ]);
});

it("joins small pieces to texts that fill one hop each", () => {
  take(piece(1, "", { head }));
  for (let at = 0; at < 300; at += 1) take(piece(1, "x".repeat(1_000)));
  take(piece(1, "", { isLast: true }));
  expect(whole[0]!.texts.map(({ length }) => length)).toEqual([131_000, 131_000, 38_000]);
});

it("gives a body that is long on its way once as it is so far, and then whole", () => {
  take(piece(1, "begun", { head }));
  vi.advanceTimersByTime(PARTIAL_MS - 1);
  expect(soFar).toEqual([]);
  take(piece(1, " and"));
  vi.advanceTimersByTime(10 * PARTIAL_MS);
  take(piece(1, " ended", { isLast: true }));
  expect(soFar).toEqual([{ head, texts: ["begun and"], chars: 9, isTruncated: true }]);
  expect(whole).toEqual([{ head, texts: ["begun and ended"], chars: 15, isTruncated: false }]);
});

it("gives what has come when the page goes", () => {
  take(piece(1, "begun", { head }));
  joiner.flush();
  expect(soFar).toMatchObject([{ texts: ["begun"], isTruncated: true }]);
});

it("passes on the text of a body without end, and keeps none of it", () => {
  take(piece(1, "one", { head: { ...head, url: "http://a.example/events" } }));
  for (let at = 0; at < 1_000; at += 1) take(piece(1, "x".repeat(MAX_PIECE_CHARS)));
  vi.advanceTimersByTime(10 * PARTIAL_MS);
  take(piece(1, "last", { isLast: true }));
  expect(followed).toHaveLength(1_003);
  expect([...whole, ...soFar]).toEqual([]);
});

it("passes on the text of a body that is taken too, all of it where the beginning only is taken", () => {
  const of = { ...head, url: "http://a.example/turn" };
  take(piece(1, "one ", { head: of }));
  take(piece(1, "two", { isLast: true }));
  expect(followed).toEqual(["one ", "two", "ended"]);
  expect(whole).toEqual([{ head: of, texts: ["one two"], chars: 7, isTruncated: false }]);
  take(piece(2, "", { head: of }));
  for (let at = 0; at < 200; at += 1) take(piece(2, "x".repeat(MAX_PIECE_CHARS)));
  take(piece(2, "last", { isLast: true, isTruncated: true }));
  expect(followed.slice(-2)).toEqual(["last", "cut"]);
  expect(whole[1]).toMatchObject({ isTruncated: true });
  // An answer of 16 MB, a request of 1 MB, and a piece.
  expect(whole[1]!.chars).toBe(137 * MAX_PIECE_CHARS);
});

it("ignores everything that is not a piece", () => {
  const odd = [
    piece(1, "x".repeat(MAX_PIECE_CHARS + 1), { head, isLast: true }),
    { ...piece(1, "a", { head, isLast: true }), id: "1" },
    { ...piece(1, "a", { isLast: true }), head: { ...head, status: "200" } },
    { ...piece(1, "a", { isLast: true }), head: { ...head, url: "x".repeat(9_000) } },
    { ...piece(1, "a", { isLast: true }), head: null },
    { ...piece(1, "a", { isLast: true }), head: { ...head, rules: ["opencode/messages"] } },
    { ...piece(1, "a", { isLast: true }), head: { ...head, request: 1e9 } },
    { ...piece(1, "a", { isLast: true }), head: { ...head, ask: "1" } },
    piece(1, "a", { isLast: true }),
  ];
  for (const value of odd) take(value);
  fc.assert(fc.property(fc.anything(), (value) => take(value)));
  expect(whole).toEqual([]);
});

it("drops a body longer than the cap, and too many at once", () => {
  take(piece(1, "a", { head }));
  for (let at = 0; at < 140; at += 1) take(piece(1, "x".repeat(MAX_PIECE_CHARS)));
  take(piece(1, "end", { isLast: true }));
  for (let id = 10; id < 60; id += 1) take(piece(id, "a", { head }));
  for (let id = 10; id < 60; id += 1) take(piece(id, "b", { isLast: true }));
  expect(whole).toHaveLength(32);
});
