/** Messages of LibreChat: the same in its API, its streams and its exports. */
import type { MessageReading, Part } from "../agent";
import { asNumber, asRecord, asRecords, asString, compact, toJson } from "./json";
import { filePart, isoTime, sourcePart, textParts, unknownPart } from "./parts";

type Json = Record<string, unknown>;

/** What stands for "no parent". */
const ROOT = "00000000-0000-0000-0000-000000000000";

/** Where the page draws a citation, in characters for private use. */
const CITATION_MARKS = /\ue202turn\d+[a-z_]+\d+|[\ue200-\ue206]/g;

/** A text, which newer content wraps into an object. */
function plain(value: unknown): string {
  return (asString(value) ?? asString(asRecord(value)?.value) ?? "").replace(CITATION_MARKS, "");
}

/** The call and, once it ended, its result. */
export function readToolCall(value: unknown): Part[] {
  const call = asRecord(value);
  if (!call) return [];
  const inner = asRecord(call.function) ?? call;
  const toolCallId = asString(call.id) ?? "";
  const args = inner.args ?? inner.arguments ?? {};
  const parts: Part[] = [
    {
      type: "tool-call",
      toolCallId,
      toolName: asString(inner.name) ?? asString(call.type) ?? "",
      input: asString(args) ?? toJson(args),
    },
  ];
  const output = inner.output ?? inner.outputs;
  if (output === undefined || output === null || (output === "" && call.progress !== 1))
    return parts;
  return [
    ...parts,
    { type: "tool-result", toolCallId, output: asString(output) ?? toJson(output) },
  ];
}

function readFile(file: Json): Part {
  return filePart({
    name: file.filename,
    mediaType: file.type,
    size: file.bytes ?? file.size,
    url: file.filepath,
  });
}

function readContent(value: unknown): Part[] {
  const item = asRecord(value);
  const type = asString(item?.type);
  if (!item || type === undefined) return [];
  if (type === "text") return textParts(plain(item.text));
  if (type === "think") return textParts(plain(item.think), "reasoning");
  if (type === "tool_call") return readToolCall(item.tool_call);
  if (type === "image_file") return [readFile(asRecord(item.image_file) ?? {})];
  // Said as the message's error.
  if (type === "error") return [];
  return [unknownPart(type, item)];
}

/** What a tool or a search brought: the pages it cites, and files. */
function readAttachment(item: Json): Part[] {
  const search = asRecord(item.web_search);
  if (search) {
    return [
      ...asRecords(search.organic),
      ...asRecords(search.topStories),
      ...asRecords(search.references),
    ]
      .map((hit) => ({ url: hit.link ?? hit.url, title: hit.title, snippet: hit.snippet }))
      .flatMap(sourcePart);
  }
  const found = asRecord(item.file_search);
  if (found) return asRecords(found.sources).map((hit) => filePart({ name: hit.fileName }));
  return asString(item.filename) === undefined ? [] : [readFile(item)];
}

function withoutRepeated(parts: Part[]): Part[] {
  const seen = new Set<string>();
  return parts.filter((part) => {
    if (part.type !== "source") return true;
    const isNew = !seen.has(part.url);
    seen.add(part.url);
    return isNew;
  });
}

function readError(message: Json, text: string): MessageReading["error"] {
  const said = asRecords(message.content).find((item) => item.type === "error");
  if (message.error !== true && !said) return undefined;
  return { name: "Error", message: text || plain(said?.error ?? said?.text) };
}

/** The count that LibreChat keeps with a message is that of its own text. */
function readTokens(count: unknown, isUser: boolean): MessageReading["tokens"] {
  const tokens = asNumber(count);
  if (tokens === undefined) return undefined;
  return isUser ? { input: tokens } : { output: tokens };
}

/** One message; `fallbackTime` places one that carries no time of its own, as those at the end of a stream. */
export function readLibreChatMessage(
  value: unknown,
  sessionKey: string,
  fallbackTime: number,
): MessageReading[] {
  const message = asRecord(value);
  const key = asString(message?.messageId);
  if (!message || !key) return [];
  if (message.conversationId && message.conversationId !== sessionKey) return [];
  const isUser = message.isCreatedByUser === true;
  const createdAt = isoTime(message.createdAt);
  const parentKey = asString(message.parentMessageId);
  const text = plain(message.text);
  const error = readError(message, text);
  const content = Array.isArray(message.content) ? message.content.flatMap(readContent) : [];
  const body = content.length > 0 ? content : error ? [] : textParts(text);
  const parts = [
    ...asRecords(message.files).map(readFile),
    ...body,
    ...asRecords(message.attachments).flatMap(readAttachment),
  ];
  return [
    compact({
      key,
      parentKey: parentKey && parentKey !== ROOT ? parentKey : undefined,
      role: isUser ? ("user" as const) : ("assistant" as const),
      position: createdAt ?? fallbackTime,
      state: "final" as const,
      model: asString(message.model) || undefined,
      provider: asString(message.endpoint) || undefined,
      tokens: readTokens(message.tokenCount, isUser),
      createdAt,
      finish:
        asString(message.finish_reason) ?? (message.unfinished === true ? "unfinished" : undefined),
      error,
      parts: withoutRepeated(parts),
    } satisfies MessageReading),
  ];
}
