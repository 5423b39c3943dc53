import {
  defineAgent,
  type History,
  type Import,
  type Observation,
  type PageRules,
  type Readings,
} from "./agent";
import { parseCut } from "./shared/cut";
import { sseEvents } from "./shared/frames";
import { decodeId, readBody, sessionOf } from "./shared/chatgpt-session";
import { readSocket } from "./shared/chatgpt-socket";
import { readTurn } from "./shared/chatgpt-stream";
import { readTurnReading } from "./shared/chatgpt-turn";
import { asNumber, asRecord, asString, compact, parseJson } from "./shared/json";
import { isoTime } from "./shared/parts";

/** An id: a UUID, or that of Work mode. `init`, `prepare` and the like have no dash. */
const ID = "((?:WEB(?::|%3A))?\\w+-[\\w-]+|WEB(?::|%3A)[\\w-]+)";
/** The tree (singular) and the flat list (plural), which the page loads since 2026-09. */
const LOAD = `^/backend-api/conversations?/${ID}(\\?|$)`;
/** The last segment is exact: `…/conversation/init` and `…/conversation/prepare` answer JSON and come earlier. */
const SEND = "^/backend-(?:api|anon)/(?:f/|anon/)?conversation(/resume)?(\\?|$)";
const SOCKET_HOST = "^ws\\.chatgpt\\.com(:\\d+)?$";

/** Sessions in one page of the list. */
const PAGE_SIZE = 100;

function pathOf(observation: Observation): string {
  const url = URL.parse(observation.url);
  return url ? url.pathname + url.search : "";
}

function readLoad(observation: Observation): Readings {
  const key = new RegExp(LOAD).exec(pathOf(observation))?.[1];
  const { body: text, isTruncated, pageUrl } = observation;
  const body = asRecord(isTruncated ? parseCut(text, 2) : parseJson(text));
  if (key === undefined || !body) return null;
  return readBody(body, { key: decodeId(key), pageUrl, isPart: isTruncated });
}

function readSend(observation: Observation): Readings {
  const path = new RegExp(SEND).exec(pathOf(observation));
  if (!path) return null;
  // Refused: nothing of it is in the session.
  if (observation.status >= 400) return [];
  const turn = readTurn(sseEvents(observation.body));
  if (!turn.isKnown && turn.error === undefined) return null;
  const isTakenUp = path[1] !== undefined;
  const request = isTakenUp ? undefined : asRecord(parseJson(observation.request ?? ""));
  return readTurnReading(turn, { request, isTakenUp, pageUrl: observation.pageUrl });
}

function readMessages(observation: Observation): Readings {
  if (!new RegExp(SOCKET_HOST).test(URL.parse(observation.url)?.host ?? "")) return null;
  const turns = readSocket(observation.body);
  const context = { isTakenUp: true, pageUrl: observation.pageUrl };
  return turns?.flatMap((turn) => readTurnReading(turn, context)) ?? null;
}

/** How cursors of the archived sessions begin: the site lists them apart, and they come last. */
const ARCHIVED = "archived:";

const history: History = {
  list(cursor) {
    const isArchived = cursor?.startsWith(ARCHIVED) === true;
    const offset = isArchived ? cursor.slice(ARCHIVED.length) : (cursor ?? "0");
    const query = `offset=${offset}&limit=${PAGE_SIZE}&order=updated`;
    const path = `/backend-api/conversations?${query}${isArchived ? "&is_archived=true" : ""}`;
    return { method: "GET", path };
  },
  readList(answer) {
    const body = asRecord(parseJson(answer.body));
    if (!body || !Array.isArray(body.items)) return null;
    const sessions = body.items.flatMap((value) => {
      const item = asRecord(value);
      const key = asString(item?.id);
      return item && key ? [compact({ key, updatedAt: isoTime(item.update_time) })] : [];
    });
    const asked = URL.parse(answer.url)?.searchParams;
    const isArchived = asked?.get("is_archived") === "true";
    const end = Number(asked?.get("offset") ?? 0) + body.items.length;
    const total = asNumber(body.total);
    const isLast = body.items.length === 0 || (total !== undefined && end >= total);
    const next = isLast ? (isArchived ? null : 0) : end;
    const isInArchive = isArchived || isLast;
    return compact({
      sessions,
      next: next === null ? null : `${isInArchive ? ARCHIVED : ""}${next}`,
      total: isArchived ? undefined : total,
    });
  },
  load(key, answers) {
    if (answers.length > 0) return null;
    const path = `/backend-api/conversation/${encodeURIComponent(key)}`;
    return { method: "GET", path, tap: "load" };
  },
};

