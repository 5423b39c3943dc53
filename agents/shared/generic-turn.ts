/** One turn on a page of no known agent: a chat request with what it repeats, and its answer. */
import type { MessageReading, Observation, Reading, Readings, SessionReading } from "../agent";
import { readChatAnswer } from "./generic-answer";
import { isAside } from "./generic-asides";
import type { ChatAnswer } from "./generic-content";
import { CERTAINTY, isKnowable, madeSessionKey, messageKeys, namedKey } from "./generic-keys";
import { type ChatRequest, readChatRequest, type RequestMessage } from "./generic-request";
import { compact } from "./json";
import { shortHash } from "./text-hash";

function sessionOf(page: URL, request: ChatRequest): SessionReading {
  const { sessionId, messages, previousId, model } = request;
  const url = page.origin + page.pathname;
  const head = { agent: "generic", url, model };
  if (sessionId !== undefined) {
    return compact({ ...head, key: namedKey(page, sessionId), certainty: CERTAINTY.named });
  }
  if (previousId !== undefined) {
    return compact({ ...head, key: `any-${shortHash(url)}`, certainty: CERTAINTY.newestOnly });
  }
  const key = madeSessionKey(page.origin, messages);
  return compact({ ...head, key, certainty: CERTAINTY.repeated });
}

/** The messages of the request and then the answer, each after the one before. */
function asReadings(
  sessionKey: string,
  messages: readonly RequestMessage[],
  answer: ChatAnswer | null,
  previousId: string | undefined,
): MessageReading[] {
  const keys = messageKeys(previousId ? `${sessionKey} ${previousId}` : sessionKey, messages);
  // How many came before is not known then; the time is.
  const first = previousId ? (answer?.createdAt ?? 0) : 0;
  const readings = messages.map(({ role, parts }, at) =>
    compact({
      key: keys[at]!,
      parentKey: keys[at - 1],
      role,
      position: first + at,
      state: "final" as const,
      parts,
    }),
  );
  const last = readings.at(-1);
  if (!answer || last?.role !== "assistant") return readings;
  const { isDone, ...fields } = answer;
  const state = isDone ? "final" : "partial";
  return [...readings.slice(0, -1), { ...last, ...fields, parts: last.parts, state }];
}

/** The request's messages with the answer behind them; what the assistant goes on with after a tool of the page's own is one message. */
function withAnswer({ messages }: ChatRequest, answer: ChatAnswer | null): RequestMessage[] {
  if (!answer) return messages;
  const last = messages.at(-1);
  if (last?.role !== "assistant") return [...messages, { role: "assistant", parts: answer.parts }];
  return [...messages.slice(0, -1), { ...last, parts: [...last.parts, ...answer.parts] }];
}

/** Whether there is anything in the answer, and enough of it to be known again. */
function isWorth(answer: ChatAnswer, request: ChatRequest): boolean {
  if (answer.parts.length === 0 && !answer.error) return false;
  return answer.isDone || isKnowable(withAnswer(request, answer).at(-1)!.parts);
}

/** Where the newest turn begins: behind the last message of the assistant that came before it. */
function turnStart(messages: readonly MessageReading[], isAnswered: boolean): number {
  const before = isAnswered ? messages.slice(0, -1) : messages;
  return before.findLastIndex(({ role }) => role === "assistant") + 1;
}

/**
 * What a request repeats is known better from when it was new, with its model and tokens: it gives way to that, as what a page's elements
 * show does.
 */
function inTwo(
  session: SessionReading,
  messages: MessageReading[],
  isAnswered: boolean,
): Reading[] {
  const start = turnStart(messages, isAnswered);
  const repeated = messages.slice(0, start);
  const live = { session, messages: messages.slice(start) };
  if (repeated.length === 0) return [live];
  return [{ session, messages: repeated, fromPage: { madeKeys: [] } }, live];
}

/** Reads a turn. What has not the shape of a chat is none of ours; the answer to one that has must be placed. */
export function readTurn(observation: Observation): Readings {
  const page = URL.parse(observation.pageUrl);
  const request = readChatRequest(observation.request ?? "");
  if (!page || !request || isAside(request)) return [];
  const found = readChatAnswer(observation.body);
  if (!found && !observation.isTruncated) return request.isCertain ? null : [];
  const isDone = found !== null && (found.isDone || !observation.isTruncated);
  const told = found && { ...found, isDone };
  const answer = told && isWorth(told, request) ? told : null;
  if (!answer && !request.isCertain) return [];
  const session = sessionOf(page, request);
  const whole = withAnswer(request, answer);
  const messages = asReadings(session.key, whole, answer, request.previousId);
  if (messages.length === 0) return [];
  const head = compact({ ...session, activeLeafKey: messages.at(-1)!.key });
  return inTwo(head, messages, answer !== null);
}
