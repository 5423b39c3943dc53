import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Observation } from "./agent";
import { claude } from "./claude";
import { sharedFixture } from "./testing/fixtures";
import { bodyTold } from "../capture/testing/stream-events";

const folder = join(import.meta.dirname, "fixtures", "claude");
const ORG = "7d1c2b3a-1111-4222-8333-444455556666";
const KEY = "019e1a00-0000-7000-8000-0000000000aa";

function fixture(name: string): Observation & { body: unknown; request?: unknown } {
  return JSON.parse(readFileSync(join(folder, `${name}.observation.json`), "utf8")) as Observation;
}

function observe(tap: string, path: string, body: unknown, request?: unknown): Observation {
  return {
    tap,
    url: `https://claude.ai${path}`,
    method: tap === "completion" ? "POST" : "GET",
    status: 200,
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(request === undefined ? {} : { request: JSON.stringify(request) }),
    isTruncated: false,
    pageUrl: "https://claude.ai/new",
  };
}

function read(observation: Observation) {
  return claude.taps.find(({ id }) => id === observation.tap)!.read(observation);
}

it("knows the session that a page shows", () => {
  const session = (path: string) => claude.session(new URL(path, "https://claude.ai"));
  expect(session(`/chat/${KEY}`)).toBe(KEY);
  expect(session(`/chat/${KEY}?incognito`)).toBe(KEY);
  expect(session("/new?incognito")).toBeNull();
  expect(session("/code/session_01abc")).toBeNull();
  // Somebody's snapshot is not the person's session.
  expect(session(`/share/${KEY}`)).toBeNull();
});

it("copies only loads that are whole, and no snapshot that somebody shares", () => {
  const isTapped = (path: string) => claude.taps.some((tap) => new RegExp(tap.path).test(path));
  const base = `/api/organizations/${ORG}/chat_conversations/${KEY}`;
  expect(isTapped(`${base}?tree=True&rendering_mode=messages&render_all_tools=true`)).toBe(true);
  expect(
    isTapped(`${base}?render_all_tools=true&consistency=strong&rendering_mode=messages&tree=True`),
  ).toBe(true);
  expect(isTapped(base)).toBe(false);
  expect(isTapped(`${base}?tree=True&rendering_mode=messages`)).toBe(false);
  expect(
    isTapped(
      `/api/organizations/${ORG}/chat_snapshots/${KEY}?rendering_mode=messages&render_all_tools=true`,
    ),
  ).toBe(false);
});

it("reads an answer while it is written exactly as a later load does, but for what only the load has", () => {
  const live = fixture("completion");
  const [turn] = read(observe("completion", new URL(live.url).pathname, live.body, live.request))!;
  const load = fixture("conversation");
  const [whole] = read(
    observe("conversation", new URL(load.url).pathname + new URL(load.url).search, load.body),
  )!;
  const answer = { ...whole!.messages[1]!, createdAt: undefined };
  expect({ ...turn!.messages[1], createdAt: undefined }).toEqual(answer);
  expect(turn!.messages.map(({ key, position }) => ({ key, position }))).toEqual(
    whole!.messages.slice(0, 2).map(({ key, position }) => ({ key, position })),
  );
});

it("takes an answer as whole by its end mark, also when the page then let go of the stream", () => {
  const live = fixture("completion");
  const path = new URL(live.url).pathname;
  const whole = observe("completion", path, live.body, live.request);
  expect(read({ ...whole, isTruncated: true })![0]!.messages[1]!.state).toBe("final");
  const cut = String(live.body).replace(/event: message_stop\n.*\n\n$/, "");
  expect(read({ ...whole, body: cut })![0]!.messages[1]!.state).toBe("partial");
});

it("keeps the messages that are whole of a conversation that was too long, and names no leaf", () => {
  const load = fixture("conversation");
  const url = new URL(load.url);
  const whole = observe("conversation", url.pathname + url.search, load.body);
  const cut = whole.body.slice(0, whole.body.indexOf("Make a table instead"));
  const [reading] = read({ ...whole, body: cut, isTruncated: true })!;
  const [expected] = read(whole)!;
  expect(reading!.messages).toEqual(expected!.messages.slice(0, 5));
  expect(reading!.session).toMatchObject({ key: KEY, title: "Weather in Paris" });
  expect(reading!.session.activeLeafKey).toBeUndefined();
  expect(read({ ...whole, body: cut })).toBeNull();
});

it("gives the answer of another conversation to nobody", () => {
  const load = fixture("conversation");
  const path = `/api/organizations/${ORG}/chat_conversations/019e1a00-0000-7000-8000-0000000000bb?rendering_mode=messages&render_all_tools=true`;
  expect(read(observe("conversation", path, load.body))).toBeNull();
});

