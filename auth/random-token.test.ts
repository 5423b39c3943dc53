import { describe, expect, it } from "vitest";
import { isEqualToken, randomToken } from "./random-token";

describe("randomToken", () => {
  it("has 256 bits in characters that a URL leaves alone", () => {
    const tokens = Array.from({ length: 100 }, randomToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});

describe("isEqualToken", () => {
  it.each([
    ["abc", "abc", true],
    ["", "", true],
    ["abc", "abd", false],
    ["abc", "ab", false],
    ["ab", "abc", false],
    ["abc\0", "abc", false],
    ["", "a", false],
  ])("compares %j with %j", (left, right, isEqual) => {
    expect(isEqualToken(left, right)).toBe(isEqual);
  });
});
