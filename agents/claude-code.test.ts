import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MessageReading, Observation } from "./agent";
import { claudeCode } from "./claude-code";
import { sharedFixture } from "./testing/fixtures";
import { eventsTold } from "../capture/testing/stream-events";

const folder = join(import.meta.dirname, "fixtures", "claude-code");
const KEY = "session_01HxAbCdEf";

interface Log {
  data: { sequence_num: number; payload: Record<string, unknown> }[];
  next_cursor: string | null;
}

function body(name: string): unknown {
  const text = readFileSync(join(folder, `${name}.observation.json`), "utf8");
  return (JSON.parse(text) as { body: unknown }).body;
}
/** The whole log, oldest first. */
const log = [...(body("events") as Log).data].reverse();

function observe(tap: string, path: string, content: unknown): Observation {
  return {
    tap,
    url: `https://claude.ai${path}`,
    method: "GET",
    status: 200,
    body: typeof content === "string" ? content : JSON.stringify(content),
    isTruncated: false,
    pageUrl: `https://claude.ai/code/${KEY}`,
  };
}

function read(tap: string, path: string, content: unknown) {
  return claudeCode.taps.find(({ id }) => id === tap)!.read(observe(tap, path, content));
}

function page(query: string, data: unknown[], next: string | null = null) {
  const path = `/v1/code/sessions/${KEY}/events?${query}`;
  return read("events", path, { data, next_cursor: next })!;
}

/** Everything that readings would leave in the archive. */
function stored(readings: { session: { key: string }; messages: MessageReading[] }[]) {
  const rows = readings.flatMap(({ session, messages }) =>
    messages.map((message) => [`${session.key} ${message.key}`, message] as const),
  );
  return new Map(rows);
}

it("knows the session that a page shows, by either of its ids", () => {
  const session = (path: string) => claudeCode.session(new URL(path, "https://claude.ai"));
  expect(session("/code/session_01HxAbCdEf")).toBe(KEY);
  expect(session("/code/cse_01HxAbCdEf?tab=diff")).toBe(KEY);
  expect(session("/code")).toBeNull();
  expect(session("/chat/019e1a00-0000-7000-8000-0000000000aa")).toBeNull();
});

describe("pages of the log", () => {
  const whole = stored(page("limit=50&sort_order=desc", [...log].reverse()));

  it("gives the same messages in either order", () => {
    expect(stored(page("limit=500&sort_order=asc", log))).toEqual(whole);
    expect(stored(page("limit=50", [...log].reverse(), "more"))).toEqual(whole);
  });

  it("loses nothing where a page parts a message, and counts its tokens at most once", () => {
    for (let size = 1; size < log.length; size += 1) {
      const pages = [];
      for (let at = 0; at < log.length; at += size) {
        const next = at + size < log.length ? "c" : null;
        pages.push(...page(`limit=${size}&sort_order=asc`, log.slice(at, at + size), next));
      }
      const parted = stored(pages);
      expect([...parted.keys()]).toHaveLength(whole.size);
      for (const [key, message] of whole) {
        const { tokens, ...rest } = message;
        const { tokens: found, ...same } = parted.get(key)!;
        expect(same).toEqual(rest);
        expect([undefined, tokens]).toContainEqual(found);
      }
    }
  });

  it("takes the session's newest state only from the page that has it", () => {
    const header = (query: string, next: string | null) =>
      page(query, [...log].reverse(), next)[0]!.session;
    for (const query of ["limit=50", "limit=50&sort_order=desc"]) {
      expect(header(query, "more").cost).toBe(0.0503);
      expect(header(`${query}&cursor=c`, "more").cost).toBeUndefined();
    }
    expect(header("limit=50&sort_order=asc", "more").cost).toBeUndefined();
    expect(header("limit=50&sort_order=asc&cursor=c", null).cost).toBe(0.0503);
  });

  it("rises in the order of the log, whatever the clock said", () => {
    const shuffled = log.map((event) => ({ ...event, created_at: "2026-11-01T00:00:00Z" }));
    const [reading] = page("limit=500&sort_order=asc", shuffled);
    expect(reading!.messages.map(({ position }) => position)).toEqual(
      [...whole]
        .filter(([key]) => key.startsWith(`${KEY} `))
        .map(([, message]) => message.position),
    );
  });
});

it("joins a sub-agent to the call that started it", () => {
  const [reading, child] = page("limit=50&sort_order=desc", [...log].reverse());
  const calls = reading!.messages.flatMap(({ parts }) =>
    parts.filter((part) => part.type === "tool-call"),
  );
  expect(calls.find(({ toolName }) => toolName === "Task")?.childKey).toBe(child!.session.key);
  expect(child!.session.parentKey).toBe(reading!.session.key);
});

