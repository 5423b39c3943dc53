import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Part } from "../../agents/agent";
import { messageOf, sessionOf } from "../testing/archive";
import { ConversationView } from "./ConversationView";
import type { Message } from "./types";

afterEach(cleanup);

function show(messages: Message[], onLoad = () => undefined) {
  return render(
    <ConversationView
      session={sessionOf()}
      messages={messages}
      loaded={new Map()}
      onLoad={onLoad}
      loadingOf={() => "idle"}
    />,
  );
}

const bash: Part[] = [
  {
    type: "tool-call",
    toolCallId: "a",
    toolName: "bash",
    input: '{"command":"npm test"}',
    title: "Run the tests",
    startedAt: 1000,
    endedAt: 3500,
  },
  { type: "tool-result", toolCallId: "a", output: "2 passed" },
];

describe("a message", () => {
  it("folds a tool call to one line, and holds its input and output", () => {
    const { container } = show([messageOf({ key: "m1", parts: bash })]);
    const fold = container.querySelector("details");
    expect(fold?.open).toBe(false);
    const summary = fold?.querySelector("summary");
    expect(summary?.textContent).toBe("bashRun the tests2.5 s");
    expect(within(summary as HTMLElement).getByLabelText("Finished")).toBeTruthy();
    expect(fold?.textContent).toContain('"command": "npm test"');
    expect(fold?.textContent).toContain("2 passed");
  });

  it("links what an answer cites, and nothing that is no web address", () => {
    const parts: Part[] = [
      { type: "source", url: "https://example.org/a", title: "A page" },
      { type: "source", url: "javascript:alert(1)", title: "No page" },
    ];
    show([messageOf({ key: "m1", parts })]);
    expect(screen.getByRole("link", { name: "A page" }).getAttribute("href")).toBe(
      "https://example.org/a",
    );
    expect(screen.getByText("No page").closest("a")).toBeNull();
  });

  it("says that a call failed, and that one has no output", () => {
    show([
      messageOf({
        key: "m1",
        parts: [
          { type: "tool-call", toolCallId: "a", toolName: "bash", input: "{}" },
          { type: "tool-result", toolCallId: "a", output: "x", isError: true },
          { type: "tool-call", toolCallId: "b", toolName: "edit", input: "{" },
        ],
      }),
    ]);
    expect(screen.getByText("Failed")).toBeTruthy();
    expect(screen.getByText("No output")).toBeTruthy();
  });

  it("folds reasoning", () => {
    const { container } = show([
      messageOf({
        key: "m1",
        parts: [{ type: "reasoning", text: "Hm.", startedAt: 0, endedAt: 900 }],
      }),
    ]);
    expect(container.querySelector("details")?.open).toBe(false);
    expect(screen.getByText("Reasoned for 900 ms")).toBeTruthy();
  });

  it("marks what was not finished and what failed", () => {
    show([
      messageOf({
        key: "m1",
        state: "partial",
        error: { name: "MessageAbortedError", message: "Stopped." },
      }),
    ]);
    expect(screen.getByText("Not finished when it was read")).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toContain("MessageAbortedError");
  });

  it("loads a large one when asked", async () => {
    const onLoad = vi.fn();
    const message = messageOf({ key: "m1", preview: "First", large: { bytes: 2048, chunks: 1 } });
    show([message], onLoad);
    expect(screen.getByText("First")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Show all 2.0 KB" }));
    expect(onLoad).toHaveBeenCalledWith(message);
  });

  it("names files without loading them", () => {
    const { container } = show([
      messageOf({
        key: "m1",
        parts: [
          { type: "file", name: "a.png", mediaType: "image/png", url: "https://x.example/a.png" },
          { type: "file", url: "javascript:alert(1)", size: 10 },
        ],
      }),
    ]);
    expect(container.querySelector("img")).toBeNull();
    expect(screen.getAllByRole("link")).toHaveLength(1);
    expect(container.textContent).toContain("Unnamed file (10 B)");
  });

  it("shows times and figures that no date can hold", () => {
    show([
      messageOf({ key: "m1", createdAt: 1e20, parts: [{ type: "text", text: "still here" }] }),
    ]);
    expect(screen.getByText("still here")).toBeTruthy();
    expect(screen.getByText("unknown time")).toBeTruthy();
  });

  it("names sender and model once for the steps of an answer", () => {
    const step = (key: string) =>
      messageOf({ key, model: "m-1", parts: [{ type: "text", text: key }] });
    show([step("m1"), step("m2")]);
    expect(screen.getAllByRole("heading", { name: "Assistant" })).toHaveLength(1);
    expect(screen.getByRole("article", { name: "Assistant, continued" })).toBeTruthy();
  });

  it("folds another branch where it stands", () => {
    const text: Part[] = [{ type: "text", text: "x" }];
    const { container } = render(
      <ConversationView
        session={sessionOf({ activeLeafKey: "m2" })}
        messages={[
          messageOf({ key: "m1", role: "user", parentKey: "r", parts: text }),
          messageOf({ key: "m2", role: "user", parentKey: "r", parts: text }),
        ]}
        loaded={new Map()}
        onLoad={() => undefined}
        loadingOf={() => "idle"}
      />,
    );
    expect(container.querySelector("details > summary")?.textContent).toBe(
      "1 message on another branch",
    );
  });
});
