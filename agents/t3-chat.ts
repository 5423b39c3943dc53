import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Reading,
  type Readings,
  type SessionReading,
} from "./agent";
import { readAiSdkParts, readAiSdkStream } from "./shared/ai-sdk";
import { convexValues } from "./shared/convex-sync";
import { asNumber, asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { filePart, isoTime, textParts } from "./shared/parts";
import { shownSession, siteMatch } from "./shared/site";
import { readUsage } from "./shared/usage";

type Json = Record<string, unknown>;

const SYNC_HOST = "^api\\.sync\\.t3\\.chat$";
const SYNC_PATH = "^/api/[\\w.-]+/sync(\\?|$)";
const CHAT_HOST = /^(?:www\.)?t3\.chat$/;
const RUNNING = /^(?:waiting|pending|streaming|thinking)$/;

function pageOf(key: string): string {
  return `https://t3.chat/chat/${key}`;
}

function sessionOf(url: URL): string | null {
  return /^\/chat\/([\w-]{8,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

/** Unix ms, however the field is written. */
function timeOf(...values: unknown[]): number | undefined {
  const time = values
    .map((value) => asNumber(value) ?? isoTime(value))
    .find((t) => t !== undefined);
  return time === undefined ? undefined : Math.round(time);
}

function readError(value: unknown): MessageReading["error"] {
  if (value === undefined || value === null) return undefined;
  const error = asRecord(value);
  const message = asString(value) ?? asString(error?.message) ?? "";
  return { name: asString(error?.type) ?? asString(error?.name) ?? "Error", message };
}

function readMessage(message: Json, index: number): MessageReading[] {
  const key = asString(message.messageId) ?? asString(message._id) ?? asString(message.id);
  if (!key) return [];
  const { role } = message;
  const isKnown = role === "user" || role === "assistant" || role === "system";
  const status = asString(message.status) ?? "";
  const createdAt = timeOf(message.created_at, message.createdAt, message._creationTime);
  const output = asNumber(message.tokens);
  return [
    compact({
      key,
      role: isKnown ? role : "unknown",
      position: createdAt ?? index,
      state: RUNNING.test(status) ? "partial" : "final",
      model: role === "assistant" ? asString(message.model) : undefined,
      tokens: readUsage(message.usage) ?? (output === undefined ? undefined : { output }),
      createdAt,
      finish: status === "" || status === "done" || RUNNING.test(status) ? undefined : status,
      error: readError(message.serverError ?? message.error),
      parts: [
        ...asRecords(message.attachments).map((file) =>
          filePart({
            name: file.fileName ?? file.name,
            mediaType: file.mimeType ?? file.contentType,
            size: file.fileSize ?? file.size,
          }),
        ),
        ...textParts(message.reasoning, "reasoning"),
        ...readAiSdkParts(message),
      ],
    } satisfies MessageReading),
  ];
}

/** The thread's messages lie in one list, each after the one before; one of the same time goes a little behind. */
function chained(messages: MessageReading[]): MessageReading[] {
  const sorted = messages.toSorted((a, b) => a.position - b.position);
  let before: MessageReading | undefined;
  return sorted.map((message) => {
    const least = before ? before.position + 0.001 : message.position;
    const next = compact({
      ...message,
      parentKey: before?.key,
      position: Math.max(message.position, least),
    });
    before = next;
    return next;
  });
}

function header(key: string, thread: Json): SessionReading {
  return compact({
    agent: "t3-chat",
    key,
    title: asString(thread.title),
    url: pageOf(key),
    parentKey: asString(asRecord(thread.branchParent)?.threadId) ?? asString(thread.branchParent),
    model: asString(thread.model),
    createdAt: timeOf(thread.createdAt, thread.created_at),
    updatedAt: timeOf(thread.updatedAt, thread.updated_at),
  });
}

/** A query's value tells what it is: a list of one thread's messages, or threads, of which the shown one gives its header. */
function readValue(value: unknown, shown: string | null): Reading[] {
  const items = Array.isArray(value) ? asRecords(value) : asRecords([value]);
  const threadId = asString(items[0]?.threadId);
  const isMessages = items.every(
    (item) => item.threadId === threadId && typeof item.role === "string",
  );
  if (threadId !== undefined && isMessages && Array.isArray(value)) {
    const messages = chained(items.flatMap(readMessage));
    const activeLeafKey = messages.at(-1)?.key;
    return [{ session: compact({ ...header(threadId, {}), activeLeafKey }), messages }];
  }
  const thread = items.find((item) => item.threadId === shown && typeof item.title === "string");
  return thread && shown ? [{ session: header(shown, thread), messages: [] }] : [];
}

function readSync(observation: Observation): Readings {
  if (!siteMatch(observation, new RegExp(SYNC_HOST), new RegExp(SYNC_PATH))) return null;
  const shown = shownSession(observation, sessionOf);
  return convexValues(observation.body)?.flatMap((value) => readValue(value, shown)) ?? null;
}

/** The running turn. The page gets the thread's messages from Convex too, with their times; until then they stand in the order of the request. */
function readTurn(observation: Observation): Readings {
  const request = asRecord(parseJson(observation.request ?? ""));
  const thread = asRecord(request?.threadMetadata);
  const key = asString(thread?.id);
  const stream = readAiSdkStream(observation.body);
  if (!siteMatch(observation, CHAT_HOST, /^\/api\/chat(?:\?|$)/) || !request || !thread || !key) {
    return null;
  }
  if (!stream) return null;
  const values = asRecords(request.messages);
  const asked = values.flatMap(readMessage).at(-1);
  const answerKey = asString(request.responseMessageId) ?? stream.key;
  const position = asked?.position ?? values.length;
  const answer: MessageReading[] = answerKey
    ? [
        compact({
          key: answerKey,
          parentKey: asked?.key,
          role: "assistant" as const,
          position: position + 0.5,
          state: stream.isDone ? ("final" as const) : ("partial" as const),
          model: asString(request.model),
          tokens: stream.tokens,
          finish: stream.finish,
          error: stream.error,
          parts: stream.parts,
        }),
      ]
    : [];
  const before = values.flatMap(readMessage).at(-2);
  const question = asked ? [compact({ ...asked, parentKey: before?.key })] : [];
  const session = compact({ ...header(key, thread), activeLeafKey: answerKey });
  return [{ session, messages: [...question, ...answer] }];
}

export const t3Chat = defineAgent({
  id: "t3-chat",
  name: "T3 Chat",
  kind: "chat",
  origins: ["https://t3.chat/*", "https://www.t3.chat/*"],
  session: sessionOf,
  taps: [
    {
      // What the page sends is not copied: its first frame holds the sign-in. Values are told by their shape instead of by their query's name.
      id: "sync",
      transport: "websocket",
      method: "GET",
      host: SYNC_HOST,
      path: SYNC_PATH,
      read: readSync,
    },
    {
      id: "turn",
      transport: "fetch",
      method: "POST",
      path: "^/api/chat(\\?|$)",
      request: '"threadMetadata"',
      read: readTurn,
    },
  ],
  facts: [
    {
      fields: "that threads and messages come over Convex's sync protocol; fields of a thread",
      from: "WebSocket api.sync.t3.chat/api/{version}/sync",
      sure: "good",
      source: "two native clients; Convex's client for the protocol",
      date: "2025-07-01",
    },
    {
      fields:
        "fields of a message: role, text, reasoning, model, times, attachments, status, error",
      from: "the same",
      sure: "guess",
      source: "from memory of the page of 2025; other names are tried too",
      date: "2025-07-01",
    },
    {
      fields: "the running turn: question, answer, reasoning, tokens",
      from: "POST /api/chat, the AI SDK's stream",
      sure: "guess",
      source: "two native clients",
      date: "2025-07-01",
    },
  ],
});
