import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
} from "./agent";
import { sseEvents } from "./shared/frames";
import { asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { openWebUiFile, openWebUiTime, readOpenWebUiChat } from "./shared/open-webui";
import { textParts } from "./shared/parts";
import { phaseParts } from "./shared/qwen-phases";
import { siteMatch } from "./shared/site";
import { readUsage } from "./shared/usage";

type Json = Record<string, unknown>;

const HOST = /^chat\.qwen\.ai$/;

function pageOf(key: string): string {
  return `https://chat.qwen.ai/c/${key}`;
}

function sessionOf(url: URL): string | null {
  return /\/c\/([\da-f-]{20,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

/** An answer comes as a list of contents, each of one phase of the work; a question as plain text. */
function ownParts(message: Json): Part[] | null {
  const contents = asRecords(message.content_list);
  return contents.length > 0 ? phaseParts(contents, asString(message.id) ?? "") : null;
}

/** The counts stand on the content of the answer. */
function withUsage(value: unknown): unknown {
  const message = asRecord(value);
  const counted = asRecords(message?.content_list).findLast(({ usage }) => asRecord(usage));
  return message && counted ? { ...message, usage: message.usage ?? counted.usage } : value;
}

function readChat(observation: Observation): Readings {
  const key = siteMatch(observation, HOST, /^\/api\/v2\/chats\/([\da-f-]{20,})(?:\?|$)/)?.[1];
  const data = asRecord(asRecord(parseJson(observation.body))?.data);
  const chat = asRecord(data?.chat);
  if (!key || !data || !chat || data.id !== key) return null;
  const history = asRecord(chat.history);
  const tree = Object.entries(asRecord(history?.messages) ?? {});
  const messages = Object.fromEntries(tree.map(([id, message]) => [id, withUsage(message)]));
  const counted = history ? { ...chat, history: { ...history, messages } } : chat;
  const reading = readOpenWebUiChat(
    { ...data, chat: counted },
    { agent: "qwen", url: pageOf(key), parts: ownParts },
  );
  return reading && [reading];
}

interface Stream {
  key: string;
  /** The message that is answered. */
  asked?: string;
  contents: Json[];
  usage?: unknown;
  isDone: boolean;
  error?: unknown;
}

function readStream(body: string): Stream | null {
  const stream: Stream = { key: "", contents: [], isDone: false };
  for (const { data } of sseEvents(body)) {
    const frame = asRecord(parseJson(data));
    const created = asRecord(frame?.["response.created"]);
    if (!frame) continue;
    stream.key ||= asString(created?.response_id) ?? asString(frame.response_id) ?? "";
    stream.asked ??= asString(created?.parent_id);
    stream.usage = frame.usage ?? stream.usage;
    stream.error = frame.error ?? stream.error;
    for (const choice of asRecords(frame.choices)) {
      const delta = asRecord(choice.delta);
      if (!delta) continue;
      stream.contents.push(delta);
      stream.isDone ||= delta.phase === "answer" && delta.status === "finished";
    }
  }
  return stream.key === "" ? null : stream;
}

function readQuestion(message: Json, key: string, position: number): MessageReading {
  return compact({
    key,
    parentKey: asString(message.parentId) ?? asString(message.parent_id),
    role: "user",
    position,
    state: "final",
    createdAt: openWebUiTime(message.timestamp),
    parts: [...asRecords(message.files).map(openWebUiFile), ...textParts(message.content)],
  } satisfies MessageReading);
}

function readAnswer(stream: Stream, model: string | undefined, position: number): MessageReading {
  const error = asRecord(stream.error);
  const message = asString(error?.details) ?? asString(error?.message) ?? asString(stream.error);
  return compact({
    key: stream.key,
    parentKey: stream.asked,
    role: "assistant",
    position,
    state: stream.isDone || stream.error !== undefined ? "final" : "partial",
    model,
    tokens: readUsage(stream.usage),
    error:
      stream.error === undefined
        ? undefined
        : { name: asString(error?.code) ?? "Error", message: message ?? "" },
    parts: phaseParts(stream.contents, stream.key),
  } satisfies MessageReading);
}

function readCompletion(observation: Observation): Readings {
  const path = siteMatch(observation, HOST, /^\/api\/v2\/chat\/completions\?/);
  const request = asRecord(parseJson(observation.request ?? ""));
  const session =
    asString(request?.chat_id) ?? URL.parse(observation.url)?.searchParams.get("chat_id");
  if (!path || !request || !session) return null;
  const stream = readStream(observation.body);
  // A picture or a film that takes long is answered with the number of a task; so is a refusal, with its reason.
  if (!stream) return asRecord(parseJson(observation.body)) ? [] : null;
  const question = asRecords(request.messages).findLast(({ role }) => role === "user");
  const createdAt = openWebUiTime(question?.timestamp ?? request.timestamp);
  const position = createdAt ?? 0;
  const model = asString(request.model);
  return [
    {
      session: compact({
        agent: "qwen",
        key: session,
        url: pageOf(session),
        activeLeafKey: stream.key,
        model,
      }),
      messages: [
        ...(question && stream.asked ? [readQuestion(question, stream.asked, position)] : []),
        readAnswer(stream, model, position + 0.5),
      ],
    },
  ];
}

export const qwen = defineAgent({
  id: "qwen",
  name: "Qwen",
  kind: "chat",
  origins: ["https://chat.qwen.ai/*"],
  session: sessionOf,
  shows: ".chat-response-message, .chat-user-message",
  taps: [
    {
      id: "chat",
      transport: "fetch",
      method: "GET",
      path: "^/api/v2/chats/[\\da-f-]{20,}(\\?|$)",
      read: readChat,
    },
    {
      id: "completion",
      transport: "fetch",
      method: "POST",
      path: "^/api/v2/chat/completions\\?",
      request: '"messages"',
      read: readCompletion,
    },
  ],
  // Seen 2026-08; no element names the message's id.
  page: {
    use: "fallback",
    messages: [".chat-user-message, .chat-response-message", ".qwen-chat-message"],
    roles: [
      { role: "user", match: ".chat-user-message" },
      { role: "assistant", match: ".chat-response-message" },
    ],
    body: [".qwen-markdown", ".response-message-content"],
    strip: ["button"],
    running: ["button.stop-button", 'button[aria-label*="Stop"]'],
  },
  facts: [
    {
      fields:
        "tree of messages, title, models, phases of reasoning, search and answer, files, tokens",
      from: "GET /api/v2/chats/{id}",
      sure: "good",
      source: "universal-web-api; gpt4free Qwen provider",
      date: "2026-08-06",
    },
    {
      fields: "the running turn: question, reasoning, search, answer, tokens",
      from: "POST /api/v2/chat/completions?chat_id={id}, server-sent events",
      sure: "good",
      source: "universal-web-api qwen parser; gpt4free Qwen provider",
      date: "2026-08-06",
    },
    {
      fields: "messages of the page's elements, where the traffic is silent",
      from: "the page",
      sure: "good",
      source: "universal-web-api sites.json",
      date: "2026-08-01",
    },
  ],
});
