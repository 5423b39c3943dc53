import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Observation, Reading } from "./agent";
import { chatgpt } from "./chatgpt";
import { applyFrame, newDeltaState } from "./shared/chatgpt-delta";
import { loadFixtures, read, sharedFixture } from "./testing/fixtures";

const fixtures = new Map(
  loadFixtures()
    .filter(({ agentId }) => agentId === "chatgpt")
    .map(({ name, observation }) => [name.slice(8, -".observation.json".length), observation]),
);

function observation(name: string): Observation {
  return fixtures.get(name)!;
}

function readingOf(name: string, changes: Partial<Observation> = {}): Reading {
  return read(chatgpt, { ...observation(name), ...changes })![0]!;
}

function load(body: unknown, key = "12345678-abcd-1234-efab-123456789abc"): Observation {
  return {
    tap: "load",
    url: `https://chatgpt.com/backend-api/conversation/${key}`,
    method: "GET",
    status: 200,
    body: typeof body === "string" ? body : JSON.stringify(body),
    isTruncated: false,
    pageUrl: `https://chatgpt.com/c/${key}`,
  };
}

/** Frames applied one after the other. */
function root(...frames: Record<string, unknown>[]): Record<string, unknown> {
  const state = newDeltaState();
  for (const frame of frames) applyFrame(state, frame);
  return state.root;
}

function start(message: Record<string, unknown> = {}) {
  return { p: "", o: "add", v: { message } };
}

describe("the stream", () => {
  const tree = readingOf("load-tree").messages;

  it.each(["send-new", "send-resumed", "send-stopped", "send-variant"])(
    "gives in %s messages equal to those of a later load",
    (name) => {
      const { messages } = readingOf(name);
      expect(messages.length).toBeGreaterThan(0);
      const keys = new Set(messages.map(({ key }) => key));
      expect(messages).toStrictEqual(tree.filter(({ key }) => keys.has(key)));
    },
  );

  it("gives messages equal to those of the flat list", () => {
    const flat = readingOf("load-flat").messages;
    const keys = new Set(flat.map(({ key }) => key));
    expect(keys.size).toBe(12);
    expect(flat).toStrictEqual(tree.filter(({ key }) => keys.has(key)));
  });

  it("keeps an edited prompt and a second answer as siblings", () => {
    const parents = new Map(
      tree.map(({ key, parentKey }) => [key.slice(-2), parentKey?.slice(-2)]),
    );
    expect(parents.get("13")).toBe("11");
    expect(parents.get("15")).toBe("11");
    expect(parents.get("12")).toBe("03");
    expect(parents.get("05")).toBe("03");
  });

  it("is whole by its end marker, although the page cut the connection", () => {
    expect(readingOf("send-new", { isTruncated: true })).toStrictEqual(readingOf("send-new"));
  });

  it("never keeps the token with which a stream is taken up again", () => {
    const body = observation("send-new").body.replaceAll("REDACTED", "eyJhbGciOi.secret");
    expect(body).toContain("eyJhbGciOi.secret");
    expect(JSON.stringify(readingOf("send-new", { body }))).not.toContain("secret");
  });

  it("keeps a prompt whose stream was cut before the answer began", () => {
    const body = 'event: delta_encoding\ndata: "v1"\n\n';
    const request = JSON.stringify({
      ...(JSON.parse(observation("send-new").request!) as object),
      conversation_id: "6a1f3c2e-8d40-8333-9b1e-52c0a7d4e911",
    });
    const { messages } = readingOf("send-new", { body, request, isTruncated: true });
    expect(messages).toStrictEqual(tree.slice(0, 1));
  });

  it("keeps the prompt as the stream echoes it, where the request is too long to be read", () => {
    const { messages } = readingOf("send-new", { request: '{"action":"next","messages":[{"id":' });
    expect(messages).toStrictEqual(readingOf("send-new").messages);
  });

  it("says nothing of a new session that no frame named yet", () => {
    const body = 'event: delta_encoding\ndata: "v1"\n\n';
    expect(read(chatgpt, { ...observation("send-new"), body })).toEqual([]);
  });

  it("is not placed when it is of another kind", () => {
    for (const body of ["<html></html>", 'data: {"choices":[]}\n\n', ""]) {
      expect(read(chatgpt, { ...observation("send-new"), body })).toBeNull();
    }
  });
});

