import { describe, expect, it } from "vitest";
import type { Part } from "../../agents/agent";
import { messageOf, sessionOf } from "../testing/archive";
import { turnsOf } from "./conversation";
import { fence } from "./fence";
import { sessionMarkdown } from "./session-markdown";

function markdownOf(parts: Part[], given: object = {}): string {
  const turns = turnsOf([messageOf({ key: "m1", parts, ...given })], new Map());
  return sessionMarkdown(sessionOf({ title: "Fix\u202E it", model: "m-1" }), "opencode", turns);
}

describe("sessionMarkdown", () => {
  it("writes a session as one document", () => {
    expect(
      markdownOf([
        { type: "reasoning", text: "Look.\nThen act." },
        { type: "text", text: "Done: **fixed**" },
        { type: "file", name: "log.txt", mediaType: "text/plain", size: 2048 },
        { type: "source", url: "https://example.org/a?b=1", title: "A page" },
      ]),
    ).toBe(`# Fix it

- Agent: opencode
- Model: m-1
- 1 message

## Assistant

> Reasoning:
> 
> Look.
> Then act.

Done: **fixed**

File: log.txt (text/plain, 2.0 KB)

Source: A page, https://example.org/a?b=1
`);
  });

  it("says the account, and that counted tokens are an estimate", () => {
    const session = sessionOf({ account: "Acme" });
    const tokens = { ...session.usage.tokens, total: 1_200, estimated: 1_200 };
    const usage = { ...session.usage, tokens };
    const text = sessionMarkdown({ ...session, usage }, "ChatGPT", []);
    expect(text).toContain("- Account: Acme\n");
    expect(text).toContain("- about 1.2K tokens, estimated\n");
    const given = sessionMarkdown({ ...session, usage, tokens: { total: 7 } }, "ChatGPT", []);
    expect(given).not.toContain("estimated");
  });

  it("writes tool calls with their input and output", () => {
    const text = markdownOf([
      { type: "tool-call", toolCallId: "a", toolName: "bash", input: '{"command":"ls"}' },
      { type: "tool-result", toolCallId: "a", output: "a.txt", isError: true },
    ]);
    expect(text).toContain(
      '**Tool: bash** ls\n\nInput:\n\n```json\n{\n  "command": "ls"\n}\n```\n\nOutput (failed):\n\n```\na.txt\n```',
    );
  });

  it("says what was not finished and what failed", () => {
    const text = markdownOf([{ type: "text", text: "Work" }], {
      state: "partial",
      error: { name: "Aborted", message: "by you" },
    });
    expect(text).toContain("## Assistant (not finished when it was read)");
    expect(text).toContain("Error: Aborted: by you");
  });
});

describe("fence", () => {
  it("cannot be closed by what it holds", () => {
    expect(fence("a\n```\nb")).toBe("````\na\n```\nb\n````");
    expect(fence("`````", "js")).toBe("``````js\n`````\n``````");
  });
});
