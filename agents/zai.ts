import { defineAgent, type MessageReading, type Observation, type Readings } from "./agent";
import { detailsText } from "./shared/details";
import { sseEvents } from "./shared/frames";
import { asNumber, asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { openWebUiFile, readOpenWebUiChat } from "./shared/open-webui";
import { textParts } from "./shared/parts";
import { siteMatch } from "./shared/site";
import { readUsage } from "./shared/usage";

type Json = Record<string, unknown>;

const HOST = /^chat\.z\.ai$/;

function pageOf(key: string): string {
  return `https://chat.z.ai/c/${key}`;
}

function sessionOf(url: URL): string | null {
  return /\/c\/([\w-]{8,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

function readChat(observation: Observation): Readings {
  const key = siteMatch(observation, HOST, /^\/api\/v1\/chats\/([\w-]{8,})(?:\?|$)/)?.[1];
  const data = asRecord(parseJson(observation.body));
  if (!key || data?.id !== key) return null;
  const reading = readOpenWebUiChat(data, { agent: "zai", url: pageOf(key) });
  return reading && [reading];
}

/** What the frames of a stream add up to. */
interface Answer {
  /** Reasoning that comes without the block which usually wraps it. */
  thinking: string;
  text: string;
  isWrapped: boolean;
  isDone: boolean;
  usage?: unknown;
  error?: unknown;
}

function addFrame(answer: Answer, data: Json): void {
  const delta = asString(data.delta_content) ?? "";
  const edit = asString(data.edit_content);
  if (edit !== undefined) {
    const from = asNumber(data.edit_index) ?? answer.text.length;
    answer.text = answer.text.slice(0, Math.max(0, from)) + edit;
    if (edit.includes("<details")) answer.thinking = "";
  } else if (data.phase === "thinking") {
    answer.isWrapped ||= delta.includes("<details");
    if (answer.isWrapped) answer.text += delta;
    else answer.thinking += delta;
  } else answer.text += delta;
  answer.usage = data.usage ?? answer.usage;
  answer.error = data.error ?? answer.error;
  answer.isDone ||= data.done === true || data.phase === "done";
}

function readAnswer(body: string): Answer | null {
  const answer: Answer = { thinking: "", text: "", isWrapped: false, isDone: false };
  const frames = sseEvents(body).flatMap(({ data }) => {
    const frame = asRecord(parseJson(data));
    const inner = asRecord(frame?.data);
    return frame?.type === "chat:completion" && inner ? [inner] : [];
  });
  for (const frame of frames) addFrame(answer, frame);
  return frames.length > 0 ? answer : null;
}

function answerMessage(answer: Answer, request: Json, key: string): MessageReading {
  const error = asRecord(answer.error);
  const message = asString(answer.error) ?? asString(error?.detail) ?? asString(error?.content);
  return compact({
    key,
    parentKey: asString(request.current_user_message_id),
    role: "assistant",
    position: 0,
    state: answer.isDone || answer.error !== undefined ? "final" : "partial",
    model: asString(request.model),
    tokens: readUsage(answer.usage),
    error:
      answer.error === undefined
        ? undefined
        : { name: asString(error?.code) ?? "Error", message: message ?? "" },
    parts: [...textParts(answer.thinking, "reasoning"), ...detailsText(answer.text, key)],
  } satisfies MessageReading);
}

/** The question, which only the request holds: the last of the messages that it sends along. */
function questionMessage(request: Json, key: string): MessageReading | null {
  const last = asRecords(request.messages).findLast(({ role }) => role === "user");
  if (!last) return null;
  const texts = asRecords(last.content).map(({ text }) => text);
  return compact({
    key,
    parentKey: asString(request.current_user_message_parent_id),
    role: "user",
    position: 0,
    state: "final",
    parts: [
      ...asRecords(request.files).map(openWebUiFile),
      ...(texts.length > 0 ? texts : [last.content]).flatMap((text) => textParts(text)),
    ],
  } satisfies MessageReading);
}

function readCompletion(observation: Observation): Readings {
  if (!siteMatch(observation, HOST, /^\/api\/(?:v\d+\/)?chat\/completions(?:\?|$)/)) return null;
  const request = asRecord(parseJson(observation.request ?? ""));
  const session = asString(request?.chat_id);
  const key = asString(request?.id);
  if (!request || !session || !key) return null;
  const answer = readAnswer(observation.body);
  // Titles and tags are asked for in the same place and answered as plain JSON.
  if (!answer) return asRecord(parseJson(observation.body)) ? [] : null;
  const asked = asString(request.current_user_message_id);
  const question = asked === undefined ? null : questionMessage(request, asked);
  const sentAt = Number(URL.parse(observation.url)?.searchParams.get("timestamp")) || 0;
  // The page keeps whole seconds of the time at which it sends.
  const createdAt = sentAt > 0 ? Math.floor(sentAt / 1000) * 1000 : undefined;
  const position = createdAt ?? asRecords(request.messages).length;
  const messages = [
    ...(question ? [compact({ ...question, createdAt, position })] : []),
    { ...answerMessage(answer, request, key), position: position + 0.5 },
  ];
  return [
    {
      session: compact({
        agent: "zai",
        key: session,
        url: pageOf(session),
        activeLeafKey: key,
        model: asString(request.model),
      }),
      messages,
    },
  ];
}

export const zai = defineAgent({
  id: "zai",
  name: "Z.ai",
  kind: "chat",
  origins: ["https://chat.z.ai/*"],
  session: sessionOf,
  // The page's elements of Open WebUI, from which this page comes.
  shows: ".chat-assistant, .user-message",
  taps: [
    {
      id: "chat",
      transport: "fetch",
      method: "GET",
      path: "^/api/v1/chats/[\\w-]{8,}(\\?|$)",
      read: readChat,
    },
    {
      id: "completion",
      transport: "fetch",
      method: "POST",
      path: "^/api/(v\\d+/)?chat/completions(\\?|$)",
      request: '"chat_id"',
      read: readCompletion,
    },
  ],
  facts: [
    {
      fields: "tree of messages, title, models, reasoning, tool calls, files, sources, tokens",
      from: "GET /api/v1/chats/{id}",
      sure: "good",
      source: "an agent that polls it; Open WebUI's source for the shape",
      date: "2026-10-01",
    },
    {
      fields: "the running turn: question, reasoning, answer, tokens, error",
      from: "POST /api/v2/chat/completions, server-sent events",
      sure: "good",
      source: "gpt4free GLM provider",
      date: "2026-08-06",
    },
    {
      fields: "tool calls as glm_block; the question's parent",
      from: "the same stream and its request",
      sure: "guess",
      source: "from memory of the page of 2025",
      date: "2026-11-21",
    },
  ],
});
