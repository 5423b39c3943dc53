import { describe, expect, it } from "vitest";
import { detailsText } from "./details";
import { readOpenWebUiChat } from "./open-webui";

describe("the blocks in an answer's text", () => {
  it("become reasoning, tool calls with their results, and text, in their order", () => {
    const text = [
      '<details type="reasoning" done="true" duration="3">\n<summary>Thought</summary>\n&gt; a &amp; b\n</details>\nFirst.\n',
      '<details type="tool_calls" done="true" id="c1" name="sum" arguments="&quot;{\\&quot;a\\&quot;:1}&quot;" result="&quot;2&quot;">\n<summary>Ran</summary>\n</details>\n',
      "Second.",
    ].join("");
    expect(detailsText(text, "m")).toEqual([
      { type: "reasoning", text: "a & b" },
      { type: "text", text: "First." },
      { type: "tool-call", toolCallId: "c1", toolName: "sum", input: '{"a":1}' },
      { type: "tool-result", toolCallId: "c1", output: "2" },
      { type: "text", text: "Second." },
    ]);
  });

  it("reach to the end while they are written, and a call without a result has none", () => {
    expect(detailsText('<details type="reasoning" done="false">\n> half', "m")).toEqual([
      { type: "reasoning", text: "half" },
    ]);
    expect(
      detailsText('<details type="tool_calls" done="false" name="sum" arguments="{}">', "m"),
    ).toEqual([{ type: "tool-call", toolCallId: "m:0", toolName: "sum", input: "{}" }]);
  });

  it("are left alone where they are the answer's own markup", () => {
    const own = "Look: <details><summary>More</summary>hidden</details> there.";
    expect(detailsText(own, "m")).toEqual([{ type: "text", text: own }]);
  });
});

/** A chat of so many messages, one after the other, all in one second. */
function chain(length: number): unknown {
  const messages = Array.from({ length }, (_, at) => ({
    id: `m${at}`,
    parentId: at === 0 ? null : `m${at - 1}`,
    role: at % 2 === 0 ? "user" : "assistant",
    content: `text ${at}`,
    timestamp: 1_795_000_000,
  }));
  const byId = Object.fromEntries(messages.toReversed().map((message) => [message.id, message]));
  return { id: "chat", chat: { history: { messages: byId, currentId: `m${length - 1}` } } };
}

describe("the tree", () => {
  it("rises along every branch, however its messages are stored", () => {
    const reading = readOpenWebUiChat(chain(6000), { agent: "x" })!;
    expect(reading.messages.map(({ key }) => key)).toEqual(
      Array.from({ length: 6000 }, (_, at) => `m${at}`),
    );
    const positions = reading.messages.map(({ position }) => position);
    expect(positions.every((at, index) => index === 0 || at > positions[index - 1]!)).toBe(true);
  });

  it("leaves out a loop, and makes a message whose parent is missing a root", () => {
    const messages = {
      a: { id: "a", parentId: "b", role: "user", content: "loop" },
      b: { id: "b", parentId: "a", role: "user", content: "loop" },
      c: { id: "c", parentId: "gone", role: "user", content: "kept" },
    };
    const data = { id: "chat", chat: { history: { messages, currentId: "gone" } } };
    const reading = readOpenWebUiChat(data, { agent: "x" });
    expect(reading?.messages.map(({ key, parentKey }) => [key, parentKey])).toEqual([
      ["c", undefined],
    ]);
    expect(reading?.session).not.toHaveProperty("activeLeafKey");
  });

  it("is a chain where an old chat has only a list", () => {
    const messages = [
      { id: "a", role: "user", content: "one" },
      { id: "b", role: "assistant", content: "two" },
    ];
    const reading = readOpenWebUiChat({ id: "chat", chat: { messages } }, { agent: "x" });
    expect(reading?.messages.map(({ key, parentKey }) => [key, parentKey])).toEqual([
      ["a", undefined],
      ["b", "a"],
    ]);
  });
});
