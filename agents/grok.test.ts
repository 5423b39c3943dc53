import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Observation, Part } from "./agent";
import { grok } from "./grok";
import { cutBlocks, readThinking } from "./shared/grok-steps";
import { sharedFixture } from "./testing/fixtures";

const SESSION = "7d1f0b52-3a4e-4c1d-8f77-2b9a6c5e0d14";
const API = "https://grok.com/rest/app-chat/conversations";

function observe(tap: string, url: string, body: unknown, more?: Partial<Observation>) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const pageUrl = `https://grok.com/c/${SESSION}`;
  const head = { tap, url, method: "GET", status: 200, isTruncated: false, pageUrl };
  return { ...head, body: text, ...more };
}

function read(observation: Observation) {
  return grok.taps.find(({ id }) => id === observation.tap)!.read(observation);
}

it.each([
  [`https://grok.com/c/${SESSION}?rid=1`, SESSION],
  [`https://grok.com/chat/${SESSION}`, SESSION],
  [`https://grok.com/de/c/${SESSION}/`, SESSION],
  [`https://grok.com/project/ws-1?chat=${SESSION}`, SESSION],
  ["https://grok.com/project/ws-1", null],
  ["https://grok.com/", null],
  ["https://grok.com/c#private", null],
  ["https://grok.com/share/bGVnYWN5_1", null],
])("knows the session that %s shows", (url, key) => {
  expect(grok.session(new URL(url))).toBe(key);
});

it("does not read a shared link of somebody else", () => {
  const paths = grok.taps.map(({ path }) => new RegExp(path));
  const shared = "/rest/app-chat/share_links/bGVnYWN5_1?useChunk=true";
  expect(paths.some((path) => path.test(shared))).toBe(false);
});

it("takes cards out of a text that was cut inside one, in linear time", () => {
  expect(cutBlocks("a<x>1</x>b<x>2 and on", "<x>", "</x>")).toEqual({
    rest: "ab",
    blocks: ["1", "2 and on"],
  });
  const hostile = "<xai:tool_usage_card>".repeat(20_000);
  expect(readThinking(hostile, "k")).toHaveLength(20_000);
});

it("tells an error that came in place of a turn from a format that changed", () => {
  const refused = { error: { code: 8, message: "Too many requests", details: [] } };
  expect(read(observe("turn", `${API}/new`, refused, { pageUrl: "https://grok.com/" }))).toEqual(
    [],
  );
  expect(read(observe("turn", `${API}/new`, { novelty: 1 }))).toBeNull();
});

it("gives prompt and answer of one time rising positions, alike in a chunk of the load", () => {
  const time = "2026-11-01T10:00:00Z";
  const prompt = { responseId: "u", message: "a", sender: "human", createTime: time };
  const answer = { ...prompt, responseId: "a", sender: "assistant", parentResponseId: "u" };
  const load = (responses: unknown[]) =>
    read(observe("responses", `${API}/${SESSION}/load-responses`, { responses }))![0]!.messages;
  const [first, second] = load([prompt, answer]);
  expect(first!.position).toBeLessThan(second!.position);
  expect(load([answer])[0]).toEqual(second);
});

it("lists sessions page by page", () => {
  const history = grok.history!;
  expect(history.list(null).path).toBe("/rest/app-chat/conversations?pageSize=60");
  expect(history.list("a/b").path).toBe("/rest/app-chat/conversations?pageSize=60&pageToken=a%2Fb");
  const conversations = [{ conversationId: "1", modifyTime: "2026-11-01T10:00:00Z" }, { x: 1 }];
  expect(history.readList(observe("list", API, { conversations, nextPageToken: "n" }))).toEqual({
    sessions: [{ key: "1", updatedAt: 1793527200000 }],
    next: "n",
  });
  expect(history.readList(observe("list", API, { conversations: [], nextPageToken: "" }))).toEqual({
    sessions: [],
    next: null,
  });
  expect(history.readList(observe("list", API, "{}"))).toBeNull();
});

it("loads a session with the page's three calls, fifty messages at a time", () => {
  const history = grok.history!;
  const header = observe("header", API, { conversation: { conversationId: SESSION } });
  const ids = Array.from({ length: 70 }, (_, at) => `r${at}`);
  const nodes = observe("nodes", API, {
    responseNodes: ids.map((responseId) => ({ responseId, sender: "human" })),
  });
  const chunk = observe("responses", API, { responses: [] });
  const asked = [[], [header], [header, nodes], [header, nodes, chunk]].map((answers) =>
    history.load(SESSION, answers),
  );
  expect(asked.map((request) => request?.tap)).toEqual([
    "header",
    "nodes",
    "responses",
    "responses",
  ]);
  for (const request of asked) {
    const tap = grok.taps.find(({ id }) => id === request!.tap)!;
    expect(request!.path).toMatch(new RegExp(tap.path));
    expect(request!.method).toBe(tap.method);
  }
  expect(JSON.parse(asked[2]!.body!)).toEqual({ responseIds: ids.slice(0, 50) });
  expect(JSON.parse(asked[3]!.body!)).toEqual({ responseIds: ids.slice(50) });
  expect(history.load(SESSION, [header, nodes, chunk, chunk])).toBeNull();
});

