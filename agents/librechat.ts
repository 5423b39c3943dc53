import { defineAgent, type History, type Observation, type Reading, type Readings } from "./agent";
import { ownPage, pathMatch } from "./shared/address";
import { arrayItems, asNumber, asRecord, asString, compact, parseJson } from "./shared/json";
import { readLibreChatMessage } from "./shared/librechat-messages";
import {
  isLibreChatTemporary,
  readLibreChatSession,
  readLibreChatStream,
} from "./shared/librechat-stream";
import { isoTime } from "./shared/parts";
import { lastLeaf, risingPositions } from "./shared/tree";

const ID = "[0-9a-f]{8}-[0-9a-f-]{27}";

function reading(
  key: string,
  observation: Observation | null,
  session: Partial<Reading["session"]>,
  messages: Reading["messages"],
  isTemporary: boolean,
): Reading {
  const url = observation ? ownPage(observation, `/c/${key}`) : undefined;
  return {
    session: compact({ agent: "librechat", key, url, ...session }),
    messages,
    ...(isTemporary ? { isTemporary } : {}),
  };
}

function readAll(items: unknown[], key: string): Reading["messages"] {
  return risingPositions(items.flatMap((item, index) => readLibreChatMessage(item, key, index)));
}

function readMessages(observation: Observation): Readings {
  const key = pathMatch(observation, new RegExp(`^/api/messages/(${ID})(\\?|$)`))?.[1];
  const items = key === undefined ? undefined : arrayItems(observation.body);
  if (!key || !items) return null;
  const messages = readAll(items, key);
  if (messages.length === 0) return items.length === 0 ? [] : null;
  const account = items.map((item) => asString(asRecord(item)?.user)).find(Boolean);
  const activeLeafKey = observation.isTruncated ? undefined : lastLeaf(messages);
  const session = compact({ account, activeLeafKey });
  return [reading(key, observation, session, messages, items.some(isLibreChatTemporary))];
}

function readSession(observation: Observation): Readings {
  const asked = pathMatch(observation, new RegExp(`^/api/convos/(${ID})(\\?|$)`))?.[1];
  const body = asked === undefined ? undefined : asRecord(parseJson(observation.body));
  if (!asked || body?.conversationId !== asked) return null;
  const isTemporary = isLibreChatTemporary(body);
  return [reading(asked, observation, readLibreChatSession(body), [], isTemporary)];
}

function readTitle(observation: Observation): Readings {
  const key = pathMatch(observation, new RegExp(`^/api/convos/gen_title/(${ID})(\\?|$)`))?.[1];
  const title = asString(asRecord(parseJson(observation.body))?.title);
  return key && title ? [reading(key, observation, { title }, [], false)] : null;
}

const TURN = "^/api/(?:agents/chat|ask|edit|assistants/v\\d+/chat)(?:/|\\?|$)";

function readTurn(observation: Observation): Readings {
  if (!pathMatch(observation, new RegExp(TURN))) return null;
  const turn = readLibreChatStream(observation.body);
  if (turn) {
    const { key, session, messages, isTemporary } = turn;
    return [reading(key, observation, session, messages, isTemporary)];
  }
  // Since version 0.8.7 a prompt is answered with where its stream is.
  const started = asRecord(parseJson(observation.body));
  return typeof started?.streamId === "string" || /^(?:event|data):/m.test(observation.body)
    ? []
    : null;
}

/** The messages of an export, whose newest form nests them in each other. By hand: a long session nests deeper than calls can. */
function exportedMessages(messages: unknown[]): unknown[] {
  const found: unknown[] = [];
  const waiting = [...messages].reverse();
  while (waiting.length > 0) {
    const message = waiting.pop();
    found.push(message);
    const children = asRecord(message)?.children;
    if (Array.isArray(children)) waiting.push(...(children as unknown[]).toReversed());
  }
  return found;
}

function readExport(entry: unknown): Readings {
  const file = asRecord(entry);
  const key = asString(file?.conversationId);
  if (!file || !key || !Array.isArray(file.messages) || file.recursive === undefined) return null;
  const messages = readAll(exportedMessages(file.messages), key);
  const options = asRecord(file.options);
  const times = messages.flatMap(({ createdAt }) => createdAt ?? []);
  const session = compact({
    ...readLibreChatSession({ model: options?.model, ...file }),
    activeLeafKey: lastLeaf(messages),
    createdAt: times.length > 0 ? times.reduce((a, b) => Math.min(a, b)) : undefined,
    updatedAt: times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : undefined,
  });
  return messages.length > 0 ? [reading(key, null, session, messages, false)] : [];
}

const PAGE_SIZE = 50;