describe("the page's binary stream", () => {
  const stream = claude.streams![0]!;
  const utf8 = new TextEncoder();

  function varint(value: number): number[] {
    return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
  }
  const number = (field: number, value: number) => [...varint(field * 8), ...varint(value)];
  const bytes = (field: number, inner: number[]) => [
    ...varint(field * 8 + 2),
    ...varint(inner.length),
    ...inner,
  ];
  const text = (field: number, value: string) => bytes(field, [...utf8.encode(value)]);
  const time = (field: number) => bytes(field, [...number(1, 1793527198), ...number(2, 5000)]);

  function conversation(status: number, title?: string): number[] {
    const named = title === undefined ? [] : text(2, title);
    return [...text(1, KEY), ...named, ...number(3, status), ...time(4), ...time(5)];
  }
  /** One Connect frame of a StreamTimelineResponse with a ConversationUpdate. */
  function frame(update: number[]): number[] {
    const payload = bytes(1, [...bytes(1, update), ...number(10, 7)]);
    const length = payload.length;
    return [
      0,
      length >>> 24,
      (length >>> 16) & 255,
      (length >>> 8) & 255,
      length & 255,
      ...payload,
    ];
  }
  const heartbeat = [0, 0, 0, 0, 4, ...bytes(1, bytes(6, []))];
  const update = (status: number, title?: string) => frame(bytes(2, conversation(status, title)));
  const snapshot = (status: number, title?: string) =>
    frame([...number(1, 1), ...bytes(2, conversation(status, title))]);

  /** What the rules find in a stream that came in pieces of this many bytes. */
  function found(streamBytes: number[], size = streamBytes.length): string[] {
    const decoder = new TextDecoder();
    let decoded = "";
    for (let at = 0; at < streamBytes.length; at += size) {
      decoded += decoder.decode(Uint8Array.from(streamBytes.slice(at, at + size)), {
        stream: true,
      });
    }
    return bodyTold(stream, "https://claude.ai/claudeai-rpc/StreamTimeline", decoded);
  }

  it("says that a turn runs and that it ended, in pieces of any size", () => {
    const whole = [...heartbeat, ...update(2), ...heartbeat, ...update(1), ...heartbeat];
    for (const size of [1, 2, 3, 7, 64, whole.length]) {
      expect(found(whole, size)).toEqual([`running ${KEY}`, `settled ${KEY}`]);
    }
  });

  it("says it under any title", () => {
    const titles = [
      "",
      "Weather",
      "Wetter in Köln ☔",
      "two\nlines",
      "x".repeat(10),
      "x".repeat(13),
      "24 characters long, this",
      "y".repeat(127),
      "ü".repeat(64),
      "z".repeat(300),
      "price $12",
    ];
    for (const title of titles) {
      expect(found([...heartbeat, ...update(1, title)]), title).toEqual([`settled ${KEY}`]);
      expect(found([...heartbeat, ...update(2, title)]), title).toEqual([`running ${KEY}`]);
    }
  });

  it("takes the snapshot with which the stream begins as a change, not as the end of a turn", () => {
    expect(found([...snapshot(1, "Weather"), ...heartbeat])).toEqual([`changed ${KEY}`]);
    expect(found([...snapshot(1, "z".repeat(300)), ...heartbeat])).toEqual([`changed ${KEY}`]);
    expect(found([...snapshot(2, "Weather"), ...heartbeat])).toEqual([`running ${KEY}`]);
  });

  it("is not misled by messages, groups, waiting, or texts that quote such bytes", () => {
    const message = (role: number) =>
      frame(bytes(3, [...text(1, KEY), ...text(2, KEY), ...number(3, role), ...number(4, 1)]));
    const group = frame(bytes(4, [...text(1, KEY), ...text(2, KEY), ...number(3, 1)]));
    const quoted = (inner: string) => frame(bytes(5, [...text(1, "cblk_1"), ...text(9, inner)]));
    const streamBytes = [
      ...message(1),
      ...message(2),
      ...group,
      ...update(3),
      ...update(5),
      ...quoted(`The id is\n$${KEY}\nand the status \\x18\\x01`),
      ...quoted(`\n$${KEY} 1`),
      ...heartbeat,
    ];
    expect(found(streamBytes)).toEqual([]);
    expect(found(streamBytes, 5)).toEqual([]);
  });

  it("finds the conversation among messages and large frames", () => {
    const block = bytes(5, [...text(1, "cblk_1"), ...text(9, "long ".repeat(20_000))]);
    const message = bytes(3, [...text(1, KEY), ...text(2, KEY), ...number(3, 2)]);
    expect(
      found([...frame([...bytes(2, conversation(1, "T")), ...message, ...block]), ...heartbeat]),
    ).toEqual([`settled ${KEY}`]);
  });
});

