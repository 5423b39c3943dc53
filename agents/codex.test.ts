import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Observation, Reading } from "./agent";
import { codex } from "./codex";
import { loadFixtures, read, sharedFixture } from "./testing/fixtures";

const fixtures = new Map(
  loadFixtures()
    .filter(({ agentId }) => agentId === "codex")
    .map(({ name, observation }) => [name.slice(6, -".observation.json".length), observation]),
);

function readingOf(name: string): Reading {
  return read(codex, fixtures.get(name)!)![0]!;
}

function details(key: string, body: string): Observation {
  return { ...fixtures.get("task-completed")!, body, url: taskUrl(key) };
}

function taskUrl(key: string): string {
  return `https://chatgpt.com/backend-api/wham/tasks/${key}`;
}

describe("a task", () => {
  it("keeps the attempts at a turn as siblings, in their order", () => {
    const [, shown] = readingOf("task-completed").messages;
    const others = readingOf("siblings").messages;
    expect(others.map(({ parentKey }) => parentKey)).toEqual([shown!.parentKey, shown!.parentKey]);
    const positions = [shown!, ...others].map(({ position }) => position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(new Set(positions).size).toBe(3);
  });

  it("gives a turn the same message while it is the current one and when only its diff still is", () => {
    const current = readingOf("task-completed").messages[1]!;
    const later = readingOf("task-failed").messages[0]!;
    expect({ ...later, parts: [] }).toStrictEqual({ ...current, parts: [] });
    const kept = (parts: typeof current.parts) => parts.filter(({ type }) => type !== "tool-call");
    expect(kept(later.parts)).toStrictEqual(kept(current.parts));
  });

  it("keeps a message's place from its first answer to its last", () => {
    const places = (name: string) =>
      readingOf(name).messages.map(({ key, position, state }) => [key, position, state]);
    const [prompt, answer] = places("task-completed");
    expect(places("task-running")).toEqual([prompt, [...answer!.slice(0, 2), "partial"]]);
  });

  it("is not read from an answer to another request", () => {
    const { body } = fixtures.get("task-completed")!;
    expect(read(codex, details("task_other", body))).toBeNull();
    expect(read(codex, details("list", body))).toBeNull();
    expect(read(codex, details("task_e_68f1a2b3c4d5", '{"detail":"none"}'))).toBeNull();
  });

  it.each([
    ["/backend-api/wham/tasks/task_e_1", ["task"]],
    ["/backend-api/wham/tasks/task_e_1/turns/task_e_1~assttrn_1/sibling_turns", ["siblings"]],
    ["/backend-api/wham/tasks/list?limit=20", []],
    ["/backend-api/wham/tasks/rate_limit", []],
    ["/backend-api/wham/tasks/task_e_1/logs", []],
  ])("%s is copied by %j", (path, taps) => {
    const found = codex.taps.filter((tap) => new RegExp(tap.path).test(path));
    expect(found.map(({ id }) => id)).toEqual(taps);
  });

  it.each([
    ["/codex/tasks/task_e_68f1", "task_e_68f1"],
    ["/codex/tasks/task_e_68f1/?tab=diff", "task_e_68f1"],
    ["/codex/cloud/tasks/task_e_68f1", "task_e_68f1"],
    ["/codex", null],
    ["/c/6a1f3c2e-8d40", null],
  ])("%s shows %s", (path, key) => {
    expect(codex.session(new URL(path, "https://chatgpt.com"))).toBe(key);
  });
});

/** A line of a session file, one second after the other. */
function line(second: number, type: string, payload: unknown) {
  return { timestamp: new Date(1_795_000_000_000 + second * 1000).toISOString(), type, payload };
}
const item = (second: number, payload: unknown) => line(second, "response_item", payload);
const said = (second: number, role: string, text: string) =>
  item(second, {
    type: "message",
    role,
    content: [{ type: role === "assistant" ? "output_text" : "input_text", text }],
  });
const count = (second: number, input: number, output: number) =>
  line(second, "event_msg", {
    type: "token_count",
    info: {
      total_token_usage: {
        input_tokens: input,
        cached_input_tokens: 100,
        output_tokens: output,
        reasoning_output_tokens: 10,
        total_tokens: input + output,
      },
    },
  });

const ID = "0199a1b2-0000-7000-8000-000000000001";
const LINES = [
  line(0, "session_meta", {
    id: ID,
    timestamp: "2026-11-18T13:46:40.000Z",
    cwd: "/home/dev/shop",
    originator: "codex_cli_rs",
    model_provider: "openai",
    git: { branch: "main", repository_url: "https://token@github.com/octo/shop.git" },
  }),
  said(1, "developer", "You are Codex."),
  said(1, "user", "<environment_context>\n<cwd>/home/dev/shop</cwd>\n</environment_context>"),
  line(2, "turn_context", { cwd: "/home/dev/shop", model: "gpt-5-codex" }),
  said(2, "user", "List the files."),
  line(2, "event_msg", { type: "user_message", message: "List the files." }),
  item(3, {
    type: "reasoning",
    summary: [{ type: "summary_text", text: "**Listing**" }],
    encrypted_content: "gAAAA",
  }),
  item(4, {
    type: "function_call",
    name: "shell",
    arguments: '{"command":["ls"]}',
    call_id: "call_1",
  }),
  item(5, {
    type: "function_call_output",
    call_id: "call_1",
    output: '{"output":"prices.ts\\n","metadata":{"exit_code":0,"duration_seconds":0.1}}',
  }),
  count(5, 1000, 50),
  item(6, { type: "ghost_snapshot", ghost_commit: { id: "abc" } }),
  said(7, "assistant", "There is one file."),
  count(8, 2500, 90),
  count(8, 2500, 90),
  said(20, "user", "Change it."),
  item(21, {
    type: "custom_tool_call",
    status: "completed",
    call_id: "call_2",
    name: "apply_patch",
    input: "*** Begin Patch",
  }),
  item(22, {
    type: "custom_tool_call_output",
    call_id: "call_2",
    output: '{"output":"No such file","metadata":{"exit_code":1}}',
  }),
  item(22, { type: "web_search_call", call_id: "w", action: { type: "search", query: "prices" } }),
  item(23, { type: "novelty", value: 1 }),
  count(24, 4000, 200),
  line(25, "event_msg", { type: "turn_aborted", reason: "interrupted" }),
  line(30, "compacted", { message: "Files were listed." }),
];

describe("a session file of the command line", () => {
  const { read: readLines, file } = codex.imports![0]!;
  const reading = readLines(LINES, "rollout-x.jsonl")![0]!;

  it("has the session under the id that the command line gave it", () => {
    expect(reading.session).toEqual({
      agent: "codex",
      key: ID,
      activeLeafKey: "line-21",
      projectPath: "/home/dev/shop",
      projectName: "shop",
      model: "gpt-5-codex",
      provider: "openai",
      tokens: { input: 3900, output: 190, reasoning: 10, cacheRead: 100, total: 4200 },
      createdAt: 1_795_009_600_000,
      updatedAt: 1_795_000_030_000,
    });
  });

  it("has what was said, thought and done, and nothing that was put in", () => {
    expect(reading.messages.map(({ key, parentKey, role }) => [key, parentKey, role])).toEqual([
      ["line-4", undefined, "user"],
      ["line-6", "line-4", "assistant"],
      ["line-14", "line-6", "user"],
      ["line-15", "line-14", "assistant"],
      ["line-21", "line-15", "system"],
    ]);
    expect(reading.messages[1]).toMatchObject({
      model: "gpt-5-codex",
      createdAt: 1_795_000_003_000,
      completedAt: 1_795_000_007_000,
      parts: [
        { type: "reasoning", text: "**Listing**" },
        { type: "tool-call", toolCallId: "call_1", toolName: "shell", input: '{"command":["ls"]}' },
        {
          type: "tool-result",
          toolCallId: "call_1",
          output: "prices.ts\n",
          metadata: '{"exit_code":0,"duration_seconds":0.1}',
        },
        { type: "text", text: "There is one file." },
      ],
    });
    expect(JSON.stringify(reading)).not.toMatch(/gAAAA|environment_context|You are Codex|token@/);
  });

  it("marks what failed, was stopped, or is not known", () => {
    expect(reading.messages[3]).toMatchObject({
      finish: "interrupted",
      parts: [
        { toolName: "apply_patch", input: '{"input":"*** Begin Patch"}' },
        { type: "tool-result", output: "No such file", isError: true },
        { toolName: "web_search", input: '{"type":"search","query":"prices"}' },
        { type: "unknown", kind: "novelty" },
      ],
    });
  });

  it("gives each turn the tokens that it used, although counts are repeated", () => {
    const tokens = reading.messages.map((message) => message.tokens?.total);
    expect(tokens).toEqual([undefined, 2590, undefined, 1610, undefined]);
    expect(reading.messages[1]!.tokens).toEqual({
      input: 2400,
      output: 80,
      reasoning: 10,
      cacheRead: 100,
      total: 2590,
    });
  });

  it("keeps the keys of messages when more is added to the file", () => {
    const before = readLines(LINES.slice(0, 12), "rollout-x.jsonl")![0]!;
    expect(before.messages.map(({ key }) => key)).toEqual(["line-4", "line-6"]);
  });

  it("reads the lines of before 2025-09, which are the items themselves", () => {
    const old = [
      { id: ID, timestamp: "2025-07-01T10:00:00Z", instructions: null },
      { record_type: "state" },
      { type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hi" }] },
    ];
    const [{ session, messages }] = readLines(old, "rollout-x.jsonl") as [Reading];
    expect(session).toMatchObject({ key: ID, activeLeafKey: "line-3" });
    expect(messages.map(({ parts }) => parts)).toEqual([
      [{ type: "text", text: "Hello" }],
      [{ type: "text", text: "Hi" }],
    ]);
  });

  it("is told from other files", () => {
    expect(new RegExp(file).test("sessions/2026/11/21/rollout-2026-11-21-a.jsonl")).toBe(true);
    expect(new RegExp(file).test("history.jsonl")).toBe(false);
    expect(readLines([{ type: "user", sessionId: "a", uuid: "b" }], "rollout-a.jsonl")).toBeNull();
    expect(readLines({}, "rollout-a.jsonl")).toBeNull();
    expect(readLines(LINES.slice(0, 4), "rollout-a.jsonl")).toEqual([]);
  });
});

/** Real data lies beside the checkout, where there is any. */
describe("real data, kept outside of the project", () => {
  const withDiff = sharedFixture("codex/openai-codex-task_details_with_diff.json");
  const withError = sharedFixture("codex/openai-codex-task_details_with_error.json");

  it.skipIf(!withDiff)("a task with a diff", () => {
    const body = readFileSync(withDiff!, "utf8");
    const [{ session, messages }] = read(codex, details("task_123", body)) as [Reading];
    expect(session).toMatchObject({ key: "task_123", title: "Refactor cloud task client" });
    expect(messages.map(({ parts }) => parts.map(({ type }) => type))).toEqual([
      ["text", "text"],
      ["text", "tool-call", "tool-result"],
    ]);
  });

  it.skipIf(!withError)("a task that failed", () => {
    const body = readFileSync(withError!, "utf8");
    const [{ messages }] = read(codex, details("task_456", body)) as [Reading];
    expect(messages).toMatchObject([
      { error: { name: "APPLY_FAILED", message: "Patch could not be applied" }, state: "final" },
    ]);
    expect(messages[0]!.parts.map(({ type }) => type)).toEqual(["tool-call", "tool-result"]);
  });
});