describe("the live stream", () => {
  const lines = log.map(({ payload }) => JSON.stringify(payload));
  const address = {
    websocket: `wss://claude.ai/v1/sessions/ws/${KEY}/subscribe?organization_uuid=o`,
    fetch: `https://claude.ai/v1/code/sessions/${KEY}/events/stream`,
    xhr: "",
  };

  it.each(claudeCode.streams!.map((stream) => [stream.transport, stream] as const))(
    "of a %s ends a turn of the session in its address with the result, and with nothing that quotes one",
    (transport, stream) => {
      const told = (texts: string[]) => eventsTold(stream, address[transport], texts);
      const said = log.filter(({ payload }) =>
        ["user", "assistant"].includes(String(payload.type)),
      );
      const results = log.filter(({ payload }) => payload.type === "result");
      expect(told(lines).sort()).toEqual([
        ...said.map(() => `running ${KEY}`),
        ...results.map(() => `settled ${KEY}`),
      ]);
      expect(said.length * results.length).toBeGreaterThan(0);
      const message = { content: lines.join("\n") };
      expect(told([JSON.stringify({ type: "user", message })])).toEqual([`running ${KEY}`]);
      expect(told([JSON.stringify({ type: "system", message })])).toEqual([]);
      const elsewhere = `https://claude.ai/v1/code/sessions/cse_9/events/stream?after=${KEY}`;
      expect(eventsTold(stream, elsewhere, ['{"type": "result"}'])).toEqual(["settled cse_9"]);
    },
  );

  it("is watched on both of its routes", () => {
    const isWatched = (path: string) =>
      claudeCode.streams!.some((stream) => new RegExp(stream.path).test(path));
    expect(isWatched(`/v1/sessions/ws/${KEY}/subscribe?organization_uuid=o`)).toBe(true);
    expect(isWatched("/v1/code/sessions/cse_01HxAbCdEf/events/stream?from_sequence_num=7")).toBe(
      true,
    );
    expect(isWatched("/v1/code/sessions/watch")).toBe(false);
  });
});

describe("history", () => {
  const history = claudeCode.history!;

  it("lists sessions that run on the site, and none that only mirror a computer of the person's", () => {
    const list = history.readList(
      observe("sessions", "/v1/code/sessions?limit=100", body("sessions")),
    );
    expect(list).toEqual({
      sessions: [{ key: KEY, updatedAt: Date.parse("2026-11-01T10:00:22Z") }],
      next: "n1",
    });
    expect(history.list("n 1").path).toBe("/v1/code/sessions?limit=100&cursor=n%201");
    expect(history.readList(observe("sessions", "/v1/code/sessions", "{}"))).toBeNull();
  });

  it("loads the session, then its log page by page, all of which its taps read", () => {
    const answers: Observation[] = [];
    const contents = [
      body("session"),
      { data: log.slice(0, 9), next_cursor: "c/9" },
      { data: log.slice(9), next_cursor: null },
    ];
    const asked: string[] = [];
    for (;;) {
      const request = history.load(KEY, answers);
      if (!request) break;
      asked.push(request.path);
      const tap = claudeCode.taps.find(({ id }) => id === request.tap)!;
      expect(request.path).toMatch(new RegExp(tap.path));
      answers.push(observe(request.tap, request.path, contents[answers.length]));
      expect(tap.read(answers.at(-1)!)).not.toBeNull();
    }
    expect(asked).toEqual([
      `/v1/code/sessions/${KEY}`,
      `/v1/code/sessions/${KEY}/events?limit=500&sort_order=asc`,
      `/v1/code/sessions/${KEY}/events?limit=500&sort_order=asc&cursor=c%2F9`,
    ]);
  });
});

