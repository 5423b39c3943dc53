import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { MAX_PIECE_CHARS } from "./limits";
import { joinPieces, type Handed } from "./pieces";
import type { Piece } from "./seal";

const head = {
  tap: "opencode/session",
  url: "http://a.example/session/1",
  method: "GET",
  status: 200,
};

let whole: Handed[];
let take: (piece: unknown) => void;
beforeEach(() => {
  whole = [];
  take = joinPieces((handed) => whole.push(handed));
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
    { ...head, url: "http://a.example/2", texts: ["x", "y"], chars: 2, isTruncated: true },
    { ...head, texts: ["a", "b", "c"], chars: 3, isTruncated: false },
  ]);
});

it("ignores everything that is not a piece", () => {
  const odd = [
    piece(1, "x".repeat(MAX_PIECE_CHARS + 1), { head, isLast: true }),
    { ...piece(1, "a", { head, isLast: true }), id: "1" },
    { ...piece(1, "a", { isLast: true }), head: { ...head, status: "200" } },
    { ...piece(1, "a", { isLast: true }), head: { ...head, url: "x".repeat(9_000) } },
    { ...piece(1, "a", { isLast: true }), head: null },
    piece(1, "a", { isLast: true }),
  ];
  for (const value of odd) take(value);
  fc.assert(fc.property(fc.anything(), (value) => take(value)));
  expect(whole).toEqual([]);
});

it("drops a body longer than the cap, and too many at once", () => {
  take(piece(1, "a", { head }));
  for (let at = 0; at < 130; at += 1) take(piece(1, "x".repeat(MAX_PIECE_CHARS)));
  take(piece(1, "end", { isLast: true }));
  for (let id = 10; id < 60; id += 1) take(piece(id, "a", { head }));
  for (let id = 10; id < 60; id += 1) take(piece(id, "b", { isLast: true }));
  expect(whole).toHaveLength(32);
});