/** Newer versions page by a cursor, those before 0.7.8 by a number, which then stands in the cursor's place. */
const history: History = {
  list(cursor) {
    const rest = cursor === null ? "" : `&${cursor}`;
    return {
      method: "GET",
      path: `/api/convos?sortBy=updatedAt&sortDirection=desc&limit=${PAGE_SIZE}${rest}`,
    };
  },
  readList(answer) {
    const body = asRecord(parseJson(answer.body));
    if (!body || !Array.isArray(body.conversations)) return null;
    const sessions = body.conversations.flatMap((item) => {
      const key = asString(asRecord(item)?.conversationId);
      return key ? [compact({ key, updatedAt: isoTime(asRecord(item)?.updatedAt) })] : [];
    });
    const cursor = asString(body.nextCursor);
    const page = asNumber(Number(body.pageNumber)) ?? 1;
    const pages = asNumber(body.pages) ?? 0;
    if (cursor) return { sessions, next: `cursor=${encodeURIComponent(cursor)}` };
    return { sessions, next: page < pages ? `pageNumber=${page + 1}` : null };
  },
  load(key, answers) {
    const id = encodeURIComponent(key);
    if (answers.length === 0) return { method: "GET", path: `/api/convos/${id}`, tap: "session" };
    if (answers.length > 1) return null;
    return { method: "GET", path: `/api/messages/${id}`, tap: "messages" };
  },
};

const SOURCE = "danny-avila/LibreChat useResumableSSE.ts @0012cbf and its import fixtures, MIT";

// All its requests go through XMLHttpRequest: axios, and sse.js for the streams.
export const librechat = defineAgent({
  id: "librechat",
  name: "LibreChat",
  kind: "self-hosted",
  origins: ["http://localhost:3080/*", "http://127.0.0.1:3080/*"],
  selfHosted: {
    path: "/api/config",
    isRecognised(body) {
      const config = asRecord(body);
      const isOwn = (name: string) => typeof config?.[name] === "boolean";
      return (
        typeof config?.appTitle === "string" &&
        (isOwn("emailLoginEnabled") || isOwn("registrationEnabled") || isOwn("socialLoginEnabled"))
      );
    },
  },
  session: (url) => new RegExp(`^/c/(${ID})(?:/|$)`).exec(url.pathname)?.[1] ?? null,
  // Seen 2025-10.
  shows: ".message-render",
  taps: [
    {
      id: "messages",
      transport: "xhr",
      method: "GET",
      path: `^/api/messages/${ID}(\\?|$)`,
      read: readMessages,
    },
    {
      id: "session",
      transport: "xhr",
      method: "GET",
      path: `^/api/convos/${ID}(\\?|$)`,
      read: readSession,
    },
    {
      id: "title",
      transport: "xhr",
      method: "GET",
      path: `^/api/convos/gen_title/${ID}(\\?|$)`,
      read: readTitle,
    },
    { id: "turn", transport: "xhr", method: "POST", path: TURN, read: readTurn },
    {
      id: "stream",
      transport: "xhr",
      method: "GET",
      path: "^/api/agents/chat/stream/[^/?]+(\\?|$)",
      read: readTurn,
    },
  ],
  page: {
    use: "fallback",
    // Seen 2025-10.
    messages: [".message-render"],
    roles: [
      { role: "user", match: ".user-turn" },
      { role: "assistant", match: ".agent-turn" },
    ],
    ids: ["id"],
    body: [".markdown", ".message-content"],
    strip: ["h2.sr-only", ".sr-only", "button"],
    running: ['[aria-label="Stop generating"]', ".result-streaming"],
  },
  history,
  imports: [{ file: "\\.json$", format: "object", read: readExport }],
  facts: [
    {
      fields: "messages, tree, models, reasoning, tool calls and results, files, sources, tokens",
      from: "GET /api/messages/{id}; titles from /api/convos/{id} and /api/convos/gen_title/{id}",
      sure: "certain",
      source: SOURCE,
      date: "2026-10-10",
    },
    {
      fields: "the turn that runs",
      from: "the last event of GET /api/agents/chat/stream/{id}; before 0.8.7 of POST /api/agents/chat",
      sure: "good",
      source: SOURCE,
      date: "2026-10-10",
    },
    {
      fields: "sessions of before",
      from: "GET /api/convos by cursor or page number",
      sure: "good",
      source: "danny-avila/LibreChat, from memory",
      date: "2026-10-10",
    },
    {
      fields: "exported sessions",
      from: "the JSON export, nested, linear and with branches",
      sure: "certain",
      source: "danny-avila/LibreChat api/server/utils/import/__data__, MIT",
      date: "2025-10-03",
    },
    {
      fields: "whether an address runs it",
      from: "GET /api/config: appTitle and which ways to sign in are on",
      sure: "guess",
      source: "danny-avila/LibreChat, from memory",
      date: "2026-11-21",
    },
  ],
});