describe("a temporary chat", () => {
  const temporaryPage = "https://chatgpt.com/?temporary-chat=true";
  const withoutMark = JSON.stringify({ action: "next", parent_message_id: "client-created-root" });

  it.each<[string, string, Partial<Observation>, true | undefined]>([
    ["the request", "send-temporary", { pageUrl: "https://chatgpt.com/" }, true],
    ["the page", "send-temporary", { request: withoutMark }, true],
    [
      "nothing",
      "send-temporary",
      { request: withoutMark, pageUrl: "https://chatgpt.com/" },
      undefined,
    ],
    ["the page of a WebSocket", "socket-two-turns", { pageUrl: temporaryPage }, true],
    ["the answer", "load-temporary", { pageUrl: "https://chatgpt.com/" }, true],
    ["the page, against the answer", "load-tree", { pageUrl: temporaryPage }, undefined],
  ])("is marked by %s", (_, name, changes, isTemporary) => {
    const reading = readingOf(name, changes);
    expect(reading.isTemporary).toBe(isTemporary);
    expect("url" in reading.session).toBe(!isTemporary);
  });

  it("is marked by the page where the answer says nothing", () => {
    const body = JSON.parse(observation("load-temporary").body, (name, value: unknown) =>
      name === "is_temporary_chat" ? undefined : value,
    ) as object;
    expect(body).not.toHaveProperty("is_temporary_chat");
    const changes = { body: JSON.stringify(body) };
    expect(readingOf("load-temporary", changes).isTemporary).toBe(true);
  });
});

