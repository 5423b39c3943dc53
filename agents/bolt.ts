import { defineAgent, type MessageReading, type Observation, type Readings } from "./agent";
import { sessionOn } from "./shared/address";
import { readAiSdkParts, readAiSdkStream } from "./shared/ai-sdk";
import { asNumber, asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { GUESSED_MESSAGES, guessedPage } from "./shared/page-guess";
import { isoTime, uniqueByKey } from "./shared/parts";
import { shownSession, siteMatch } from "./shared/site";
import { readUsage } from "./shared/usage";

type Json = Record<string, unknown>;

const HOST = /^bolt\.new$/;
const CHAT = "^/api/chat(?:/v\\d+)?(?:\\?|$)";

const sessionOf = sessionOn(HOST, /^\/~\/([\w-]+(?:\/[\w-]+)?)\/?$/);

/** One of the messages that the page sends along each time; its place in the list is the only order there is. */
function readSent(message: Json, index: number, before: string | undefined): MessageReading[] {
  const key = asString(message.id);
  const { role } = message;
  if (!key) return [];
  const usage = asRecords(message.annotations).find(({ type }) => type === "usage");
  const createdAt = isoTime(message.createdAt) ?? asNumber(message.createdAt);
  return [
    compact({
      key,
      parentKey: before,
      role: role === "user" || role === "assistant" || role === "system" ? role : "unknown",
      position: index,
      state: "final" as const,
      tokens: readUsage(usage?.value),
      createdAt,
      parts: readAiSdkParts(message),
    } satisfies MessageReading),
  ];
}

/** The answer; one to which the server gives no id comes with the next request, which has the page's. */
function readAnswer(body: string, index: number, before: string | undefined): MessageReading[] {
  const answer = readAiSdkStream(body);
  if (!answer?.key || (answer.parts.length === 0 && !answer.error)) return [];
  const { key, parts, tokens, finish, error, isDone } = answer;
  const state = isDone ? ("final" as const) : ("partial" as const);
  const position = index;
  const role = "assistant" as const;
  return [compact({ key, parentKey: before, role, position, state, tokens, finish, error, parts })];
}

function readChat(observation: Observation): Readings {
  if (!siteMatch(observation, HOST, new RegExp(CHAT))) return null;
  const sent = asRecord(parseJson(observation.request ?? ""))?.messages;
  if (!Array.isArray(sent)) return null;
  const key = shownSession(observation, sessionOf);
  // A project's first answer may come before its address: the next request has it all.
  if (key === null) return [];
  const items = asRecords(sent);
  const before = items.flatMap((item, i) => readSent(item, i, asString(items[i - 1]?.id)));
  const answer = readAnswer(observation.body, items.length, before.at(-1)?.key);
  const messages = uniqueByKey([...before, ...answer]);
  if (messages.length === 0) return null;
  const activeLeafKey = messages.at(-1)?.key;
  const url = `https://bolt.new/~/${key}`;
  return [{ session: { agent: "bolt", key, url, activeLeafKey }, messages }];
}

export const bolt = defineAgent({
  id: "bolt",
  name: "Bolt",
  kind: "coding",
  origins: ["https://bolt.new/*"],
  session: sessionOf,
  taps: [
    {
      id: "chat",
      transport: "fetch",
      method: "POST",
      path: CHAT,
      request: '"messages"\\s*:',
      read: readChat,
    },
  ],
  shows: GUESSED_MESSAGES,
  page: guessedPage("fallback"),
  facts: [
    {
      fields: "messages, reasoning, tool calls and results, tokens",
      from: "POST /api/chat: the messages that are sent along, and the stream of the AI SDK",
      sure: "guess",
      source: "bolt.diy, the open-source edition",
      date: "2026-10-10",
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
