import { defineAgent, type Observation, type Reading, type Readings } from "./agent";
import { ownPage, pathMatch } from "./shared/address";
import { jsonLines } from "./shared/frames";
import { asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import {
  metricsOfEvent,
  readOpenHandsEvent,
  readOpenHandsMetrics,
} from "./shared/openhands-events";
import { isoTime, uniqueByKey } from "./shared/parts";

const ID = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}";

const EVENTS =
  `^/api/(?:v1/)?conversations?/(${ID})/(?:events(?:/search)?|trajectory)(?:\\?|$)` as const;
const SESSION = `^/api/conversations/(${ID})(?:\\?|$)` as const;
const SESSIONS = "^/api/v1/app-conversations\\?(?:.*&)?ids=" as const;
const OLD_SOCKET = `^/socket\\.io/.*[?&]conversation_id=(${ID})` as const;
const NEW_SOCKET = `/sockets/events/(${ID})(?:\\?|$)` as const;

/** One id for both forms in which the same session is named. */
function sessionKey(id: string | undefined): string | undefined {
  return id?.replaceAll("-", "").toLowerCase();
}

function readEvents(id: string, events: unknown[], observation: Observation): Reading {
  const key = sessionKey(id)!;
  const messages = uniqueByKey(events.flatMap(readOpenHandsEvent));
  const sums = events.reduce<object>((all, event) => ({ ...all, ...metricsOfEvent(event) }), {});
  const url = ownPage(observation, `/conversations/${key}`);
  return { session: compact({ agent: "openhands", key, url, ...sums }), messages };
}

function readEventPage(observation: Observation): Readings {
  const id = pathMatch(observation, new RegExp(EVENTS))?.[1];
  const body = parseJson(observation.body);
  const page = asRecord(body);
  const events = page?.events ?? page?.items ?? page?.trajectory ?? body;
  if (!id || !Array.isArray(events)) return null;
  if (events.length === 0) return [];
  const isPlaced = events.some((event) => asRecord(event)?.timestamp !== undefined);
  return isPlaced ? [readEvents(id, events, observation)] : null;
}

/** Socket.IO's text frames: digits of its own, then JSON. */
function socketEvent(line: string): unknown[] {
  const packet = parseJson(/^42(?:\d*)(\[.*\])$/s.exec(line)?.[1] ?? "");
  return Array.isArray(packet) && packet[0] === "oh_event" ? [packet[1]] : [];
}

function readFrames(id: string | undefined, events: unknown[], observation: Observation): Readings {
  if (!id) return null;
  const reading = readEvents(id, events, observation);
  const hasSums = reading.session.cost !== undefined || reading.session.tokens !== undefined;
  return reading.messages.length > 0 || hasSums ? [reading] : [];
}

function readOldSocket(observation: Observation): Readings {
  const id = pathMatch(observation, new RegExp(OLD_SOCKET))?.[1];
  return readFrames(id, observation.body.split("\n").flatMap(socketEvent), observation);
}

function readNewSocket(observation: Observation): Readings {
  const id = pathMatch(observation, new RegExp(NEW_SOCKET))?.[1];
  return readFrames(id, jsonLines(observation.body), observation);
}

/** What both versions say of a session. The address and the key of its sandbox stay out. */
function readHeader(value: unknown, observation: Observation): Reading[] {
  const item = asRecord(value);
  const key = sessionKey(asString(item?.id) ?? asString(item?.conversation_id));
  if (!item || !key) return [];
  const session = compact({
    agent: "openhands",
    key,
    url: ownPage(observation, `/conversations/${key}`),
    title: asString(item.title) || undefined,
    projectName: asString(item.selected_repository) || undefined,
    model: asString(item.llm_model) || undefined,
    account: asString(item.created_by_user_id) || undefined,
    parentKey: sessionKey(asString(item.parent_conversation_id)),
    createdAt: isoTime(item.created_at),
    updatedAt: isoTime(item.updated_at ?? item.last_updated_at),
    ...readOpenHandsMetrics(item.metrics),
  });
  return [{ session, messages: [] }];
}

