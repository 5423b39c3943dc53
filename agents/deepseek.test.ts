import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MessageReading, Observation } from "./agent";
import { deepseek } from "./deepseek";
import { patchedTurn } from "./shared/deepseek-delta";
import { sharedFixture } from "./testing/fixtures";
import { bodyTold } from "../capture/testing/stream-events";

const SESSION = "5f0c2a1e-7b3d-4c55-9a10-0d6a4e8b2f31";
const PAGE = `https://chat.deepseek.com/a/chat/s/${SESSION}`;

function observe(tap: string, url: string, body: unknown, request?: unknown): Observation {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const head = { tap, url: `https://chat.deepseek.com${url}`, status: 200, pageUrl: PAGE };
  const sent = request === undefined ? {} : { request: JSON.stringify(request) };
  return { ...head, ...sent, method: "GET", body: text, isTruncated: false };
}

function read(observation: Observation) {
  return deepseek.taps.find(({ id }) => id === observation.tap)!.read(observation);
}

function stream(...patches: unknown[]): string {
  return patches.map((patch) => `data: ${JSON.stringify(patch)}\n\n`).join("");
}

interface Replay {
  live: { url: string; body: string; requestBody: unknown }[];
  answers: { url: string; body: unknown }[];
}
const replay = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures", "deepseek", "replay.json"), "utf8"),
) as Replay;

it("reads the same messages from the stream as from the load, but for what the stream does not tell", () => {
  const [live] = replay.live;
  const [load] = replay.answers;
  const streamed = read(
    observe("turn", "/api/v0/chat/completion", live!.body, live!.requestBody),
  )![0]!.messages;
  const loaded = read(
    observe("history", `/api/v0/chat/history_messages?chat_session_id=${SESSION}`, load!.body),
  )![0]!.messages;
  const known = (message: MessageReading) => ({ ...message, tokens: undefined });
  const [prompt, answer] = loaded.slice(-2).map(known);
  expect(streamed.map(known)[1]).toEqual(answer);
  expect({ ...streamed[0], createdAt: prompt!.createdAt }).toEqual(prompt);
});

it.each([
  ["text without an operation goes on", [{ p: "response/fragments/-1/content", v: "b" }], "ab"],
  [
    "text without a path goes on",
    [{ p: "response/fragments/-1/content", v: "b" }, { v: "c" }],
    "abc",
  ],
  ["SET replaces", [{ p: "response/fragments/0/content", o: "SET", v: "z" }], "z"],
  [
    "a path that leads nowhere changes nothing",
    [{ p: "response/fragments/7/content", v: "b" }],
    "a",
  ],
  [
    "a batch's paths start at its own",
    [{ p: "response/fragments", o: "BATCH", v: [{ p: "-1/content", o: "APPEND", v: "b" }] }],
    "ab",
  ],
])("applies patches: %s", (_, patches, content) => {
  const snapshot = { v: { response: { message_id: 2, fragments: [{ content: "a" }] } } };
  expect(patchedTurn(stream(snapshot, ...patches))?.response).toEqual({
    message_id: 2,
    fragments: [{ content }],
  });
});

it("replaces a status, with or without an operation, and never touches a prototype", () => {
  const turn = patchedTurn(
    stream(
      { v: { response: { message_id: 2, status: "WIP" } } },
      { p: "response/status", v: "FINISHED" },
      { p: "response/__proto__/polluted", o: "SET", v: true },
      { p: "__proto__/polluted", o: "SET", v: true },
      { p: "response/__proto__", o: "SET", v: { polluted: true } },
    ),
  );
  expect(turn?.response?.status).toBe("FINISHED");
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(turn?.response?.polluted).toBeUndefined();
});

it("takes no answer to another site's stream as its own", () => {
  const body = 'event: delta\ndata: {"v":{"message":{"id":"1"}}}\n\n';
  const request = { chat_session_id: SESSION, prompt: "x" };
  expect(read(observe("turn", "/api/v0/chat/completion", body, request))).toBeNull();
});

it.each([
  [PAGE, SESSION],
  [`${PAGE}?from=share`, SESSION],
  ["https://chat.deepseek.com/", null],
  [`https://chat.deepseek.com/share/${SESSION}`, null],
])("knows the session that %s shows", (url, key) => {
  expect(deepseek.session(new URL(url))).toBe(key);
});

it("lists pinned sessions, then the others, page by page, and asks each without a cache version", () => {
  const history = deepseek.history!;
  const ask = (cursor: string | null, sessions: unknown[], has_more: boolean) =>
    history.readList(
      observe("list", history.list(cursor).path, {
        code: 0,
        data: { biz_code: 0, biz_data: { chat_sessions: sessions, has_more } },
      }),
    );
  const row = (id: string, updated_at: number, pinned: boolean) => ({ id, updated_at, pinned });
  expect(history.list(null).path).toBe("/api/v0/chat_session/fetch_page?lte_cursor.pinned=true");
  expect(ask(null, [row("a", 50.5, true)], false)).toEqual({
    sessions: [{ key: "a", updatedAt: 50500 }],
    next: "false",
  });
  expect(ask("false", [row("b", 40.25, false)], true)?.next).toBe("false 40.25");
  expect(history.list("false 40.25").path).toBe(
    "/api/v0/chat_session/fetch_page?lte_cursor.pinned=false&lte_cursor.updated_at=40.25",
  );
  expect(ask("false 40.25", [row("c", 30, false)], false)?.next).toBeNull();
  // A page that ends where it began would be asked for without end.
  expect(ask("false 40.25", [row("b", 40.25, false)], true)?.next).toBeNull();
  // The first list went on with the others.
  expect(ask(null, [row("a", 50, true), row("b", 40, false)], false)?.next).toBeNull();
  expect(history.readList(observe("list", "/x", "<html>"))).toBeNull();

  expect(history.load("a", [])).toEqual({
    method: "GET",
    path: "/api/v0/chat/history_messages?chat_session_id=a",
    tap: "history",
  });
  expect(history.load("a", [observe("history", "/x", {})])).toBeNull();
});

