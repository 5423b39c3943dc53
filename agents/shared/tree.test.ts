import { describe, expect, it } from "vitest";
import type { MessageReading } from "../agent";
import { lastLeaf, risingPositions } from "./tree";

function message(key: string, parentKey: string | undefined, position: number): MessageReading {
  return { key, parentKey, role: "user", position, state: "final", parts: [] };
}

describe("risingPositions", () => {
  it("moves up what the site gives its parent's time, and leaves the rest", () => {
    const messages = [
      message("c", "b", 1),
      message("a", undefined, 5),
      message("b", "a", 5),
      message("d", "a", 9),
    ];
    const positions = risingPositions(messages).map(({ key, position }) => [key, position]);
    expect(positions).toEqual([
      ["c", 5 + 2 / 1024],
      ["a", 5],
      ["b", 5 + 1 / 1024],
      ["d", 9],
    ]);
  });

  it("stands loops, missing parents, and a branch of 20,000", () => {
    expect(risingPositions([message("a", "b", 1), message("b", "a", 1)])).toHaveLength(2);
    expect(risingPositions([message("a", "gone", 1)])[0]!.position).toBe(1);
    const long = Array.from({ length: 20_000 }, (_, i) =>
      message(`m${i}`, i === 0 ? undefined : `m${i - 1}`, 1_790_000_000_000),
    );
    const positions = risingPositions(long.toReversed()).map(({ position }) => position);
    expect(positions.every((position, i) => i === 0 || position < positions[i - 1]!)).toBe(true);
  });
});

describe("lastLeaf", () => {
  it("follows the newest branch from the newest root", () => {
    const messages = [
      message("a", undefined, 1),
      message("b", "a", 2),
      message("c", undefined, 3),
      message("d", "c", 4),
      message("e", "c", 5),
    ];
    expect(lastLeaf(messages)).toBe("e");
    expect(lastLeaf(messages.slice(0, 2))).toBe("b");
    expect(lastLeaf([])).toBeUndefined();
    expect(lastLeaf([message("a", "b", 1), message("b", "a", 1)])).toBeUndefined();
  });
});