describe("transcripts on disk", () => {
  const rule = claudeCode.imports![0]!;
  const at = (seconds: number) => `2026-11-01T10:00:${String(seconds).padStart(2, "0")}.000Z`;
  const line = (
    uuid: string,
    parentUuid: string | null,
    type: string,
    content: unknown,
    more: object = {},
  ) => ({
    ...{ uuid, parentUuid, type, sessionId: "5e55", cwd: "/home/person/shop", slug: "calm-otter" },
    ...{ timestamp: at(Number(uuid.slice(1))), message: { role: type, content } },
    ...more,
  });
  const task = { type: "tool_use", id: "toolu_1", name: "Task", input: { prompt: "Look" } };
  const lines = [
    { type: "summary", summary: "Tests of the shop", leafUuid: "u9" },
    { type: "file-history-snapshot", messageId: "u1", snapshot: {} },
    line("u1", null, "user", "Look at it"),
    line("u2", "u1", "assistant", [task]),
    line("u3", "u2", "user", [{ type: "tool_result", tool_use_id: "toolu_1", content: "done" }], {
      toolUseResult: { agentId: "a77" },
    }),
    line("u4", "u3", "progress", []),
    line("u5", "u4", "assistant", [{ type: "text", text: "First" }]),
    line("u6", "u5", "user", "No, else"),
    line("u7", "u6", "assistant", [{ type: "text", text: "Second" }]),
    line("u8", "u5", "user", "Another way"),
    line("u9", "u8", "assistant", [{ type: "text", text: "Third" }]),
  ];

  it("gives the tree, the shown branch, the title and the folder", () => {
    const [reading] = rule.read(lines, "projects/-home-person-shop/5e55.jsonl")!;
    expect(reading!.session).toEqual({
      agent: "claude-code",
      key: "5e55",
      title: "Tests of the shop",
      activeLeafKey: "u9",
      projectPath: "/home/person/shop",
      projectName: "shop",
      createdAt: Date.parse(at(1)),
      updatedAt: Date.parse(at(9)),
    });
    expect(reading!.messages.map(({ key, parentKey, role }) => [key, parentKey, role])).toEqual([
      ["u1", undefined, "user"],
      ["u2", "u1", "assistant"],
      ["u3", "u2", "tool"],
      ["u5", "u3", "assistant"],
      ["u6", "u5", "user"],
      ["u7", "u6", "assistant"],
      ["u8", "u5", "user"],
      ["u9", "u8", "assistant"],
    ]);
  });

  it("gives a sub-agent's file to the session of the call that started it", () => {
    const [reading] = rule.read(lines, "5e55.jsonl")!;
    const call = reading!.messages[1]!.parts[0]!;
    const own = [
      line("u3", null, "user", "Look", { isSidechain: true, agentId: "a77" }),
      line("u4", "u3", "assistant", [{ type: "text", text: "Seen" }], {
        ...{ isSidechain: true, agentId: "a77" },
      }),
    ];
    const [child, ...rest] = rule.read(own, "agent-a77.jsonl")!;
    expect(rest).toEqual([]);
    expect(call).toMatchObject({ type: "tool-call", childKey: child!.session.key });
    expect(child!.session).toMatchObject({ key: "5e55/a77", parentKey: "5e55" });
    expect(child!.messages).toHaveLength(2);
  });

  it("leaves other files to their agents", () => {
    expect(new RegExp(rule.file).test("a/b/5e55.jsonl")).toBe(true);
    expect(
      rule.read([{ timestamp: at(1), type: "session_meta", payload: {} }], "r.jsonl"),
    ).toBeNull();
    expect(rule.read([], "empty.jsonl")).toBeNull();
    expect(rule.read([lines[0]], "only-a-summary.jsonl")).toEqual([]);
  });

  const sample = sharedFixture("claude-code/simonw-local-session.jsonl");
  it.skipIf(!sample)("reads the sample of a transcript (skipped where it is missing)", () => {
    const text = readFileSync(sample!, "utf8").trim().split("\n");
    const [reading] = rule.read(
      text.map((item) => JSON.parse(item) as unknown),
      "test-session-id.jsonl",
    )!;
    expect(reading!.session).toMatchObject({ key: "test-session-id", projectName: "project" });
    expect(reading!.messages.map(({ role }) => role).join(" ")).toBe(
      "user assistant tool assistant tool user assistant",
    );
  });
});

const ingress = sharedFixture("claude-code/simonw-session_ingress-loglines.json");
it.skipIf(!ingress)("reads the sample of the older log (skipped where it is missing)", () => {
  const text = readFileSync(ingress!, "utf8");
  const { loglines } = JSON.parse(text) as { loglines: unknown[] };
  const [reading] = read("events", `/v1/session_ingress/session/${KEY}`, text)!;
  expect(reading!.messages).toHaveLength(loglines.length);
  const parts = reading!.messages.flatMap(({ parts: all }) => all);
  const count = (type: string) => parts.filter((part) => part.type === type).length;
  expect(count("tool-call")).toBe(count("tool-result"));
  expect(reading!.messages.filter(({ role }) => role === "system")).toHaveLength(1);
});

const sampleEvents = sharedFixture("synthetic/claude-code-events.json");
it.skipIf(!sampleEvents)("reads the sample of events (skipped where it is missing)", () => {
  const path = `/v1/code/sessions/${KEY}/events?limit=50&sort_order=desc`;
  const [reading] = read("events", path, readFileSync(sampleEvents!, "utf8"))!;
  expect(reading!.messages.map(({ role, position }) => [role, position])).toEqual([
    ["user", 2],
    ["assistant", 3],
    ["assistant", 4],
    ["tool", 5],
    ["assistant", 6],
  ]);
  expect(reading!.session).toMatchObject({
    cost: 0.0123,
    durationMs: 5000,
    model: "claude-opus-5",
  });
  expect(reading!.messages.map(({ tokens }) => tokens?.output)).toEqual([
    undefined,
    undefined,
    40,
    undefined,
    8,
  ]);
});
