import { defineAgent, type MessageReading, type Observation, type Readings } from "./agent";
import type { SessionReading, Tokens } from "./agent";
import { arrayItems, asNumber, asRecord, asString, compact, parseJson } from "./shared/json";
import { opencodeHistory } from "./shared/opencode-history";
import { readOpencodePart } from "./shared/opencode-parts";

function readTokens(value: unknown): Tokens | undefined {
  const tokens = asRecord(value);
  if (!tokens) return undefined;
  const cache = asRecord(tokens.cache);
  return compact({
    input: asNumber(tokens.input),
    output: asNumber(tokens.output),
    reasoning: asNumber(tokens.reasoning),
    cacheRead: asNumber(cache?.read),
    cacheWrite: asNumber(cache?.write),
    total: asNumber(tokens.total),
  });
}

/**
 * Milliseconds of creation, and within one millisecond the counter that every id carries after its time (`msg_` + 9 hex of time + 3 of
 * counter): known from the message alone, so that a page of the list gives the same positions as the whole list.
 */
function positionOf(key: string, createdAt: number | undefined, index: number): number {
  if (createdAt === undefined) return index;
  const counter = /^msg_[0-9a-f]{9}([0-9a-f]{3})/.exec(key)?.[1] ?? "0";
  return createdAt + parseInt(counter, 16) / 4096;
}

function readError(value: unknown): MessageReading["error"] {
  const error = asRecord(value);
  if (!error) return undefined;
  return {
    name: asString(error.name) ?? "Error",
    message: asString(asRecord(error.data)?.message) ?? "",
  };
}

function readMessage(value: unknown, index: number, sessionKey: string): MessageReading[] {
  const item = asRecord(value);
  const info = asRecord(item?.info);
  const key = asString(info?.id);
  if (!item || !info || !key || (info.sessionID !== undefined && info.sessionID !== sessionKey))
    return [];
  const isAssistant = info.role === "assistant";
  const model = asRecord(info.model);
  const time = asRecord(info.time);
  const createdAt = asNumber(time?.created);
  const completedAt = asNumber(time?.completed);
  return [
    compact({
      key,
      parentKey: asString(info.parentID),
      role: isAssistant ? "assistant" : info.role === "user" ? "user" : "unknown",
      position: positionOf(key, createdAt, index),
      state: isAssistant && completedAt === undefined ? "partial" : "final",
      model: asString(info.modelID) ?? asString(model?.modelID),
      provider: asString(info.providerID) ?? asString(model?.providerID),
      tokens: readTokens(info.tokens),
      cost: asNumber(info.cost),
      createdAt,
      completedAt,
      finish: asString(info.finish),
      error: readError(info.error),
      parts: (Array.isArray(item.parts) ? item.parts : []).flatMap(readOpencodePart),
    } satisfies MessageReading),
  ];
}

/** The page that shows a session: the one that was open, else the address that the page itself gives a session of this origin. */
function pageOf(key: string, observation: Observation): string | undefined {
  const page = URL.parse(observation.pageUrl);
  const request = URL.parse(observation.url);
  if (page && sessionOf(page) === key) return page.origin + page.pathname;
  if (!request) return undefined;
  const server = btoa(request.origin).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${request.origin}/server/${server}/session/${key}`;
}

function sessionOf(url: URL): string | null {
  return /^\/(?:server\/)?[^/]+\/session\/(ses_\w+)\/?$/.exec(url.pathname)?.[1] ?? null;
}

/** The session that a request's path names. */
function requestedKey(observation: Observation): string | undefined {
  return /^\/session\/(ses_\w+)/.exec(URL.parse(observation.url)?.pathname ?? "")?.[1];
}

function readSession(observation: Observation): Readings {
  const info = asRecord(parseJson(observation.body));
  const key = asString(info?.id);
  if (!info || !key || key !== requestedKey(observation)) return null;
  const model = asRecord(info.model);
  const time = asRecord(info.time);
  const session: SessionReading = compact({
    agent: "opencode",
    key,
    title: asString(info.title),
    url: pageOf(key, observation),
    parentKey: asString(info.parentID),
    projectPath: asString(info.directory),
    model: asString(model?.id),
    provider: asString(model?.providerID),
    tokens: readTokens(info.tokens),
    cost: asNumber(info.cost),
    createdAt: asNumber(time?.created),
    updatedAt: asNumber(time?.updated),
  });
  return [{ session, messages: [] }];
}

function readMessages(observation: Observation): Readings {
  const key = requestedKey(observation);
  const items = arrayItems(observation.body);
  if (!key || !items) return null;
  const messages = items.flatMap((item, index) => readMessage(item, index, key));
  if (messages.length === 0) return items.length === 0 ? [] : null;
  // A page of older messages (`before=`) does not hold the end of the branch, and neither does a list whose end was cut.
  const holdsEnd =
    !observation.isTruncated && !URL.parse(observation.url)?.searchParams.has("before");
  const session: SessionReading = compact({
    agent: "opencode",
    key,
    url: pageOf(key, observation),
    activeLeafKey: holdsEnd ? messages.at(-1)?.key : undefined,
  });
  return [{ session, messages }];
}

/**
 * What to ask needs no `directory`: a server finds the session of any folder by its id; `limit` gives the newest messages (seen on 1.18.33).
 * `/global/event` wraps each event in an envelope and repeats durable ones as `sync` events, whose types end in a version and so never match.
 */
const EVENTS = {
  transport: "fetch" as const,
  settled: `"type":"session\\.(?:idle"|status"(?=.*"type":"idle")).*?"sessionID":"(ses_\\w+)"`,
  running: `"type":"session\\.status".*?"sessionID":"(ses_\\w+)".*?"type":"(?:busy|retry)"`,
  changed: `"type":"session\\.updated".*?"(?:sessionID|id)":"(ses_\\w+)"`,
  ask: ["/session/$1", "/session/$1/message"],
  askLess: ["/session/$1/message?limit=100"],
};

export const opencode = defineAgent({
  id: "opencode",
  name: "opencode",
  kind: "self-hosted",
  origins: ["http://localhost:4096/*", "http://127.0.0.1:4096/*"],
  selfHosted: {
    path: "/global/health",
    isRecognised(body) {
      const health = asRecord(body);
      return health?.healthy === true && typeof health.version === "string";
    },
  },
  session: sessionOf,
  shows: "[data-timeline-row]",
  // A prompt is not copied: its answer is empty, and the message that it made is in the list that is read when the turn settles.
  taps: [
    {
      id: "session",
      transport: "fetch",
      method: "GET",
      path: "^/session/ses_\\w+(\\?|$)",
      read: readSession,
    },
    {
      id: "messages",
      transport: "fetch",
      method: "GET",
      path: "^/session/ses_\\w+/message(\\?|$)",
      read: readMessages,
    },
  ],
  streams: [
    { ...EVENTS, path: "^/global/event(\\?|$)" },
    { ...EVENTS, path: "^/event(\\?|$)" },
  ],
  history: opencodeHistory,
  facts: [
    {
      fields: "the whole history",
      from: "GET /api/session, then /session/{id} and /session/{id}/message?limit&before",
      sure: "certain",
      source: "opencode-ai 1.18.33: its own page and HTTP API, recorded here",
      date: "2026-11-21",
    },
    {
      fields:
        "messages, reasoning, tool calls and results, sub-agents, tokens, cost, times, models, errors",
      from: "GET /session/{id} and /session/{id}/message, asked when /global/event says that a turn ended",
      sure: "certain",
      source: "opencode-ai 1.18.33: its own page and HTTP API, recorded here",
      date: "2026-11-21",
    },
  ],
});