function readSession(observation: Observation): Readings {
  const id = pathMatch(observation, new RegExp(SESSION))?.[1];
  if (!id) return null;
  const [reading] = readHeader(parseJson(observation.body), observation);
  return reading && reading.session.key === sessionKey(id) ? [reading] : null;
}

function readSessions(observation: Observation): Readings {
  const asked = pathMatch(observation, new RegExp(SESSIONS));
  const body = parseJson(observation.body);
  if (!asked || !Array.isArray(body)) return null;
  return asRecords(body).flatMap((item) => readHeader(item, observation));
}

/** Where a session's sandbox answers itself: another host in the cloud, another port at home. */
const SANDBOX = "^(?:localhost|\\d{1,3}(?:\\.\\d{1,3}){3}|[\\w.-]+\\.all-hands\\.dev)(?::\\d+)?$";

export const openhands = defineAgent({
  id: "openhands",
  name: "OpenHands",
  kind: "self-hosted",
  origins: ["https://app.all-hands.dev/*", "http://localhost:3000/*", "http://127.0.0.1:3000/*"],
  selfHosted: {
    path: "/api/options/config",
    isRecognised(body) {
      const config = asRecord(body);
      const mode = asString(config?.APP_MODE ?? config?.app_mode);
      return mode === "oss" || mode === "saas";
    },
  },
  session: (url) =>
    sessionKey(new RegExp(`^/conversations/(${ID})(?:/|$)`).exec(url.pathname)?.[1]) ?? null,
  // Its requests go through axios, which uses XMLHttpRequest in pages.
  taps: [
    {
      id: "events",
      transport: "xhr",
      method: "GET",
      path: EVENTS,
      host: SANDBOX,
      read: readEventPage,
    },
    { id: "session", transport: "xhr", method: "GET", path: SESSION, read: readSession },
    { id: "sessions", transport: "xhr", method: "GET", path: SESSIONS, read: readSessions },
    {
      id: "socket-io",
      transport: "websocket",
      method: "GET",
      path: OLD_SOCKET,
      host: SANDBOX,
      read: readOldSocket,
    },
    {
      id: "socket",
      transport: "websocket",
      method: "GET",
      path: NEW_SOCKET,
      host: SANDBOX,
      read: readNewSocket,
    },
  ],
  shows: '[data-testid="user-message"], [data-testid="agent-message"]',
  page: {
    use: "fallback",
    // Written from memory, 2026-11.
    messages: ['[data-testid="user-message"], [data-testid="agent-message"]'],
    roles: [
      { role: "user", match: '[data-testid="user-message"]' },
      { role: "assistant", match: '[data-testid="agent-message"]' },
    ],
    strip: ["button"],
    running: ['[data-testid="stop-button"]'],
  },
  facts: [
    {
      fields: "messages, thoughts, tool calls and results, errors, tokens and cost of the session",
      from: "events of GET /api/conversations/{id}/events and of Socket.IO (version 0), of GET /api/v1/conversation/{id}/events/search and /sockets/events/{id} (version 1)",
      sure: "good",
      source: "OpenHands frontend/src/types/core/base.ts and types/v1/type-guards.ts @573f044, MIT",
      date: "2026-10-10",
    },
    {
      fields: "the addresses of version 1; title, model, repository, times",
      from: "GET /api/conversations/{id}, GET /api/v1/app-conversations?ids=",
      sure: "guess",
      source: "OpenHands, from memory",
      date: "2026-11-21",
    },
    {
      fields: "whether an address runs it",
      from: "GET /api/options/config: APP_MODE oss or saas",
      sure: "guess",
      source: "OpenHands, from memory",
      date: "2026-11-21",
    },
    {
      fields: "messages, where the traffic is silent",
      from: "test ids of the page",
      sure: "guess",
      source: "OpenHands, from memory",
      date: "2026-11-21",
    },
  ],
});
