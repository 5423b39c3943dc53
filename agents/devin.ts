import { defineAgent, type Observation, type Reading, type Readings } from "./agent";
import { sessionOn } from "./shared/address";
import { jsonLines } from "./shared/frames";
import { asNumber, asRecord, asString, compact } from "./shared/json";
import { GUESSED_MESSAGES, guessedPage } from "./shared/page-guess";
import { isoTime } from "./shared/parts";
import { siteMatch } from "./shared/site";

const HOST = /^app\.devin\.ai$/;
const SOCKET = "^/api/acp/live(?:[/?]|$)";

/** The id as it stands in addresses; the protocol may write it with a prefix. */
function keyOf(id: unknown): string | undefined {
  return /[0-9a-f]{32}/.exec(asString(id) ?? "")?.[0];
}

/** What a session's update says of the whole session. Its pieces of messages carry no ids and no times: the page is read for those. */
function readUpdate(frame: unknown): Reading["session"][] {
  const message = asRecord(frame);
  const params = asRecord(message?.params);
  const key = keyOf(params?.sessionId);
  const update = asRecord(params?.update);
  if (message?.method !== "session/update" || !key || !update) return [];
  const cost = asRecord(update.cost);
  const about = compact({
    title: update.sessionUpdate === "session_info_update" ? asString(update.title) : undefined,
    updatedAt: isoTime(update.updatedAt),
    cost: cost?.currency === "USD" ? asNumber(cost.amount) : undefined,
  });
  if (Object.keys(about).length === 0) return [];
  return [{ agent: "devin", key, url: `https://app.devin.ai/sessions/${key}`, ...about }];
}

function readFrames(observation: Observation): Readings {
  if (!siteMatch(observation, HOST, new RegExp(SOCKET))) return null;
  const sessions = new Map<string, Reading["session"]>();
  for (const session of jsonLines(observation.body).flatMap(readUpdate)) {
    sessions.set(session.key, { ...sessions.get(session.key), ...session });
  }
  return [...sessions.values()].map((session) => ({ session, messages: [] }));
}

export const devin = defineAgent({
  id: "devin",
  name: "Devin",
  kind: "coding",
  origins: ["https://app.devin.ai/*"],
  session: sessionOn(HOST, /^\/(?:org\/[^/]+\/)?sessions\/(?:devin-)?([0-9a-f]{32})(?:\/|$)/),
  taps: [{ id: "updates", transport: "websocket", method: "GET", path: SOCKET, read: readFrames }],
  shows: GUESSED_MESSAGES,
  page: guessedPage("instead"),
  facts: [
    {
      fields: "title, cost, time of the last change",
      from: "session/update of the Agent Client Protocol over WebSocket /api/acp/live",
      sure: "guess",
      source: "extensions that wrap this socket; agentclientprotocol.com, from memory",
      date: "2026-05-31",
    },
    {
      fields: "messages",
      from: "the page: common attributes and test ids",
      sure: "guess",
      source: "common practice; the page itself was not seen",
      date: "2026-11-21",
    },
  ],
});
