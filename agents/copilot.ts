import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
} from "./agent";
import { jsonLines } from "./shared/frames";
import { asRecord, asRecords, asString, compact, parseJson, toJson } from "./shared/json";
import { filePart, isoTime, sourcePart, textParts, unknownPart } from "./shared/parts";
import { shownSession, siteMatch } from "./shared/site";

type Json = Record<string, unknown>;

const HOST = /^copilot\.microsoft\.com$/;

function pageOf(key: string): string {
  return `https://copilot.microsoft.com/chats/${key}`;
}

function sessionOf(url: URL): string | null {
  return /\/chats\/([\w-]{4,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

function contentParts(content: Json, id: string): Part[] {
  const type = asString(content.type) ?? "content";
  if (type === "text") return textParts(content.text);
  if (type === "chainOfThought" || type === "reasoning")
    return textParts(content.text, "reasoning");
  if (type === "citation") return sourcePart({ url: content.url, title: content.title });
  if (type === "image" || type === "file" || type === "document") {
    const mediaType =
      content.mimeType ?? content.contentType ?? (type === "image" ? type : undefined);
    const name = content.name ?? content.fileName ?? content.prompt;
    return [filePart({ name, mediaType, size: content.size, url: content.url })];
  }
  if (type === "toolCall" || type === "functionCall") {
    const toolCallId = asString(content.id) ?? asString(content.partId) ?? id;
    const input = toJson(content.arguments ?? content.input ?? {});
    return [{ type: "tool-call", toolCallId, toolName: asString(content.name) ?? type, input }];
  }
  return [unknownPart(type, content)];
}

/** The list has neither links between messages nor branches: each follows the one before. */
function readMessage(value: Json, index: number, parentKey: string | undefined): MessageReading {
  const key = asString(value.id) ?? "";
  const author = asRecord(value.author)?.type ?? value.author;
  const createdAt = isoTime(value.createdAt);
  return compact({
    key,
    parentKey,
    role: author === "human" ? "user" : author === "ai" ? "assistant" : "unknown",
    position: (createdAt ?? 0) + index / 4096,
    state: "final",
    createdAt,
    parts: asRecords(value.content).flatMap((content, i) => contentParts(content, `${key}:${i}`)),
  } satisfies MessageReading);
}

function readHistory(observation: Observation): Readings {
  const path = /^\/c\/api\/conversations\/([\w-]{4,})\/history(?:\?|$)/;
  const key = siteMatch(observation, HOST, path)?.[1];
  const results = asRecord(parseJson(observation.body))?.results;
  if (!key || !Array.isArray(results)) return null;
  // Newest first. Two of one moment keep their order by their place among the messages of that moment.
  const values = asRecords(results)
    .filter(({ id }) => typeof id === "string" && id !== "")
    .reverse();
  const messages: MessageReading[] = [];
  let tied = 0;
  for (const value of values) {
    const before = messages.at(-1);
    tied =
      before?.createdAt !== undefined && before.createdAt === isoTime(value.createdAt)
        ? tied + 1
        : 0;
    const index = value.createdAt === undefined ? messages.length * 4096 : tied;
    messages.push(readMessage(value, index, before?.key));
  }
  if (messages.length === 0) return results.length === 0 ? [] : null;
  const isNewest = !URL.parse(observation.url)?.searchParams.has("cursor");
  const session = compact({
    agent: "copilot",
    key,
    url: pageOf(key),
    activeLeafKey: isNewest ? messages.at(-1)?.key : undefined,
  });
  return [{ session, messages }];
}

/** Only the shown session's title: the other sessions of the list were perhaps never opened. */
function readList(observation: Observation): Readings {
  const results = asRecord(parseJson(observation.body))?.results;
  const isOwn = siteMatch(observation, HOST, /^\/c\/api\/conversations(?:\?|$)/);
  if (!isOwn || !Array.isArray(results)) return null;
  const shown = shownSession(observation, sessionOf);
  const listed = asRecords(results).find(({ id }) => id === shown);
  if (!listed || !shown) return [];
  const session = compact({
    agent: "copilot",
    key: shown,
    title: asString(listed.title),
    url: pageOf(shown),
    createdAt: isoTime(listed.createdAt),
    updatedAt: isoTime(listed.updatedAt),
  });
  return [{ session, messages: [] }];
}

/** The title that a new session gets during its first turn. The messages are asked for when the turn ends: the frames have neither times nor order. */
function readTitle(observation: Observation): Readings {
  if (!siteMatch(observation, HOST, /^\/c\/api\/chat(?:\?|$)/)) return null;
  const events = asRecords(jsonLines(observation.body));
  const named = events.find(({ event }) => event === "titleUpdate");
  const started = events.find(({ conversationId }) => typeof conversationId === "string");
  const key =
    asString(named?.conversationId) ??
    asString(started?.conversationId) ??
    shownSession(observation, sessionOf);
  const title = asString(named?.title);
  if (events.length === 0) return null;
  if (!key || !title) return [];
  return [{ session: { agent: "copilot", key, title, url: pageOf(key) }, messages: [] }];
}

const CHAT = "^/c/api/chat(\\?|$)";

export const copilot = defineAgent({
  id: "copilot",
  name: "Microsoft Copilot",
  kind: "chat",
  origins: ["https://copilot.microsoft.com/*"],
  session: sessionOf,
  // Seen 2026-10.
  shows: '[data-content="ai-message"], [data-content="user-message"]',
  taps: [
    {
      id: "history",
      transport: "fetch",
      method: "GET",
      path: "^/c/api/conversations/[\\w-]{4,}/history(\\?|$)",
      read: readHistory,
    },
    {
      id: "list",
      transport: "fetch",
      method: "GET",
      path: "^/c/api/conversations(\\?|$)",
      read: readList,
    },
    {
      id: "title",
      transport: "websocket",
      method: "GET",
      path: CHAT,
      until: '"event":"(?:titleUpdate|done|error)"',
      read: readTitle,
    },
  ],
  streams: [
    {
      transport: "websocket",
      path: CHAT,
      running: '\\n(?=.*"event":"(?:received|startMessage)").*?"conversationId":"([\\w-]+)"',
      settled: '"event":"(?:done|error)"',
      ask: ["/c/api/conversations/$1/history?api-version=2"],
    },
  ],
  // Seen 2026-10; no element names the message's id.
  page: {
    use: "fallback",
    messages: [
      '[data-content="conversation"] :is([data-content="user-message"], [data-content="ai-message"])',
      '[data-content="user-message"], [data-content="ai-message"]',
    ],
    roles: [
      { role: "user", match: '[data-content="user-message"]' },
      { role: "assistant", match: '[data-content="ai-message"]' },
    ],
    strip: ["button", ".sr-only, .visually-hidden"],
  },
  facts: [
    {
      fields: "messages, roles, times, citations, images",
      from: "GET /c/api/conversations/{id}/history, the page's own and once after each turn",
      sure: "good",
      source: "an exporter that reads the page's own call; gpt4free Copilot provider",
      date: "2026-10-01",
    },
    {
      fields: "title; that a turn runs or ended",
      from: "GET /c/api/conversations; WebSocket /c/api/chat",
      sure: "good",
      source: "gpt4free CopilotSession",
      date: "2026-08-09",
    },
    {
      fields: "messages of the page's elements, where the traffic is silent",
      from: "the page",
      sure: "good",
      source: "six exporters agree",
      date: "2026-10-01",
    },
  ],
});
