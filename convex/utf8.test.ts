import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutUtf8, splitUtf8, utf8Length } from "./utf8";

const anyText = fc.string({ unit: "binary" });

describe("pieces of a text", () => {
  test("joined are the text, none is too long, and none starts or ends inside a code point", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 20 }), (text, maxBytes) => {
        const pieces = splitUtf8(text, maxBytes);
        expect(pieces.join("")).toBe(text);
        for (const piece of pieces) {
          expect(utf8Length(piece)).toBeLessThanOrEqual(maxBytes);
          expect(piece).not.toMatch(/\p{Surrogate}/u);
        }
      }),
    );
  });

  test("are as long as they can be", () => {
    expect(splitUtf8("aä€😀b", 4)).toEqual(["aä", "€", "😀", "b"]);
    expect(splitUtf8("\ufeffab", 4)).toEqual(["\ufeffa", "b"]);
    expect(splitUtf8("", 4)).toEqual([]);
  });
});

test("a cut text is its beginning", () => {
  expect(cutUtf8("aä€😀", 9)).toBe("aä€");
  expect(cutUtf8("aä€😀", 10)).toBe("aä€😀");
});