describe("history", () => {
  const history = claude.history!;

  it("lists page by page until a page is not full", () => {
    expect(history.list(null)).toEqual({
      method: "GET",
      path: "/api/organizations/{lastActiveOrg}/chat_conversations?limit=50&offset=0",
    });
    const row = (index: number) => ({
      uuid: `019e1a00-0000-7000-8000-${String(index).padStart(12, "0")}`,
      name: "T",
      updated_at: "2026-11-01T10:00:00Z",
    });
    const path = (offset: number) =>
      `/api/organizations/${ORG}/chat_conversations?limit=50&offset=${offset}`;
    const full = Array.from({ length: 50 }, (_, index) => row(index));
    const first = history.readList(observe("list", path(0), full))!;
    expect(first.sessions).toHaveLength(50);
    expect(first.sessions[0]).toEqual({ key: row(0).uuid, updatedAt: 1793527200000 });
    expect(first.next).toBe("50");
    expect(history.list(first.next).path).toContain("offset=50");
    expect(history.readList(observe("list", path(50), [row(50)]))?.next).toBeNull();
    const newer = { data: full, count_all: 51 };
    expect(history.readList(observe("list", path(0), newer))).toMatchObject({
      next: "50",
      total: 51,
    });
    expect(history.readList(observe("list", path(0), { error: 1 }))).toBeNull();
  });

  it("loads a session with one request, which a tap reads", () => {
    const request = history.load(KEY, [])!;
    const path = request.path.replace("{lastActiveOrg}", ORG);
    expect(new RegExp(claude.taps.find(({ id }) => id === request.tap)!.path).test(path)).toBe(
      true,
    );
    const answer = observe(request.tap, path, fixture("conversation").body);
    expect(read(answer)).toHaveLength(1);
    expect(history.load(KEY, [answer])).toBeNull();
  });
});

describe("the official export", () => {
  const [rule] = claude.imports!;
  const load = fixture("conversation");
  const { current_leaf_message_uuid, model, is_temporary, project_uuid, project, ...exported } =
    load.body as unknown as Record<string, unknown>;

  it("gives the same messages under the same keys as the page, and names no leaf", () => {
    expect([current_leaf_message_uuid, model, is_temporary, project_uuid, project]).not.toContain(
      undefined,
    );
    const [reading] = rule!.read({ ...exported, account: { uuid: "a" } }, "conversations.json")!;
    const url = new URL(load.url);
    const [captured] = read(observe("conversation", url.pathname + url.search, load.body))!;
    expect(reading!.messages).toEqual(captured!.messages);
    expect(reading!.session).toEqual({
      agent: "claude",
      key: KEY,
      title: "Weather in Paris",
      url: `https://claude.ai/chat/${KEY}`,
      createdAt: captured!.session.createdAt,
      updatedAt: captured!.session.updatedAt,
    });
  });

  it("puts messages without parents one after the other", () => {
    const messages = (exported.chat_messages as Record<string, unknown>[]).map((message) => ({
      ...message,
      parent_message_uuid: undefined,
    }));
    const [reading] = rule!.read({ ...exported, chat_messages: messages }, "conversations.json")!;
    const keys = reading!.messages.map(({ key }) => key);
    expect(reading!.messages.map(({ parentKey }) => parentKey)).toEqual([
      undefined,
      ...keys.slice(0, -1),
    ]);
  });

  it("leaves other exports to their agents", () => {
    expect(new RegExp(rule!.file).test("data-2026/conversations.json")).toBe(true);
    expect(rule!.read({ id: "x", mapping: {}, title: "T" }, "conversations.json")).toBeNull();
  });
});

const shared = {
  conversation: sharedFixture("synthetic/claude-conversation.json"),
  stream: sharedFixture("synthetic/claude-completion.sse"),
};

it.skipIf(!shared.conversation || !shared.stream)(
  "reads the sample conversation and the sample stream alike (skipped where they are missing)",
  () => {
    const key = "019e0000-0000-7000-8000-0000000000aa";
    const base = `/api/organizations/${ORG}/chat_conversations/${key}`;
    const [whole] = read(
      observe(
        "conversation",
        `${base}?tree=True&rendering_mode=messages&render_all_tools=true`,
        readFileSync(shared.conversation!, "utf8"),
      ),
    )!;
    expect(whole!.session.activeLeafKey).toBe("019e0000-0000-7000-8000-000000000002");
    expect(whole!.messages.map(({ role, parentKey }) => [role, parentKey?.slice(-1)])).toEqual([
      ["user", undefined],
      ["assistant", "1"],
      ["assistant", "1"],
    ]);
    const [live] = read(
      observe("completion", `${base}/completion`, readFileSync(shared.stream!, "utf8"), {
        prompt: "Weather in Paris?",
      }),
    )!;
    const kinds = (parts: { type: string }[]) => parts.map(({ type }) => type);
    expect(kinds(live!.messages[1]!.parts)).toEqual(kinds(whole!.messages[1]!.parts));
    expect(live!.messages.map((message) => message.key)).toEqual(
      whole!.messages.slice(0, 2).map((message) => message.key),
    );
  },
);