/** The files of the official export; `shared_conversations.json` and `chat.html` only repeat what they hold. */
const exported: Import = {
  file: "(^|/)conversations(-\\d+)?\\.json$",
  format: "array",
  read(entry) {
    const body = asRecord(entry);
    return body ? readBody(body, { pageUrl: "" }) : null;
  },
};

/** Two layouts are live at once; the newer one came on 2026-09-25. Then the one for people who are not signed in (seen 2026-09). */
const page: PageRules = {
  use: "fallback",
  messages: [
    "[data-message-author-role][data-message-id]", // to 2026-09
    "[data-chatgpt-search-message-ids]", // from 2026-09-25
    "[data-message-role]", // signed out, 2026-09
  ],
  roles: [
    { role: "user", match: '[data-message-author-role="user"]' },
    { role: "assistant", match: '[data-message-author-role="assistant"]' },
    { role: "tool", match: '[data-message-author-role="tool"]' },
    { role: "user", match: "[data-user-message-bubble]" },
    { role: "assistant", match: '[data-conversation-role="assistant"]' },
    { role: "assistant", match: '[data-chatgpt-search-unit-key$=":assistant"]' },
    { role: "user", match: '[data-message-role="user"]' },
    { role: "assistant", match: '[data-message-role="assistant"]' },
  ],
  ids: ["data-message-id", "data-chatgpt-selection-message-id", "data-chatgpt-search-message-ids"],
  strip: [".sr-only", 'button:not([data-testid="generated-image-preview"])', '[role="toolbar"]'],
  running: [
    'button[data-testid="stop-button"]', // to 2026-09
    "[data-markdown-animated]", // from 2026-09-25
    'form button[aria-label="Stop"]',
  ],
  title: ["nav a[data-active] .truncate span"],
  model: ["[data-message-model-slug]@data-message-model-slug"],
};

export const chatgpt = defineAgent({
  id: "chatgpt",
  name: "ChatGPT",
  kind: "chat",
  origins: ["https://chatgpt.com/*", "https://chat.openai.com/*"],
  session: sessionOf,
  shows: page.messages.join(", "),
  taps: [
    { id: "load", transport: "fetch", method: "GET", path: LOAD, read: readLoad },
    // Any body: the prompt lies in it, and a turn that is taken up again has one too.
    { id: "send", transport: "fetch", method: "POST", path: SEND, request: "^", read: readSend },
    {
      id: "socket",
      transport: "websocket",
      method: "GET",
      host: SOCKET_HOST,
      path: "/ws/user",
      // The end of one topic's turn; the streams' own frames lie escaped inside a string and do not match.
      until: '"payload":\\s*\\{\\s*"type":\\s*"(?:done|error)"',
      read: readMessages,
    },
  ],
  page,
  history,
  imports: [exported],
  facts: [
    {
      fields:
        "messages, tree, models, times, reasoning, tool calls and results, citations, files, title",
      from: "GET /backend-api/conversation/{id} (tree)",
      sure: "certain",
      source: "pionxzh/chatgpt-exporter b6466b3, steipete/oracle 35d8022, blackiya's sample",
      date: "2026-10-07",
    },
    {
      fields: "the same, of the branch that the page shows",
      from: "GET /backend-api/conversations/{id} (flat list)",
      sure: "good",
      source: "sudhanp2004/ai-hours d3ebc1c, live probe; not every key was recorded",
      date: "2026-10-03",
    },
    {
      fields: "a live turn: prompt, reasoning, tool calls and results, answer, title, stop, errors",
      from: "POST /backend-api/f/conversation, delta encoding v1",
      sure: "certain",
      source: "UnlastingR/sse-devtools-panel 0c788ee, tsljgj/webGPT4CC f374d0d, ai-hours d3ebc1c",
      date: "2026-10-09",
    },
    {
      fields: "a live turn that is handed over (Work mode and some accounts)",
      from: "WebSocket ws.chatgpt.com",
      sure: "good",
      source: "ChatMock's notes of a live session",
      date: "2026-09-14",
    },
    {
      fields: "text, roles, ids and models on the page, where the traffic was not seen",
      from: "the page's elements, in the layouts before and since 2026-09-25",
      sure: "good",
      source: "sho7650/obsidian-AI-exporter b60e88c, nuncaeslupus/ai-chat-exporter 763ec6d",
      date: "2026-09-26",
    },
    {
      fields: "the whole history",
      from: "official export: conversations.json, conversations-000.json and so on",
      sure: "certain",
      source: "danny-avila/LibreChat's import data",
      date: "2026-08-01",
    },
  ],
});