describe("the delta encoding", () => {
  it("inherits path and operation each by itself", () => {
    expect(
      root(
        start({ content: { parts: [""], other: "" } }),
        { p: "/message/content/parts/0", o: "append", v: "a" },
        { v: "b" },
        { p: "/message/content/other", v: "c" },
        { o: "replace", v: "d" },
      ),
    ).toEqual({ message: { content: { parts: ["ab"], other: "d" } } });
  });

  it("forgets them with a new message, in both of its forms", () => {
    for (const next of [start({ text: "" }), { v: { message: { text: "" } } }]) {
      const state = root(start({ text: "" }), { p: "/message/text", o: "append", v: "a" }, next, {
        v: "lost",
      });
      expect(state).toEqual({ message: { text: "" } });
    }
  });

  it("applies lists of operations, joined to their path, also when they are not named as such", () => {
    expect(
      root(
        start({ text: "a", status: "in_progress", metadata: { x: 1 } }),
        { p: "/message", o: "patch", v: [{ p: "/text", o: "append", v: "b" }] },
        { v: [{ p: "/text", o: "append", v: "c" }] },
        { p: "/message/text", o: "append", v: "d" },
        {
          v: [
            { p: "/message/status", o: "replace", v: "done" },
            { p: "/message/metadata", o: "append", v: { y: 2 } },
          ],
        },
      ),
    ).toEqual({ message: { text: "abcd", status: "done", metadata: { x: 1, y: 2 } } });
  });

  it("adds to, sets in, removes from and cuts lists and texts", () => {
    expect(
      root(
        start({ list: [1], text: "abc", gone: true, "a/b~c": "" }),
        { p: "/message/list", o: "append", v: [2, 3] },
        { p: "/message/list", o: "append", v: 4 },
        { p: "/message/list/0", o: "replace", v: 0 },
        { p: "/message/list/1", o: "remove" },
        { p: "/message/list/-", o: "add", v: 5 },
        { p: "/message/text", o: "truncate", v: 1 },
        { p: "/message/gone", o: "remove" },
        { p: "/message/a~1b~0c", o: "append", v: "x" },
        { p: "/message/new/deep", o: "add", v: "y" },
      ),
    ).toEqual({
      message: { list: [0, 3, 4, 5], text: "a", "a/b~c": "x", new: { deep: "y" } },
    });
  });

  it("leaves out what does not fit, and reaches no prototype", () => {
    expect(
      root(
        start({ list: [], text: "a" }),
        { p: "/message/list/4000000000", o: "add", v: 1 },
        { p: "/message/text/0/x", o: "add", v: 1 },
        { p: "/message/__proto__/polluted", o: "add", v: 1 },
        { p: "/constructor/prototype/polluted", o: "add", v: 1 },
        { p: "", o: "patch", v: "none" },
      ),
    ).toEqual({ message: { list: [], text: "a" } });
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("the WebSocket", () => {
  const tap = chatgpt.taps.find(({ id }) => id === "socket")!;

  it("takes the end of a turn as the end of a batch, and no quoted one", () => {
    const lines = observation("socket-two-turns").body.split("\n");
    expect(lines.findIndex((line) => new RegExp(tap.until!).test(line))).toBe(lines.length - 1);
    expect(observation("socket-failed").body).toMatch(new RegExp(tap.until!));
    const quoted = JSON.stringify({ encoded_item: lines.at(-1) });
    expect(quoted).not.toMatch(new RegExp(tap.until!));
  });

  it("takes items in the order of their numbers, whatever came first", () => {
    const { body } = observation("socket-two-turns");
    const late = body.split("\n").toReversed().join("\n");
    expect(readingOf("socket-two-turns", { body: late }).messages).toStrictEqual(
      readingOf("socket-two-turns").messages,
    );
  });
});

describe("requests", () => {
  const matching = (method: string, path: string) =>
    chatgpt.taps
      .filter((tap) => tap.method === method && tap.transport === "fetch")
      .filter((tap) => new RegExp(tap.path).test(path))
      .map(({ id }) => id);

  it.each([
    "/backend-api/f/conversation",
    "/backend-api/conversation",
    "/backend-anon/f/conversation",
    "/backend-anon/conversation",
    "/backend-api/anon/conversation",
    "/backend-api/f/conversation/resume",
  ])("takes %s as a turn", (path) => expect(matching("POST", path)).toEqual(["send"]));

  it.each([
    "/backend-api/f/conversation/prepare",
    "/backend-api/conversation/init",
    "/backend-api/conversations",
    "/backend-api/stop_conversation",
  ])("leaves %s alone", (path) => expect(matching("POST", path)).toEqual([]));

  it.each([
    ["/backend-api/conversation/6a1f3c2e-8d40-8333-9b1e-52c0a7d4e911", ["load"]],
    ["/backend-api/conversations/6a1f3c2e-8d40-8333-9b1e-52c0a7d4e911?x=1", ["load"]],
    ["/backend-api/conversation/WEB%3A6a1f3c2e-8d40-8333-9b1e-52c0a7d4e911", ["load"]],
    ["/backend-api/conversation/WEB:6a1f3c2e-8d40-8333-9b1e-52c0a7d4e911", ["load"]],
    ["/backend-api/conversation/init", []],
    ["/backend-api/conversations?offset=0&limit=28", []],
    ["/backend-api/conversation/6a1f3c2e-8d40-8333-9b1e-52c0a7d4e911/stream_status", []],
  ])("loads of %s: %j", (path, taps) => expect(matching("GET", path)).toEqual(taps));

  it.each([
    ["/c/6a1f3c2e-8d40-8333-9b1e-52c0a7d4e911", "6a1f3c2e-8d40-8333-9b1e-52c0a7d4e911"],
    ["/c/6a1f3c2e-8d40?model=auto#x", "6a1f3c2e-8d40"],
    ["/g/g-p-68a1b2c3-number-theory/c/6a1f3c2e-8d40", "6a1f3c2e-8d40"],
    ["/g/g-AbC123-code-helper/c/6a1f3c2e-8d40/", "6a1f3c2e-8d40"],
    ["/de-DE/c/6a1f3c2e-8d40", "6a1f3c2e-8d40"],
    ["/c/WEB%3A6a1f3c2e-8d40", "WEB:6a1f3c2e-8d40"],
    ["/c/WEB:6a1f3c2e-8d40", "WEB:6a1f3c2e-8d40"],
    ["/", null],
    ["/?temporary-chat=true", null],
    ["/share/6a1f3c2e-8d40", null],
    ["/g/g-p-68a1b2c3-number-theory/project", null],
    ["/codex/tasks/task_e_1", null],
  ])("%s shows session %s", (path, key) => {
    expect(chatgpt.session(new URL(path, "https://chatgpt.com"))).toBe(key);
  });
});

describe("a load", () => {
  it("that was cut keeps its whole messages as they are", () => {
    const whole = readingOf("load-tree").messages;
    const { body } = observation("load-tree");
    const cut = readingOf("load-tree", {
      body: body.slice(0, body.length - 3000),
      isTruncated: true,
    });
    expect(cut.messages.length).toBeGreaterThan(8);
    expect(cut.messages).toStrictEqual(whole.slice(0, cut.messages.length));
    expect(cut.session.activeLeafKey).toBeUndefined();
  });

  it("without messages holds no session, and of another form cannot be placed", () => {
    const header = { create_time: 1, conversation_id: "a-1", current_node: "r" };
    expect(read(chatgpt, load({ ...header, mapping: { r: { id: "r" } } }))).toEqual([]);
    expect(read(chatgpt, load({ detail: "not found" }))).toBeNull();
    expect(read(chatgpt, load({ ...header, mapping: { r: { message: { id: "r" } } } }))).toBeNull();
  });

  it("keeps what a person saw, and every call of a tool with its result", () => {
    const hidden = { is_visually_hidden_from_conversation: true };
    const message = (id: string, role: string, recipient: string, metadata = {}) => ({
      id,
      author: { role },
      recipient,
      metadata,
      create_time: 1,
      content: { content_type: "text", parts: [id] },
    });
    const chain = [
      message("instructions", "system", "all"),
      message("prompt", "user", "all"),
      message("context", "user", "all", hidden),
      message("preamble", "assistant", "all", hidden),
      message("call", "assistant", "python", hidden),
      message("result", "tool", "all", hidden),
      message("answer", "assistant", "all"),
    ];
    const mapping = Object.fromEntries(
      chain.map((one, at) => [one.id, { id: one.id, parent: chain[at - 1]?.id, message: one }]),
    );
    const { messages } = read(chatgpt, load({ mapping }))![0]!;
    expect(messages.map(({ key, parentKey }) => [key, parentKey])).toEqual([
      ["prompt", undefined],
      ["call", "prompt"],
      ["result", "call"],
      ["answer", "result"],
    ]);
    expect(messages[2]!.parts).toMatchObject([{ toolCallId: "call", output: "result" }]);
  });

  it("takes a marker that is still being written out of the text, and no words", () => {
    const body = JSON.parse(observation("load-kinds").body) as {
      mapping: Record<string, { message: { content: { parts: string[] } } }>;
    };
    const last = Object.values(body.mapping).at(-1)!;
    last.message.content.parts = ["One\ue200cite\ue202turn0search0\ue201 two\ue203 three\ue200ci"];
    const { messages } = read(chatgpt, load(body))![0]!;
    expect(messages.at(-1)!.parts).toEqual([{ type: "text", text: "One two three" }]);
  });

  it("stands a parent that is its own child, and a depth of 20,000", () => {
    const message = (id: string) => ({
      id,
      author: { role: "user" },
      create_time: 1,
      content: { content_type: "text", parts: [id] },
    });
    const loop = {
      a: { id: "a", parent: "b", message: message("a") },
      b: { id: "b", parent: "a", message: message("b") },
    };
    expect(read(chatgpt, load({ mapping: loop }))![0]!.messages).toHaveLength(2);
    const deep = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [
        `n${index}`,
        {
          id: `n${index}`,
          parent: index > 0 ? `n${index - 1}` : null,
          message: message(`${index}`),
        },
      ]),
    );
    const { messages } = read(chatgpt, load({ mapping: deep, current_node: "n19999" }))![0]!;
    expect(messages).toHaveLength(20_000);
    expect(messages.at(-1)!.key).toBe("n19999");
    expect(messages.every((one, at) => at === 0 || one.position > messages[at - 1]!.position)).toBe(
      true,
    );
  });
});

describe("the history", () => {
  const history = chatgpt.history!;
  const answer = (path: string, body: unknown) => ({
    ...load(body),
    url: `https://chatgpt.com${path}`,
  });
  const item = { id: "a-1", title: "A", update_time: "2026-10-01T10:00:00.5Z" };

  it("lists page by page, newest first, until the end, and then what is archived", () => {
    const first = history.list(null);
    expect(first).toEqual({
      method: "GET",
      path: "/backend-api/conversations?offset=0&limit=100&order=updated",
    });
    const items = Array.from({ length: 100 }, () => item);
    const list = history.readList(answer(first.path, { items, total: 101, offset: 0 }))!;
    expect(list.sessions[0]).toEqual({ key: "a-1", updatedAt: 1_790_848_800_500 });
    expect(list.total).toBe(101);
    const second = history.list(list.next).path;
    expect(second).toBe("/backend-api/conversations?offset=100&limit=100&order=updated");
    const end = history.readList(answer(second, { items: [item], total: 101 }))!;
    const archived = history.list(end.next).path;
    expect(archived).toBe(`${first.path}&is_archived=true`);
    const more = history.readList(answer(archived, { items: [item], total: 2 }))!;
    expect(history.list(more.next).path).toBe(
      "/backend-api/conversations?offset=1&limit=100&order=updated&is_archived=true",
    );
    expect(more).not.toHaveProperty("total");
    const last = answer(history.list(more.next).path, { items: [item], total: 2 });
    expect(history.readList(last)!.next).toBeNull();
  });

  it("goes on where the site does not say how many there are, and ends at an empty page", () => {
    const path = "/backend-api/conversations?offset=28&limit=100&is_archived=true";
    const next = (body: unknown) => history.readList(answer(path, body))?.next;
    expect(next({ items: [item], total: null })).toBe("archived:29");
    expect(next({ items: [], total: null })).toBeNull();
    expect(next({ detail: "no" })).toBeUndefined();
  });

  it("loads a session by one request, which the page's own tap reads", () => {
    const request = history.load("WEB:a-1", [])!;
    expect(request).toEqual({
      method: "GET",
      path: "/backend-api/conversation/WEB%3Aa-1",
      tap: "load",
    });
    expect(request.path).toMatch(new RegExp(chatgpt.taps[0]!.path));
    expect(history.load("WEB:a-1", [load({})])).toBeNull();
  });
});

describe("the export", () => {
  const exported = chatgpt.imports![0]!;

  it.each([
    ["conversations.json", true],
    ["export/conversations.json", true],
    ["conversations-000.json", true],
    ["shared_conversations.json", false],
    ["chat.html", false],
    ["user.json", false],
  ])("%s: %s", (file, isIt) => expect(new RegExp(exported.file).test(file)).toBe(isIt));

  it("reads a session to the same reading as its load", () => {
    const { body } = observation("load-tree");
    expect(exported.read(JSON.parse(body), "conversations.json")).toStrictEqual([
      readingOf("load-tree"),
    ]);
  });

  it("leaves other agents' entries to them", () => {
    for (const entry of [
      { uuid: "1", name: "A", chat_messages: [] },
      { id: "1", mapping: { root: { id: "root" }, 1: { message: { fragments: [] } } } },
      null,
      "text",
    ]) {
      expect(exported.read(entry, "conversations.json")).toBeNull();
    }
  });
});

/** Real data lies beside the checkout, where there is any. */
const real = (name: string) => sharedFixture(name);
const json = (name: string) => JSON.parse(readFileSync(real(name)!, "utf8")) as unknown;

describe("real data, kept outside of the project", () => {
  it.skipIf(!real("chatgpt/blackiya-conversation-api.json"))("an answer of the API", () => {
    const body = json("chatgpt/blackiya-conversation-api.json");
    const [{ session, messages }] = read(chatgpt, load(body)) as [Reading];
    expect(session).toMatchObject({ title: "Sample Conversation", model: "gpt-4" });
    expect(messages.map(({ role, parts }) => [role, parts[0]!.type])).toEqual([
      ["user", "text"],
      ["assistant", "reasoning"],
      ["assistant", "reasoning"],
      ["assistant", "text"],
    ]);
    expect(session.activeLeafKey).toBe(messages.at(-1)!.key);
    expect(messages[0]!.parentKey).toBeUndefined();
  });

  it.skipIf(!real("chatgpt/librechat-chatgpt-export.json"))(
    "an export with the browser tool",
    () => {
      const entries = json("chatgpt/librechat-chatgpt-export.json") as unknown[];
      const [web, code] = entries.map(
        (entry) => chatgpt.imports![0]!.read(entry, "conversations.json")![0]!,
      );
      const types = web!.messages.flatMap(({ parts }) => parts.map(({ type }) => type));
      expect(types).toContain("source");
      expect(types).not.toContain("unknown");
      const calls = new Set(
        web!.messages.flatMap(({ parts }) =>
          parts.flatMap((part) => (part.type === "tool-call" ? [part.toolCallId] : [])),
        ),
      );
      const results = web!.messages.flatMap(({ parts }) =>
        parts.flatMap((part) => (part.type === "tool-result" ? [part.toolCallId] : [])),
      );
      expect(results).toHaveLength(5);
      for (const result of results) expect(calls).toContain(result);
      expect(code!.messages.map(({ role }) => role)).toEqual([
        "user",
        "assistant",
        "user",
        "assistant",
      ]);
      expect(JSON.stringify(code!.messages.at(-1)!.parts)).toContain("```csharp");
    },
  );

  it.skipIf(!real("chatgpt/librechat-chatgpt-modern-export.json"))("an export of 2025", () => {
    const entries = json("chatgpt/librechat-chatgpt-modern-export.json") as unknown[];
    const readings = entries.map((entry) =>
      chatgpt.imports![0]!.read(entry, "conversations-000.json"),
    );
    expect(readings.map((list) => list?.[0]?.messages.length ?? list)).toEqual([4, [], 2]);
  });

  it.skipIf(!real("deepseek/andrmkrff-official-export-sample.json"))(
    "not DeepSeek's export",
    () => {
      const entry = json("deepseek/andrmkrff-official-export-sample.json");
      for (const one of Array.isArray(entry) ? entry : [entry]) {
        expect(chatgpt.imports![0]!.read(one, "conversations.json")).toBeNull();
      }
    },
  );
});

describe("the invented stream beside the checkout", () => {
  const sse = sharedFixture("synthetic/chatgpt-v1-delta.sse");
  const frames = sharedFixture("synthetic/chatgpt-ws-handoff.jsonl");
  const texts = (reading: Reading) =>
    reading.messages.map(({ parts }) =>
      parts.map((part) =>
        "text" in part
          ? part.text
          : "output" in part
            ? part.output
            : "input" in part
              ? part.input
              : "",
      ),
    );
  const answers = [
    ["**Picking primes**\n\nChoose 2 and 3."],
    ['{"code":"print(2+3)"}'],
    ["5\n"],
    ["2 + 3 = **5** ✔️~/"],
  ];

  it.skipIf(!sse)("reads as expected", () => {
    const body = readFileSync(sse!, "utf8");
    const request = JSON.stringify({
      parent_message_id: "client-created-root",
      messages: [{ id: "aaaaaaaa-0000-4000-8000-000000000001" }],
    });
    const reading = readingOf("send-new", { body, request });
    expect(reading.session).toMatchObject({ title: "Sum of primes", model: "gpt-5-5-thinking" });
    expect(texts(reading)).toEqual([["List two primes & sum them"], ...answers]);
  });

  it.skipIf(!frames)(
    "reads the same from the WebSocket, without the prompt that was kept before",
    () => {
      const body = readFileSync(frames!, "utf8");
      expect(texts(readingOf("socket-two-turns", { body }))).toEqual(answers);
    },
  );
});
