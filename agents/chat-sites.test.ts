import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Agent, Observation, Readings } from "./agent";
import { agentById } from "./index";
import { read, sharedFixture } from "./testing/fixtures";
import { bodyTold, eventsTold } from "../capture/testing/stream-events";

function agent(id: string): Agent {
  const found = agentById(id);
  if (!found) throw new Error(`no agent ${id}`);
  return found;
}

function readAs(id: string, observation: Partial<Observation>): Readings {
  const url = observation.url ?? "";
  const head = { method: "POST", status: 200, isTruncated: false, pageUrl: url, body: "", tap: "" };
  return read(agent(id), { ...head, ...observation, url });
}

describe.each([
  ["copilot", "https://copilot.microsoft.com/chats/Q7xkExample_chat-01", "Q7xkExample_chat-01"],
  ["copilot", "https://copilot.microsoft.com/", null],
  ["copilot", "https://copilot.microsoft.com/shares/Q7xkExample", null],
  [
    "qwen",
    "https://chat.qwen.ai/c/2f6d1c0e-77aa-4a3e-8c55-9b0d2a7c1e01?x=1",
    "2f6d1c0e-77aa-4a3e-8c55-9b0d2a7c1e01",
  ],
  ["qwen", "https://chat.qwen.ai/s/2f6d1c0e-77aa-4a3e-8c55-9b0d2a7c1e01", null],
  ["qwen", "https://chat.qwen.ai/c/new-chat", null],
  [
    "kimi",
    "https://www.kimi.com/chat/d0kimi0chat0example1?chat_enter_method=home",
    "d0kimi0chat0example1",
  ],
  ["kimi", "https://www.kimi.com/share/d0kimi", null],
  [
    "zai",
    "https://chat.z.ai/c/7b1c2a52-0d7e-4f2b-9a52-3f1f0c6f9a10",
    "7b1c2a52-0d7e-4f2b-9a52-3f1f0c6f9a10",
  ],
  ["zai", "https://chat.z.ai/", null],
  [
    "mistral",
    "https://chat.mistral.ai/chat/11aa22bb-33cc-4dd4-8ee5-66ff77aa88bb",
    "11aa22bb-33cc-4dd4-8ee5-66ff77aa88bb",
  ],
  ["mistral", "https://chat.mistral.ai/chat", null],
  [
    "github-copilot",
    "https://github.com/copilot/c/5d1f0a77-3c2e-4b7a-9c11-aa22bb33cc44",
    "5d1f0a77-3c2e-4b7a-9c11-aa22bb33cc44",
  ],
  ["github-copilot", "https://github.com/acme/site/pull/42", null],
  [
    "copilot-agent",
    "https://github.com/acme/site/pull/42/agent-sessions/c0de0000-1111-4222",
    "c0de0000-1111-4222",
  ],
  ["copilot-agent", "https://github.com/acme/site/tasks/c0de0000-1111-4222/", "c0de0000-1111-4222"],
  ["copilot-agent", "https://github.com/copilot/c/5d1f0a77-3c2e-4b7a-9c11-aa22bb33cc44", null],
  [
    "huggingchat",
    "https://huggingface.co/chat/conversation/64f0aa11bb22cc33dd44ee55?leafId=x",
    "64f0aa11bb22cc33dd44ee55",
  ],
  ["huggingchat", "https://huggingface.co/datasets/a/b", null],
  [
    "t3-chat",
    "https://t3.chat/chat/3e5d1f0a-1111-4222-8333-9c9c9c9c9c9c",
    "3e5d1f0a-1111-4222-8333-9c9c9c9c9c9c",
  ],
  ["t3-chat", "https://t3.chat/share/3e5d1f0a-1111", null],
  ["poe", "https://poe.com/chat/2exampleCode01", "2exampleCode01"],
  ["poe", "https://poe.com/es/chat/2exampleCode01", "2exampleCode01"],
  ["poe", "https://poe.com/Claude-Sonnet", null],
])("%s", (id, url, key) => {
  it(`shows ${key ?? "no session"} at ${url}`, () => {
    expect(agent(id).session(new URL(url))).toBe(key);
  });
});

/** Bodies beside the checkout, invented in the formats that are documented; where they are missing the tests are skipped and say so. */
const synthetic = {
  qwen: sharedFixture("synthetic/qwen-completions.sse"),
  zai: sharedFixture("synthetic/zai-completions.sse"),
  github: sharedFixture("synthetic/github-copilot-messages.sse"),
  kimi: sharedFixture("synthetic/kimi-chat.connect.bin"),
  copilot: sharedFixture("synthetic/ms-copilot-ws.jsonl"),
};

