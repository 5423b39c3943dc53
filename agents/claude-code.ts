import { defineAgent, type HistoryList, type Observation, type Readings } from "./agent";
import { pathMatch } from "./shared/address";
import { readTranscript } from "./shared/claude-code-transcript";
import { readSessionObject } from "./shared/claude-code-session";
import { linesOf } from "./shared/claude-code-lines";
import { readLog } from "./shared/claude-code-log";
import { asRecord, asString, parseJson } from "./shared/json";
import { isoTime } from "./shared/parts";

/** One session has two ids, which differ in their first word only. The page's address has the key. */
function keyOf(id: string | undefined): string | null {
  const found = /^(?:session|cse)_(\w+)$/.exec(id ?? "");
  return found ? `session_${found[1]}` : null;
}

const EVENTS =
  /^\/v1\/(?:code\/sessions\/(\w+)\/(?:teleport-)?events|sessions\/(\w+)\/events|session_ingress\/session\/(\w+))(?:\?|$)/;

/** The newer form gives the newest events first unless it is asked otherwise, the older one the oldest. */
function isNewestFirst(url: URL): boolean {
  const order = url.searchParams.get("sort_order");
  return order === null ? url.pathname.startsWith("/v1/code/") : order === "desc";
}

/** Whether the newest line of the session is among those of an answer. */
function holdsEnd(body: Record<string, unknown>, url: URL): boolean {
  if (isNewestFirst(url)) return !url.searchParams.has("cursor");
  return !body.next_cursor && body.has_more !== true;
}

function readEvents(observation: Observation): Readings {
  const found = pathMatch(observation, EVENTS);
  const url = URL.parse(observation.url);
  const key = keyOf(found?.[1] ?? found?.[2] ?? found?.[3]);
  const body = asRecord(parseJson(observation.body));
  const isWhole = Array.isArray(body?.loglines);
  const values = isWhole ? body?.loglines : body?.data;
  if (!key || !url || !body || !Array.isArray(values)) return null;
  const lines = linesOf(values, isNewestFirst(url));
  const page = `${url.origin}/code/${key}`;
  return readLog(lines, { key, url: page, isEnd: holdsEnd(body, url), isWhole });
}

const SESSION = /^\/v1\/(?:code\/)?sessions\/((?:session|cse)_\w+)(?:\?|$)/;

function readSession(observation: Observation): Readings {
  const found = pathMatch(observation, SESSION);
  const body = asRecord(parseJson(observation.body));
  const key = keyOf(found?.[1]);
  // The newer form has the object in an envelope.
  const object = asRecord(body?.session) ?? body;
  if (!object || !key || keyOf(asString(object.id)) !== key) return null;
  return [readSessionObject(object, key, URL.parse(observation.url)!.origin)];
}

const LIST = /^\/v1\/(?:code\/)?sessions(?:\?|$)/;

/** The list keeps nothing, but for what it alone says: that a session is a view of one on the person's own computer. */
function readList(observation: Observation): Readings {
  const url = pathMatch(observation, LIST) && URL.parse(observation.url);
  const rows = asRecord(parseJson(observation.body))?.data;
  if (!url || !Array.isArray(rows)) return null;
  return rows.flatMap((value) => {
    const row = asRecord(value) ?? {};
    const key = keyOf(asString(row.id));
    const reading = key && readSessionObject(row, key, url.origin);
    return reading && reading.isElsewhere ? [reading] : [];
  });
}

function readHistoryList(answer: Observation): HistoryList | null {
  const body = asRecord(parseJson(answer.body));
  if (!body || !Array.isArray(body.data)) return null;
  const sessions = body.data.flatMap((value) => {
    const row = asRecord(value) ?? {};
    const key = keyOf(asString(row.id));
    if (!key || row.environment_kind === "bridge") return [];
    return [{ key, updatedAt: isoTime(row.last_event_at) ?? isoTime(row.updated_at) }];
  });
  return { sessions, next: asString(body.next_cursor) || null };
}

/** The site refuses requests without the first; the page sends them all. */
const HEADERS = {
  "anthropic-version": "2023-06-01",
  "anthropic-beta": "ccr-byoc-2025-07-29",
  "anthropic-client-feature": "ccr",
};