const exported = {
  conversation: {
    id: SESSION,
    title: "Lichens",
    create_time: "2026-11-01T10:00:00Z",
    modify_time: "2026-11-01T10:05:00Z",
  },
  responses: [
    {
      response: {
        _id: "u",
        conversation_id: SESSION,
        message: "Which?",
        sender: "human",
        create_time: { $date: { $numberLong: "1793527200200" } },
        model: "grok-5",
      },
    },
    {
      response: {
        _id: "a",
        conversation_id: SESSION,
        message: "Map lichen.",
        sender: "assistant",
        create_time: { $date: { $numberLong: "1793527200300" } },
        model: "grok-5",
        web_search_results: [{ url: "https://lichens.example.org/", title: "Lichens" }],
      },
    },
  ],
};

it("imports a session of the export under the ids that it has on the site", () => {
  const [reading] = grok.imports![0]!.read(exported, "prod-grok-backend.json")!;
  expect(reading).toEqual({
    session: {
      agent: "grok",
      key: SESSION,
      title: "Lichens",
      url: `https://grok.com/c/${SESSION}`,
      createdAt: 1793527200000,
      updatedAt: 1793527500000,
      activeLeafKey: "a",
    },
    messages: [
      {
        key: "u",
        role: "user",
        position: 1793527200200,
        state: "final",
        createdAt: 1793527200200,
        parts: [{ type: "text", text: "Which?" }],
      },
      {
        key: "a",
        parentKey: "u",
        role: "assistant",
        position: 1793527200300.5,
        state: "final",
        model: "grok-5",
        createdAt: 1793527200300,
        parts: [
          { type: "text", text: "Map lichen." },
          { type: "source", url: "https://lichens.example.org/", title: "Lichens" },
        ],
      },
    ],
  });
  expect(grok.imports![0]!.read({ conversation: {} }, "prod-grok-backend.json")).toBeNull();
});

it("keeps the branches of an export that names parents", () => {
  const [prompt, answer] = exported.responses;
  const other = { response: { ...answer!.response, _id: "b", parent_response_id: "u" } };
  const one = { response: { ...answer!.response, parent_response_id: "u" } };
  const entry = { ...exported, responses: [prompt, one, other] };
  const messages = grok.imports![0]!.read(entry, "prod-grok-backend.json")![0]!.messages;
  expect(messages.map(({ parentKey }) => parentKey)).toEqual([undefined, "u", "u"]);
});

interface Har {
  log: {
    entries: {
      request: { method: string; url: string };
      response: { content: { text: string } };
    }[];
  };
}
const recording = sharedFixture("grok/blackiya-grok.minimal.har.json");
it.skipIf(recording === null)(
  "reads a recording of the page's own traffic, whose bodies are cut",
  () => {
    const har = JSON.parse(readFileSync(recording!, "utf8")) as Har;
    const id = "495b3f4a-b882-4ce6-b5c9-ee5d317c6d3b";
    const readings = har.log.entries.map(({ request, response }) => {
      const { pathname, search } = new URL(request.url);
      const tap = grok.taps.find(
        ({ path, method }) => method === request.method && new RegExp(path).test(pathname + search),
      )!;
      const body = response.content.text;
      const isTruncated = body.endsWith("...[TRUNCATED]");
      const pageUrl = `https://grok.com/c/${id}`;
      return [
        tap.id,
        tap.read(observe(tap.id, request.url, body, { isTruncated, pageUrl })),
      ] as const;
    });
    for (const [, found] of readings) {
      for (const { session } of found ?? []) expect(session.key).toBe(id);
    }
    const of = (tap: string) => readings.filter(([name]) => name === tap).map(([, found]) => found);
    expect(of("turn")[0]![0]!.session.title).toBe("New conversation");
    const running = of("reconnect")[0]![0]!.messages[0]!;
    expect(running).toMatchObject({
      key: "5b128365-2fed-4339-a2b6-8a85a62ad182",
      parentKey: "f2bd497d-d19b-4a08-9453-58dcdaf9238e",
      state: "partial",
    });
    const call = running.parts[0] as Extract<Part, { type: "tool-call" }>;
    expect(call).toMatchObject({
      type: "tool-call",
      toolName: "chatroom_send",
      toolCallId: "c5ff4fb8-dc0e-4545-822a-b8b252ea5f63",
    });
    expect(JSON.parse(call.input)).toMatchObject({ to: "Grok" });
    expect(of("nodes").map((found) => found![0]!.session.activeLeafKey)).toEqual([
      "f2bd497d-d19b-4a08-9453-58dcdaf9238e",
      ...Array<string>(of("nodes").length - 1).fill("5b128365-2fed-4339-a2b6-8a85a62ad182"),
    ]);
  },
);

const synthetic = sharedFixture("synthetic/grok-new.ndjson");
it.skipIf(synthetic === null)("reads the documented stream of a new session", () => {
  const body = readFileSync(synthetic!, "utf8");
  const [reading] = read(observe("turn", `${API}/new`, body))!;
  expect(reading!.session).toMatchObject({ title: "Greeting", activeLeafKey: "r2" });
  expect(reading!.messages.map(({ key, state, parts }) => [key, state, parts.at(-1)])).toEqual([
    ["r1", "final", { type: "text", text: "hi" }],
    ["r2", "final", { type: "text", text: "Hello" }],
  ]);
});