it("imports a session of the export under the ids that it has on the site", () => {
  const entry = {
    id: SESSION,
    title: "Tides",
    inserted_at: "2026-11-18T09:40:00.512000+08:00",
    updated_at: "2026-11-18T09:50:00+08:00",
    mapping: {
      root: { id: "root", parent: null, children: ["1"], message: null },
      "1": {
        id: "1",
        parent: "root",
        children: ["2"],
        message: {
          files: [{ file_name: "a.txt", file_size: 3 }],
          model: "deepseek-chat",
          inserted_at: "2026-11-18T09:40:01+08:00",
          fragments: [{ type: "REQUEST", content: "Hi" }],
        },
      },
      "2": {
        id: "2",
        parent: "1",
        children: [],
        message: {
          files: [],
          model: "deepseek-chat",
          inserted_at: "2026-11-18T09:40:02+08:00",
          fragments: [
            { type: "THINK", content: "Greet." },
            { type: "RESPONSE", content: "Hello" },
          ],
        },
      },
    },
  };
  expect(deepseek.imports![0]!.read(entry, "conversations.json")).toEqual([
    {
      session: {
        agent: "deepseek",
        key: SESSION,
        title: "Tides",
        url: PAGE,
        activeLeafKey: "2",
        createdAt: Date.parse("2026-11-18T01:40:00.512Z"),
        updatedAt: Date.parse("2026-11-18T01:50:00Z"),
      },
      messages: [
        {
          key: "1",
          role: "user",
          position: 1,
          state: "final",
          createdAt: Date.parse("2026-11-18T01:40:01Z"),
          parts: [
            { type: "text", text: "Hi" },
            { type: "file", name: "a.txt", size: 3 },
          ],
        },
        {
          key: "2",
          parentKey: "1",
          role: "assistant",
          position: 2,
          state: "final",
          model: "deepseek-chat",
          createdAt: Date.parse("2026-11-18T01:40:02Z"),
          parts: [
            { type: "reasoning", text: "Greet." },
            { type: "text", text: "Hello" },
          ],
        },
      ],
    },
  ]);
});

it("does not take another product's export for its own", () => {
  const chatgpt = {
    id: "1",
    title: "x",
    mapping: { a: { id: "a", parent: null, message: { content: { parts: ["x"] } } } },
  };
  for (const entry of [chatgpt, {}, null, "x", { id: "1", mapping: {} }]) {
    expect(deepseek.imports![0]!.read(entry, "conversations.json")).toBeNull();
  }
});

describe("a load", () => {
  const [stream] = deepseek.streams!;
  const url = `https://chat.deepseek.com/api/v0/chat/history_messages?chat_session_id=${SESSION}`;
  const body = (cache_control: string, text = "") => {
    const fragments = [{ id: 1, type: "REQUEST", content: text }];
    const chat_messages = [{ message_id: 1, role: "USER", fragments }];
    const biz_data = { chat_session: { id: SESSION }, chat_messages, cache_control };
    return JSON.stringify({ code: 0, data: { biz_code: 0, biz_data } });
  };
  const merge = body("MERGE");

  it.each([`${url}&cache_version=9`, url.replace("?", "?cache_version=9&count=50&")])(
    "is asked for as a whole where the page has a part of it: %s",
    (address) => {
      expect(bodyTold(stream!, address, merge)).toEqual([`settled ${SESSION}`]);
    },
  );

  it("is not asked for again where it is whole, whatever its messages quote", () => {
    expect(bodyTold(stream!, url, body("REPLACE", merge))).toEqual([]);
    expect(bodyTold(stream!, url, JSON.stringify({ code: 40003, data: null }))).toEqual([]);
  });
});

const sample = sharedFixture("deepseek/andrmkrff-official-export-sample.json");
it.skipIf(sample === null)("reads a published sample of the export, branches and all", () => {
  const entry: unknown = JSON.parse(readFileSync(sample!, "utf8"));
  const [reading] = deepseek.imports![0]!.read(entry, "conversations.json")!;
  expect(reading!.session).toMatchObject({ key: "sample_123", activeLeafKey: "5" });
  expect(reading!.messages.map(({ key, parentKey, role }) => [key, parentKey, role])).toEqual([
    ["1", undefined, "user"],
    ["2", "1", "assistant"],
    ["3", undefined, "user"],
    ["4", "3", "assistant"],
    ["5", "4", "user"],
  ]);
  expect(reading!.messages[1]!.parts.map(({ type }) => type)).toEqual(["reasoning", "text"]);
});

const synthetic = sharedFixture("synthetic/deepseek-completion.sse");
it.skipIf(synthetic === null)("reads the documented stream", () => {
  const body = readFileSync(synthetic!, "utf8");
  const request = { chat_session_id: SESSION, parent_message_id: null, prompt: "6*7?" };
  const [reading] = read(observe("turn", "/api/v0/chat/completion", body, request))!;
  expect(reading!.session.title).toBe("The answer");
  expect(reading!.messages[1]).toMatchObject({
    key: "2",
    parentKey: "1",
    state: "final",
    parts: [
      { type: "reasoning", text: "Hmm, easy." },
      { type: "text", text: "42!" },
    ],
  });
});