/** Only the address names the session in every case: an event may name another id of it, or none. */
const LIVE_OF = "^GET /v1/(?:code/sessions|sessions/ws)/((?:session|cse)_\\w+)/\\S*\\n[^]*";

const LIVE = {
  settled: `${LIVE_OF}"type"\\s*:\\s*"result"`,
  running: `${LIVE_OF}"type"\\s*:\\s*"(?:user|assistant)"`,
  ask: ["/v1/code/sessions/$1/events?limit=50&sort_order=desc"],
};

export const claudeCode = defineAgent({
  id: "claude-code",
  name: "Claude Code",
  kind: "coding",
  origins: ["https://claude.ai/*"],
  session: (url) => keyOf(/\/code\/((?:session|cse)_\w+)(?:\/|$)/.exec(url.pathname)?.[1]),
  shows: "[data-epitaxy-entry]",
  taps: [
    {
      id: "events",
      transport: "fetch",
      method: "GET",
      path: EVENTS.source,
      read: readEvents,
    },
    { id: "session", transport: "fetch", method: "GET", path: SESSION.source, read: readSession },
    { id: "sessions", transport: "fetch", method: "GET", path: LIST.source, read: readList },
  ],
  streams: [
    {
      ...LIVE,
      transport: "websocket",
      path: "^/v1/sessions/ws/(?:session|cse)_\\w+/subscribe(?:\\?|$)",
    },
    {
      ...LIVE,
      transport: "fetch",
      path: "^/v1/code/sessions/(?:session|cse)_\\w+/events/stream(?:\\?|$)",
    },
  ],
  page: {
    use: "fallback",
    // 2026-10.
    messages: ["[data-epitaxy-entry]"],
    roles: [
      { role: "assistant", match: '[data-epitaxy-entry^="msg_"]' },
      { role: "user", match: "[data-epitaxy-entry]" },
    ],
    ids: ["data-epitaxy-entry"],
    // An answer is named by the model's message (`msg_…`), which comes in several events with ids of their own.
    idPattern: "^([0-9a-f-]{36})$",
    strip: [".sr-only", '[class*="group/tool"]'],
    title: [".epitaxy-titlebar"],
  },
  history: {
    list: (cursor) => ({
      method: "GET",
      path: `/v1/code/sessions?limit=100${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      headers: HEADERS,
    }),
    readList: readHistoryList,
    load(key, answers) {
      const base = `/v1/code/sessions/${key}`;
      const request = { method: "GET" as const, headers: HEADERS };
      if (answers.length === 0) return { ...request, tap: "session", path: base };
      const page = `${base}/events?limit=500&sort_order=asc`;
      if (answers.length === 1) return { ...request, tap: "events", path: page };
      const cursor = asString(asRecord(parseJson(answers.at(-1)!.body))?.next_cursor);
      if (!cursor) return null;
      const path = `${page}&cursor=${encodeURIComponent(cursor)}`;
      return { ...request, tap: "events", path };
    },
  },
  imports: [{ file: "\\.jsonl$", format: "lines", read: readTranscript }],
  facts: [
    {
      fields: "messages, tool calls and results, sub-agents, tokens, models, times, cost",
      from: "GET /v1/code/sessions/{id}/events, asked when a result ends the turn",
      sure: "certain",
      source: "AmarDaMoney/lisa-extension, simonw/claude-code-transcripts",
      date: "2026-09-26",
    },
    {
      fields: "the end of a turn",
      from: "WebSocket /v1/sessions/ws/{id}/subscribe, GET …/events/stream",
      sure: "guess",
      source: "names of routes in the command line's own code; its frames were not seen",
      date: "2026-09-26",
    },
    {
      fields: "title, model, repository, times; whether it is a view of a session elsewhere",
      from: "GET /v1/code/sessions and /v1/code/sessions/{id}",
      sure: "good",
      source: "simonw/claude-code-transcripts and others that list sessions",
      date: "2026-10-01",
    },
    {
      fields: "messages with every branch, sub-agents, tokens, models, folder",
      from: "transcripts on disk (~/.claude/projects/…/{id}.jsonl)",
      sure: "good",
      source: "simonw/claude-code-transcripts (samples)",
      date: "2026-01-24",
    },
    {
      fields: "messages shown, while the traffic is silent",
      from: "the page's elements",
      sure: "good",
      source: "AmarDaMoney/lisa-extension",
      date: "2026-10-01",
    },
  ],
});
