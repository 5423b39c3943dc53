import { defineAgent, type History, type Observation, type Reading, type Readings } from "./agent";
import { ownPage, pathMatch } from "./shared/address";
import { asNumber, asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { OPEN_WEBUI_DESCENDANTS, openWebUiTime, readOpenWebUiChat } from "./shared/open-webui";

/** A chat's address: the lists and other calls that lie beside chats are none. */
const CHAT =
  "^/api/v1/chats/(?!(?:all|archived|config|folder|import|list|new|pinned|search|share|shared|stats|tags)(?:[/?]|$))([\\w-]+)(?:\\?|$)";
const NEW_CHAT = "^/api/v1/chats/new(?:\\?|$)";

/** The sites that come from Open WebUI answer alike, and are agents of their own. */
function isOwn(observation: Observation): boolean {
  return !OPEN_WEBUI_DESCENDANTS.includes(URL.parse(observation.url)?.host ?? "");
}

/** An answer that has not begun is saved empty, without saying that it is not done. */
function withUnbegun({ session, messages }: Reading): Reading {
  return {
    session,
    messages: messages.map((message) => {
      const isEmpty = message.parts.length === 0 && message.error === undefined;
      return isEmpty && message.role === "assistant" ? { ...message, state: "partial" } : message;
    }),
  };
}

function readRecord(record: unknown, key: string | undefined, observation: Observation): Readings {
  const id = asString(asRecord(record)?.id);
  if (id === undefined || (key !== undefined && id !== key)) return null;
  const url = ownPage(observation, `/c/${id}`);
  const reading = readOpenWebUiChat(record, { agent: "open-webui", url });
  return reading && [withUnbegun(reading)];
}

function readChat(observation: Observation): Readings {
  const key = isOwn(observation) ? pathMatch(observation, new RegExp(CHAT))?.[1] : undefined;
  return key === undefined ? null : readRecord(parseJson(observation.body), key, observation);
}

/** What the page saves after each turn: the answer has the whole chat, and so has the request, should the answer be cut. */
function readSave(observation: Observation): Readings {
  const key = isOwn(observation) ? pathMatch(observation, new RegExp(CHAT))?.[1] : undefined;
  if (key === undefined) return null;
  const answered = readRecord(parseJson(observation.body), key, observation);
  if (answered) return answered;
  const chat = asRecord(asRecord(parseJson(observation.request ?? ""))?.chat);
  if (!chat) return null;
  // A change of the title alone holds no messages.
  return readRecord({ id: key, title: chat.title, chat }, key, observation) ?? [];
}

function readNew(observation: Observation): Readings {
  if (!isOwn(observation) || !pathMatch(observation, new RegExp(NEW_CHAT))) return null;
  return readRecord(parseJson(observation.body), undefined, observation);
}

function readExport(entry: unknown): Readings {
  const chat = asRecord(asRecord(entry)?.chat);
  if (!asRecord(asRecord(chat?.history)?.messages)) return null;
  const reading = readOpenWebUiChat(entry, { agent: "open-webui" });
  return reading && [withUnbegun(reading)];
}

const history: History = {
  list: (cursor) => ({
    method: "GET",
    path: `/api/v1/chats/?page=${cursor ?? "1"}&include_pinned=true&include_folders=true`,
  }),
  readList(answer) {
    const items = parseJson(answer.body);
    if (!Array.isArray(items)) return null;
    const sessions = asRecords(items).flatMap((item) => {
      const key = asString(item.id);
      return key ? [compact({ key, updatedAt: openWebUiTime(item.updated_at) })] : [];
    });
    // No page says that it is the last one: the first that is empty does.
    const page = asNumber(Number(URL.parse(answer.url)?.searchParams.get("page") ?? 1)) ?? 1;
    return { sessions, next: sessions.length > 0 ? String(page + 1) : null };
  },
  load: (key, answers) =>
    answers.length > 0
      ? null
      : { method: "GET", path: `/api/v1/chats/${encodeURIComponent(key)}`, tap: "chat" },
};

/** A chat that is not temporary; those are named `local` and lie on no server. */
const EVENT = '"chat_id":\\s?"(?!local")([\\w-]+)".*?"type":\\s?';

const SOURCE = "open-webui/open-webui Chat.svelte @002b16d";

export const openWebUi = defineAgent({
  id: "open-webui",
  name: "Open WebUI",
  kind: "self-hosted",
  origins: ["http://localhost:8080/*", "http://localhost:3000/*"],
  selfHosted: {
    path: "/api/config",
    isRecognised(body) {
      const config = asRecord(body);
      return (
        typeof config?.name === "string" &&
        typeof config.version === "string" &&
        asRecord(config.features) !== undefined
      );
    },
  },
  session: (url) => /^\/c\/([\w-]+)(?:\/|$)/.exec(url.pathname)?.[1] ?? null,
  taps: [
    { id: "chat", transport: "fetch", method: "GET", path: CHAT, read: readChat },
    {
      id: "save",
      transport: "fetch",
      method: "POST",
      path: CHAT,
      request: '"chat"\\s*:',
      read: readSave,
    },
    { id: "new", transport: "fetch", method: "POST", path: NEW_CHAT, read: readNew },
  ],
  streams: [
    {
      transport: "websocket",
      path: "^/ws/socket\\.io/",
      settled: `${EVENT}"(?:chat:completion".*"done":\\s?true|chat:message:error"|chat:tasks:cancel")`,
      running: `${EVENT}"(?:chat:completion|chat:message|message|status)"`,
      changed: `${EVENT}"(?:chat:title|chat:message:follow_ups)"`,
      ask: ["/api/v1/chats/$1"],
    },
  ],
  shows: ".chat-assistant, .user-message",
  page: {
    use: "fallback",
    // Seen 2026-10.
    messages: ['[id^="message-"]'],
    roles: [
      { role: "user", match: ".user-message" },
      { role: "assistant", match: ".chat-assistant" },
    ],
    ids: ["id"],
    idPattern: "^message-([\\w-]+)$",
    body: [".chat-assistant .markdown-prose", ".user-message .markdown-prose", ".markdown-prose"],
    reasoning: ['details[type="reasoning"]'],
    strip: ["button", ".sr-only"],
    running: ["#stop-response-button"],
  },
  history,
  imports: [{ file: "\\.json$", format: "array", read: readExport }],
  facts: [
    {
      fields:
        "messages, tree, reasoning, tool calls and results, sources, files, models, tokens, errors, times",
      from: "GET /api/v1/chats/{id}, POST /api/v1/chats/{id} after each turn, POST /api/v1/chats/new",
      sure: "certain",
      source: SOURCE,
      date: "2026-10-10",
    },
    {
      fields: "when a turn ended",
      from: "chat:completion with done over socket.io, then GET /api/v1/chats/{id}",
      sure: "good",
      source: `${SOURCE}; open-webui-developer-toolkit docs/events.md`,
      date: "2026-10-10",
    },
    {
      fields: "sessions of before",
      from: "GET /api/v1/chats/?page=",
      sure: "good",
      source: "open-webui/open-webui, from memory",
      date: "2026-11-21",
    },
    {
      fields: "exported sessions",
      from: "the JSON export: an array of chats",
      sure: "certain",
      source: "danny-avila/LibreChat openwebui-export.json @89e0c58a, MIT",
      date: "2026-10-10",
    },
    {
      fields: "messages, where the traffic is silent",
      from: "#message-{id}, .user-message, .chat-assistant",
      sure: "good",
      source: SOURCE,
      date: "2026-10-10",
    },
  ],
});
