import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Readings,
  type SessionReading,
} from "./agent";
import { jsonObjects } from "./shared/frames";
import { asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { blockParts, pagesIn } from "./shared/kimi-blocks";
import { readKimiStream } from "./shared/kimi-frames";
import { isoTime } from "./shared/parts";
import { shownSession, siteMatch } from "./shared/site";

type Json = Record<string, unknown>;

const HOST = /^(?:www\.)?kimi\.com$/;
const SERVICE = "^/apiv2/kimi\\.(?:gateway\\.)?chat\\.v1\\.ChatService/";

function pageOf(key: string): string {
  return `https://www.kimi.com/chat/${key}`;
}

function sessionOf(url: URL): string | null {
  return /\/chat\/([\w-]{4,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

function isOwn(observation: Observation, method: string): boolean {
  return siteMatch(observation, HOST, new RegExp(`${SERVICE}${method}(?:\\?|$)`)) !== null;
}

function readMessage(message: Json, index: number, base: number | undefined): MessageReading[] {
  const key = asString(message.id);
  const status = asString(message.status)?.replace("MESSAGE_STATUS_", "");
  // A system message starts every chat and is never shown.
  if (key === undefined || message.role === "system") return [];
  const createdAt = isoTime(message.createTime);
  const isAssistant = message.role === "assistant";
  const isRunning = status === "GENERATING" || status === "PENDING" || status === "UNSPECIFIED";
  const isWhole = status === undefined || status === "COMPLETED";
  return [
    compact({
      key,
      parentKey: asString(message.parentId) || undefined,
      role: isAssistant ? "assistant" : message.role === "user" ? "user" : "unknown",
      position: createdAt ?? (base ?? 0) + index / 1000,
      state: isAssistant && isRunning ? "partial" : "final",
      createdAt,
      finish: isAssistant && !isRunning && !isWhole ? status : undefined,
      parts: [
        ...asRecords(message.blocks).flatMap((block) => blockParts(block, key)),
        ...pagesIn(message.refs),
      ],
    } satisfies MessageReading),
  ];
}

/** Answers whose question is not among the messages, since it was hidden or lies on another page of the list, keep no parent that is nowhere. */
function withoutHidden(messages: MessageReading[], hidden: Set<string>): MessageReading[] {
  return messages.map(({ parentKey, ...message }) =>
    compact({ ...message, parentKey: hidden.has(parentKey ?? "") ? undefined : parentKey }),
  );
}

function reading(session: SessionReading, values: Json[], base?: number): Readings {
  const hidden = values.filter(({ role }) => role === "system").map(({ id }) => String(id));
  const read = values.flatMap((message, index) => readMessage(message, index, base));
  return [{ session, messages: withoutHidden(read, new Set(hidden)) }];
}

function readMessages(observation: Observation): Readings {
  const request = asRecord(jsonObjects(observation.request ?? "")[0]);
  const key = asString(request?.chat_id) ?? asString(request?.chatId);
  const list = asRecord(parseJson(observation.body))?.messages;
  if (!isOwn(observation, "ListMessages") || !key || !Array.isArray(list)) return null;
  const values = asRecords(list).reverse();
  const isNewest = !(request?.page_token ?? request?.pageToken);
  const session: SessionReading = compact({
    agent: "kimi",
    key,
    url: pageOf(key),
    activeLeafKey: isNewest ? asString(values.at(-1)?.id) : undefined,
  });
  return values.length === 0 ? [] : reading(session, values);
}

/** The question as the page sent it, for a stream that does not repeat it. */
function sentMessage(observation: Observation, answer: Json | undefined): Json[] {
  const sent = asRecord(asRecord(jsonObjects(observation.request ?? "")[0])?.message);
  const id = asString(answer?.parentId);
  if (!sent || !id) return [];
  const parentId = asString(sent.parent_id) ?? asString(sent.parentId);
  return [compact({ id, parentId, role: "user", blocks: sent.blocks })];
}

function readChat(observation: Observation): Readings {
  const stream = isOwn(observation, "Chat") ? readKimiStream(observation.body) : null;
  const request = asRecord(jsonObjects(observation.request ?? "")[0]);
  const key = asString(stream?.chat.id) ?? asString(request?.chat_id) ?? asString(request?.chatId);
  if (!stream) return null;
  if (!key) return stream.error ? [] : null;
  const values = [...stream.messages.values()];
  const answer = values.findLast(({ role }) => role === "assistant");
  const isSent = values.some(({ id }) => id === answer?.parentId);
  if (answer && stream.error) answer.status = "FAILED";
  else if (answer && stream.isDone && /GENERATING|PENDING/.test(asString(answer.status) ?? "")) {
    answer.status = "MESSAGE_STATUS_COMPLETED";
  }
  const session: SessionReading = compact({
    agent: "kimi",
    key,
    title: asString(stream.chat.name) || undefined,
    url: pageOf(key),
    activeLeafKey: asString(answer?.id),
    createdAt: isoTime(stream.chat.createTime),
    updatedAt: isoTime(stream.chat.updateTime),
  });
  const all = isSent ? values : [...sentMessage(observation, answer), ...values];
  const read = reading(session, all, isoTime(stream.chat.updateTime));
  return read && failed(read, asString(answer?.id), stream.error);
}

function failed(readings: Readings, key: string | undefined, error: Json | undefined): Readings {
  if (!readings || !error) return readings;
  const said = { name: asString(error.code) ?? "Error", message: asString(error.message) ?? "" };
  return readings.map((item) => ({
    ...item,
    messages: item.messages.map((m) => (m.key === key ? { ...m, error: said } : m)),
  }));
}

/** Only the shown session's title: the list tells nothing else, and the other sessions were perhaps never opened. */
function readList(observation: Observation): Readings {
  const chats = asRecord(parseJson(observation.body))?.chats;
  if (!isOwn(observation, "ListChats") || !Array.isArray(chats)) return null;
  const shown = shownSession(observation, sessionOf);
  const chat = asRecords(chats).find(({ id }) => id === shown);
  if (!chat || !shown) return [];
  const session = compact({
    agent: "kimi",
    key: shown,
    title: asString(chat.name),
    url: pageOf(shown),
    createdAt: isoTime(chat.createTime),
    updatedAt: isoTime(chat.updateTime),
  });
  return [{ session, messages: [] }];
}

const CALL = { transport: "fetch" as const, method: "POST" };

export const kimi = defineAgent({
  id: "kimi",
  name: "Kimi",
  kind: "chat",
  origins: ["https://www.kimi.com/*", "https://kimi.com/*"],
  session: sessionOf,
  shows: ".chat-content-item",
  taps: [
    {
      ...CALL,
      id: "messages",
      path: `${SERVICE}ListMessages(\\?|$)`,
      request: '"chat_?[iI]d"',
      read: readMessages,
    },
    { ...CALL, id: "chat", path: `${SERVICE}Chat(\\?|$)`, request: "message", read: readChat },
    { ...CALL, id: "list", path: `${SERVICE}ListChats(\\?|$)`, read: readList },
  ],
  // Seen 2026-08; no element names the message's id.
  page: {
    use: "fallback",
    messages: [".chat-content-item"],
    roles: [
      { role: "user", match: ".chat-content-item-user" },
      { role: "assistant", match: ".chat-content-item-assistant" },
    ],
    body: [".segment-content .markdown", ".segment-content", ".markdown"],
    strip: ["button"],
    running: ['[aria-label*="Stop"]', '[aria-label*="停止"]'],
  },
  facts: [
    {
      fields: "tree of messages, reasoning, tools, searches, files, times",
      from: "POST ChatService/ListMessages",
      sure: "good",
      source: "a probe of 2026-05; universal-web-api; sse-devtools-panel",
      date: "2026-10-01",
    },
    {
      fields: "the running turn, title of a new chat",
      from: "POST ChatService/Chat, Connect frames of JSON",
      sure: "good",
      source: "sse-devtools-panel; universal-web-api kimi parser",
      date: "2026-10-01",
    },
    {
      fields: "title",
      from: "POST ChatService/ListChats",
      sure: "good",
      source: "a probe of 2026-05",
      date: "2026-05-09",
    },
    {
      fields: "fields inside tools, searches and files; the question in the request",
      from: "the same calls",
      sure: "guess",
      source: "names that Connect services of this site use",
      date: "2026-08-01",
    },
  ],
});
