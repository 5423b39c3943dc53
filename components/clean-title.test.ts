import { describe, expect, it } from "vitest";
import { cleanTitle } from "./clean-title";

describe("cleanTitle", () => {
  it.each([
    ["Fix the bug", "Fix the bug"],
    ["  two\n\tlines  ", "two lines"],
    ["\u202Egnp.exe\u202C", "gnp.exe"],
    ["\u2066isolated\u2069 \u200Fmark\u200E", "isolated mark"],
    ["zero\u200Bwidth\u200D\uFEFF", "zerowidth"],
    ["bell\u0007 and \u001B[31mred", "bell and [31mred"],
    ["line\u2028separator", "line separator"],
    ["tag\u{E0041}\u{E0042}", "tag"],
    ["\u3164\u200B\u202E", "Untitled session"],
    ["", "Untitled session"],
    [null, "Untitled session"],
    [undefined, "Untitled session"],
    ["日本語 العربية 😀", "日本語 العربية 😀"],
    ["lone \uD800 surrogate", "lone \uFFFD surrogate"],
  ])("shows %j as %j", (title, shown) => expect(cleanTitle(title)).toBe(shown));

  it("clamps to 200 characters, whole ones", () => {
    const shown = cleanTitle("😀".repeat(500));
    expect([...shown]).toHaveLength(200);
    expect(shown.endsWith("😀…")).toBe(true);
  });

  it("clamps a title of 20 MB", () => {
    expect(cleanTitle("a".repeat(20 * 1024 * 1024))).toHaveLength(200);
  });
});
