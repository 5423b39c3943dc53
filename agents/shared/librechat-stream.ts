/** LibreChat's streams of a turn: the answer to a prompt in older versions, one of its own that can be resumed in newer ones. */
import type { MessageReading, Part, Reading } from "../agent";
import { sseEvents } from "./frames";
import { asRecord, asString, compact, parseJson } from "./json";
import { readLibreChatMessage, readToolCall } from "./librechat-messages";
import { isoTime, textParts } from "./parts";
import { risingPositions } from "./tree";

type Json = Record<string, unknown>;

/** A turn as far as its stream has come. */
export interface LibreChatTurn {
  key: string;
  isTemporary: boolean;
  session: Partial<Reading["session"]>;
  messages: MessageReading[];
}

/** What every session is called until it has a title. */
const UNTITLED = "New Chat";

/** Where messages lie whose time no frame tells, until the whole turn does: behind all others. */
const LATEST = Date.UTC(2100, 0);

/** What the frames say before the last one does: the answer's id and its content by place. */
interface Running {
  user?: Json;
  answerKey?: string;
  text?: string;
  steps: Map<string, Part[]>;
}

function addDelta(running: Running, data: Json): void {
  const id = asString(data.id) ?? "";
  const content = asRecord(data.delta)?.content;
  const parts = running.steps.get(id) ?? [];
  running.steps.set(id, parts);
  for (const piece of Array.isArray(content) ? content : [content]) {
    const item = asRecord(piece);
    const isThought = item?.think !== undefined;
    const type = isThought ? "reasoning" : "text";
    const text = asString(isThought ? item.think : item?.text) ?? "";
    const last = parts.at(-1);
    if (last?.type === type) last.text += text;
    else if (text !== "") parts.push({ type, text });
  }
}

function addFrame(running: Running, frame: Json): void {
  const data = asRecord(frame.data) ?? {};
  if (frame.created === true) running.user = asRecord(frame.message);
  else if (frame.event === "on_run_step") running.answerKey = asString(data.runId);
  else if (frame.event === "on_message_delta" || frame.event === "on_reasoning_delta")
    addDelta(running, data);
  else if (frame.event === "on_run_step_completed") {
    const result = asRecord(data.result) ?? {};
    running.steps.set(asString(result.id) ?? "", readToolCall(result.tool_call));
  } else if (frame.message === true && asString(frame.text) !== undefined) {
    // Before version 0.7.5: the text so far, whole each time.
    running.text = asString(frame.text);
    running.answerKey = asString(frame.messageId) ?? running.answerKey;
  }
}

function readRunning({ user, answerKey, text, steps }: Running): LibreChatTurn | null {
  const key = asString(user?.conversationId);
  if (!key || !user) return null;
  const time = isoTime(user.createdAt) ?? LATEST;
  const asked = readLibreChatMessage({ isCreatedByUser: true, ...user }, key, time);
  const parts = steps.size > 0 ? [...steps.values()].flat() : textParts(text);
  const userKey = asked[0]?.key;
  const answer: MessageReading[] =
    answerKey && parts.length > 0
      ? [
          compact({
            key: answerKey,
            parentKey: userKey,
            role: "assistant" as const,
            position: time,
            state: "partial" as const,
            parts,
          }),
        ]
      : [];
  const messages = risingPositions([
    ...asked.map((message) => ({ ...message, state: "partial" as const })),
    ...answer,
  ]);
  return { key, isTemporary: false, session: {}, messages };
}

/** Title, model and times of a session. */
export function readLibreChatSession(value: unknown): Partial<Reading["session"]> {
  const item = asRecord(value);
  const title = asString(item?.title);
  return compact({
    title: title === UNTITLED ? undefined : title || undefined,
    account: asString(item?.user) || undefined,
    model: asString(item?.model) || undefined,
    provider: asString(item?.endpoint) || undefined,
    createdAt: isoTime(item?.createdAt),
    updatedAt: isoTime(item?.updatedAt),
  });
}

/** Whether LibreChat itself deletes it after a while. */
export function isLibreChatTemporary(value: unknown): boolean {
  const item = asRecord(value);
  return item?.isTemporary === true || asString(item?.expiredAt) !== undefined;
}

function readFinal(frame: Json): LibreChatTurn | null {
  const about = asRecord(frame.conversation);
  const answer = asRecord(frame.responseMessage);
  const key = asString(about?.conversationId) ?? asString(answer?.conversationId);
  if (!key || !about) return null;
  const time = isoTime(about.updatedAt) ?? LATEST;
  const asked = { isCreatedByUser: true, ...asRecord(frame.requestMessage) };
  const messages = risingPositions(
    [asked, answer].flatMap((message) => readLibreChatMessage(message, key, time)),
  );
  const session = compact({
    ...readLibreChatSession({ ...about, title: frame.title ?? about.title }),
    activeLeafKey: messages.at(-1)?.key,
  });
  return { key, isTemporary: isLibreChatTemporary(about), session, messages };
}

/** The turn that a stream holds; null where it holds none yet. */
export function readLibreChatStream(body: string): LibreChatTurn | null {
  const running: Running = { steps: new Map() };
  for (const { data } of sseEvents(body)) {
    const frame = asRecord(parseJson(data));
    if (!frame) continue;
    if (frame.final === true) return readFinal(frame);
    addFrame(running, frame);
  }
  return readRunning(running);
}