describe("the synthetic streams", () => {
  it.skipIf(!synthetic.qwen)("Qwen: question, summary of thought, answer, tokens", () => {
    const readings = readAs("qwen", {
      tap: "completion",
      url: "https://chat.qwen.ai/api/v2/chat/completions?chat_id=q1",
      request: JSON.stringify({
        chat_id: "q1",
        model: "qwen3-max",
        messages: [{ fid: "p0", role: "user", content: "6 × 7?", timestamp: 1_795_000_000 }],
      }),
      body: readFileSync(synthetic.qwen!, "utf8"),
    });
    expect(readings?.[0]?.messages).toMatchObject([
      { key: "p0", role: "user", parts: [{ type: "text", text: "6 × 7?" }] },
      {
        key: "p1",
        parentKey: "p0",
        state: "final",
        tokens: { input: 9, output: 2, total: 11 },
        parts: [
          { type: "reasoning", text: "**Plan**\n\nCompute it" },
          { type: "text", text: "42" },
        ],
      },
    ]);
  });

  it.skipIf(!synthetic.zai)("Z.ai: an edit replaces what came before it", () => {
    const readings = readAs("zai", {
      tap: "completion",
      url: "https://chat.z.ai/api/v2/chat/completions?timestamp=1795000000000",
      request: JSON.stringify({
        chat_id: "c",
        id: "a",
        current_user_message_id: "u",
        messages: [],
      }),
      body: readFileSync(synthetic.zai!, "utf8"),
    });
    expect(readings?.[0]?.messages).toMatchObject([
      {
        key: "a",
        parentKey: "u",
        state: "final",
        tokens: { input: 9, output: 4, total: 13 },
        parts: [
          { type: "reasoning", text: "Hmm" },
          { type: "text", text: "42" },
        ],
      },
    ]);
  });

  it.skipIf(!synthetic.github)("GitHub Copilot: the last event names question and answer", () => {
    const readings = readAs("github-copilot", {
      tap: "turn",
      url: "https://api.enterprise.githubcopilot.com/github/chat/threads/t1/messages",
      request: JSON.stringify({ content: "Say hello", parentMessageID: "m0" }),
      body: readFileSync(synthetic.github!, "utf8"),
    });
    expect(readings?.[0]?.messages).toMatchObject([
      { key: "m1", parentKey: "m0", parts: [{ type: "text", text: "Say hello" }] },
      {
        key: "m2",
        parentKey: "m1",
        model: "gpt-x",
        tokens: { input: 5, output: 2 },
        parts: [{ type: "text", text: "Hello" }],
      },
    ]);
  });

  it.skipIf(!synthetic.kimi)("Kimi: a frame that comes twice counts once", () => {
    const readings = readAs("kimi", {
      tap: "chat",
      url: "https://www.kimi.com/apiv2/kimi.gateway.chat.v1.ChatService/Chat",
      body: readFileSync(synthetic.kimi!).toString("utf8"),
    });
    expect(readings?.[0]).toMatchObject({
      session: { key: "d0chat", title: "New" },
      messages: [
        {
          key: "m1",
          parentKey: "m0",
          state: "final",
          parts: [
            { type: "reasoning", text: "Let me see" },
            { type: "text", text: "42" },
          ],
        },
      ],
    });
  });

  it.skipIf(!synthetic.copilot)(
    "Microsoft Copilot: the events tell when to ask, and the title",
    () => {
      const lines = readFileSync(synthetic.copilot!, "utf8").trim().split("\n");
      const [stream] = agent("copilot").streams ?? [];
      const url = "wss://copilot.microsoft.com/c/api/chat?api-version=2";
      const told = ["running cv1", "running cv1", "settled"];
      expect(eventsTold(stream!, url, lines)).toEqual(told);
      expect(eventsTold(stream!, url, lines.slice(-1))).toEqual(["settled"]);
      const readings = readAs("copilot", {
        tap: "title",
        url: "wss://copilot.microsoft.com/c/api/chat?api-version=2",
        body: lines.join("\n"),
      });
      expect(readings).toMatchObject([
        { session: { key: "cv1", title: "Greeting" }, messages: [] },
      ]);
    },
  );
});

describe("what is alike on several sites", () => {
  const chat = { id: "12345678", title: "t", chat: { history: { messages: {}, currentId: null } } };

  it("is read only from its own host", () => {
    const path = "/api/v1/chats/12345678";
    const observation = { tap: "chat", method: "GET", body: JSON.stringify(chat) };
    expect(readAs("zai", { ...observation, url: `https://chat.z.ai${path}` })).toHaveLength(1);
    expect(readAs("zai", { ...observation, url: `https://chat.example.org${path}` })).toBeNull();
  });

  it("gives one Qwen's stream and tree the same parts and places", () => {
    const fixture = (name: string): unknown =>
      JSON.parse(
        readFileSync(
          join(import.meta.dirname, "fixtures", "qwen", `${name}.expected.json`),
          "utf8",
        ),
      );
    const [tree] = fixture("chat") as NonNullable<Readings>;
    const [turn] = fixture("completion") as NonNullable<Readings>;
    for (const live of turn!.messages) {
      const loaded = tree!.messages.find(({ key }) => key === live.key);
      expect({ ...loaded, createdAt: live.createdAt }).toEqual({ createdAt: undefined, ...live });
    }
  });
});

describe("HuggingChat's updates", () => {
  const [stream] = agent("huggingchat").streams!;
  const url = "https://huggingface.co/chat/conversation/64f0aa11bb22cc33dd44ee55";
  const updates = [
    { type: "status", status: "started" },
    { type: "stream", token: "It" },
  ];
  const body = (...last: object[]) =>
    [...updates, ...last].map((update) => `${JSON.stringify(update)}\n`).join("\0\0");

  it.each([
    ["its answer", { type: "finalAnswer", text: "It is.", interrupted: false }],
    ["a stop", { type: "finalAnswer", text: "It", interrupted: true }],
    ["an error of old", { type: "error", message: "No model", name: "Error" }],
    ["a failure", { type: "status", status: "error", message: "No model" }],
  ])("end a turn with %s, in the session of the address", (_, end) => {
    const told = ["settled 64f0aa11bb22cc33dd44ee55"];
    expect(bodyTold(stream!, url, body(end))).toEqual(told);
    // The last line need not be ended, and spaces may follow it.
    expect(bodyTold(stream!, url, body(end).trimEnd())).toEqual(told);
    expect(bodyTold(stream!, `${url}?x=1`, `${body(end)}${" ".repeat(4_096)}`)).toEqual(told);
  });

  it("end none while they come, whatever they quote", () => {
    const quoted = { type: "stream", token: body({ type: "finalAnswer", text: "x" }) };
    expect(bodyTold(stream!, url, body(quoted))).toEqual([]);
  });
});
