import { expect, test } from "vitest";
import { messageText } from "./messageText";
import { utf8Length } from "./utf8";
import { MAX_TEXT_BYTES } from "./validators";

test("what was said comes before what was thought, and tools last", () => {
  const parts = [
    { type: "tool-result" as const, toolCallId: "c", output: "three files" },
    { type: "tool-call" as const, toolCallId: "c", toolName: "bash", title: "List", input: "{}" },
    { type: "reasoning" as const, text: "I should look" },
    { type: "text" as const, text: "Here they are" },
    { type: "unknown" as const, kind: "snapshot", json: '{"secret":1}' },
    { type: "file" as const, name: "a.png" },
  ];
  expect(messageText(parts).split("\n")).toEqual([
    "Here they are",
    "I should look",
    "a.png",
    "bash",
    "List",
    "{}",
    "three files",
  ]);
});

test("long text is cut at 32 KB and between characters", () => {
  const cut = messageText([{ type: "text", text: "€".repeat(20_000) }]);
  expect(cut).toBe("€".repeat(10_922));
  expect(utf8Length(cut)).toBeLessThanOrEqual(MAX_TEXT_BYTES);
});
