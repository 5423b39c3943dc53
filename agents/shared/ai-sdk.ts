/** Messages and streams of the AI SDK, which many pages are built with: the lines of version 4, the events of version 5. */
import type { Part, Tokens } from "../agent";
import { sseEvents } from "./frames";
import { asRecord, asRecords, asString, compact, parseJson, toJson } from "./json";
import { filePart, sourcePart, textParts, unknownPart } from "./parts";
import { readDataStream } from "./prefixed-lines";
import { readUsage } from "./usage";

type Json = Record<string, unknown>;

/** An answer as far as its stream has come. */
export interface AiSdkAnswer {
  /** The server's id of the message, where it gives one. */
  key?: string;
  parts: Part[];
  tokens?: Tokens;
  finish?: string;
  error?: { name: string; message: string };
  isDone: boolean;
}

/** Kinds that repeat or announce what others hold. */
const ANNOUNCED =
  /^(?:text-(?:start|end)|reasoning-(?:start|end)|tool-input-(?:start|delta)|start-step|finish-step|message-metadata|data-.*)$/;

function text(value: unknown): string {
  return asString(value) ?? (value === undefined ? "" : toJson(value));
}

function toolCall(item: Json, name: unknown): Part {
  const input = toJson(item.input ?? item.args ?? {});
  const toolName = asString(name) ?? "";
  return { type: "tool-call", toolCallId: asString(item.toolCallId) ?? "", toolName, input };
}

function toolResult(item: Json): Part {
  const failed = asString(item.errorText);
  return compact({
    type: "tool-result" as const,
    toolCallId: asString(item.toolCallId) ?? "",
    output: failed ?? text(item.output ?? item.result),
    isError: failed === undefined ? undefined : true,
  });
}

function addText(parts: Part[], type: "text" | "reasoning", delta: string): void {
  const last = parts.at(-1);
  if (last?.type === type) last.text += delta;
  else if (delta !== "") parts.push({ type, text: delta });
}

function addOther(answer: AiSdkAnswer, type: string, event: Json): void {
  if (type === "tool-input-available") answer.parts.push(toolCall(event, event.toolName));
  else if (type === "tool-output-available" || type === "tool-output-error")
    answer.parts.push(toolResult(event));
  else if (type === "source-url") answer.parts.push(...sourcePart(event as { url: unknown }));
  else if (type === "file")
    answer.parts.push(filePart({ mediaType: event.mediaType ?? event.mimeType, url: event.url }));
  else if (!ANNOUNCED.test(type)) answer.parts.push(unknownPart(type, event));
}

function addEvent(answer: AiSdkAnswer, event: Json): void {
  const type = asString(event.type) ?? "";
  if (type === "text-delta" || type === "reasoning-delta") {
    const delta = asString(event.delta) ?? "";
    addText(answer.parts, type === "text-delta" ? "text" : "reasoning", delta);
  } else if (type === "error") {
    answer.error = { name: type, message: text(event.errorText) };
    answer.isDone = true;
  } else if (type === "start") answer.key ??= asString(event.messageId);
  else if (type === "finish" || type === "abort") {
    const metadata = asRecord(event.messageMetadata);
    answer.finish = asString(event.finishReason) ?? (type === "abort" ? type : undefined);
    answer.tokens = readUsage(event.usage ?? metadata?.usage ?? metadata?.totalUsage);
    answer.isDone = true;
  } else addOther(answer, type, event);
}

function readLines(body: string): AiSdkAnswer | null {
  const stream = readDataStream(body);
  if (!stream) return null;
  const { messageId: key, error, isDone, ...rest } = stream;
  const failed = error === undefined ? undefined : { name: "error", message: error };
  return compact({ key, ...rest, error: failed, isDone: isDone || failed !== undefined });
}

/** The answer that a stream holds, whichever version wrote it; null where it is no such stream. */
export function readAiSdkStream(body: string): AiSdkAnswer | null {
  const events = sseEvents(body).flatMap(({ data }) => {
    const event = asRecord(parseJson(data));
    return typeof event?.type === "string" ? [event] : [];
  });
  if (events.length === 0) return readLines(body);
  const answer: AiSdkAnswer = { parts: [], isDone: false };
  for (const event of events) addEvent(answer, event);
  return answer;
}

function readPart(part: Json): Part[] {
  const type = asString(part.type) ?? "part";
  if (type === "text") return textParts(part.text);
  if (type === "reasoning") return textParts(part.text ?? part.reasoning, "reasoning");
  if (type === "step-start" || type.startsWith("data-")) return [];
  if (type === "source-url") return sourcePart(part as { url: unknown });
  if (type === "source") return sourcePart((asRecord(part.source) ?? {}) as { url: unknown });
  if (type === "file") {
    const { filename, mediaType, mimeType, url } = part;
    return [filePart({ name: filename, mediaType: mediaType ?? mimeType, url })];
  }
  const call = type === "tool-invocation" ? asRecord(part.toolInvocation) : part;
  if (!call || asString(call.toolCallId) === undefined) return [unknownPart(type, part)];
  const name = call.toolName ?? type.replace(/^tool-/, "");
  const isOver = call.state === "result" || String(call.state).startsWith("output-");
  return [toolCall(call, name), ...(isOver ? [toolResult(call)] : [])];
}

/** The parts of a message as the page keeps and sends it. */
export function readAiSdkParts(message: Json): Part[] {
  const files = asRecords(message.experimental_attachments).map((file) =>
    filePart({ name: file.name, mediaType: file.contentType, url: file.url }),
  );
  const parts = asRecords(message.parts).flatMap(readPart);
  return [...files, ...(parts.length > 0 ? parts : textParts(message.content))];
}
