/** DeepSeek's messages, as its network calls and its export give them. */
import type { MessageReading, Part } from "../agent";
import { asNumber, asRecords, asString, compact, toJson } from "./json";
import { filePart, isoTime, secondsTime, sourcePart, textParts, unknownPart } from "./parts";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** Ids are numbers on the network and text in the export. */
export function idOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : asNumber(value)?.toString();
}

/** Seconds on the network, ISO time in the export. */
export function timeOf(value: unknown): number | undefined {
  return secondsTime(value) ?? isoTime(value);
}

function readFiles(value: unknown): Part[] {
  return asRecords(value).map((file) =>
    filePart({
      name: file.file_name ?? file.name,
      mediaType: file.mime_type,
      size: file.file_size ?? file.size,
    }),
  );
}

/** A search or an opened page: the call with what was looked for, and its result, which is the pages found. */
function readTool(fragment: Json, toolCallId: string): Part[] {
  const pages = [...asRecords(fragment.results), ...asRecords(fragment.references)];
  const sources = pages.flatMap(sourceOf);
  const found = sources.map((part) =>
    part.type === "source" ? [part.title, part.url].filter(Boolean).join(" ") : "",
  );
  const input = compact({
    queries: fragment.queries,
    query: fragment.query,
    url: fragment.url,
    content: asString(fragment.content) || undefined,
  });
  const toolName = asString(fragment.type)?.toLowerCase().replace("tool_", "") ?? "";
  const call: Part = { type: "tool-call", toolCallId, toolName, input: toJson(input) };
  const isRunning = fragment.status === "WIP" && pages.length === 0;
  const result: Part[] = isRunning
    ? []
    : [{ type: "tool-result", toolCallId, output: found.join("\n") }];
  return [call, ...result, ...sources];
}

function sourceOf(page: Json): Part[] {
  return sourcePart({ url: page.url, title: page.title, snippet: page.snippet });
}

function readFragment(fragment: Json, messageKey: string, index: number): Part[] {
  const type = asString(fragment.type) ?? "";
  if (type === "THINK") return textParts(fragment.content, "reasoning");
  if (type === "REQUEST" || type === "RESPONSE" || type === "TIP") {
    return [
      ...textParts(fragment.content),
      ...asRecords(fragment.references).flatMap(sourceOf),
      ...readFiles(fragment.files),
    ];
  }
  if (type === "FILE") return readFiles(fragment.files);
  if (/^(?:TOOL_)?(?:SEARCH|OPEN)$/.test(type)) {
    return readTool(fragment, `${messageKey}-${idOf(fragment.id) ?? index}`);
  }
  return [unknownPart(type, withoutSignatures(fragment))];
}

/** The parts of a message: fragments, or the fields that stood for them before 2025-09. */
function readParts(message: Json, key: string): Part[] {
  const files = readFiles(message.files);
  if (Array.isArray(message.fragments)) {
    const fragments = asRecords(message.fragments);
    return [...fragments.flatMap((item, at) => readFragment(item, key, at)), ...files];
  }
  return [
    ...asRecords(message.search_results).flatMap(sourceOf),
    ...textParts(message.thinking_content, "reasoning"),
    ...textParts(message.content),
    ...files,
  ];
}

function isAnswer(message: Json): boolean {
  const isRequest = asRecords(message.fragments).some(({ type }) => type === "REQUEST");
  return typeof message.role === "string" ? message.role === "ASSISTANT" : !isRequest;
}

/** The message of a raw one; `model` is the session's, for those that name none. */
export function readMessage(message: Json, model: string | undefined): MessageReading[] {
  const key = idOf(message.message_id);
  if (key === undefined) return [];
  const assistant = isAnswer(message);
  const status = asString(message.status);
  return [
    compact({
      key,
      parentKey: idOf(message.parent_id),
      role: assistant ? ("assistant" as const) : ("user" as const),
      // A counter of the session, so known alike from a stream, a load and an export.
      position: Number(key) || 0,
      state: assistant && status === "WIP" ? ("partial" as const) : ("final" as const),
      model: assistant ? asString(message.model) || model : undefined,
      createdAt: timeOf(message.inserted_at),
      finish: assistant && status !== "WIP" ? status : undefined,
      parts: readParts(message, key),
    }),
  ];
}

/** The count stands for the whole branch up to a message, so what a message itself took is the difference to the one before it. */
export function withTokens(messages: MessageReading[], raw: Json[]): MessageReading[] {
  const counts = new Map(
    raw.map((message) => [idOf(message.message_id), asNumber(message.accumulated_token_usage)]),
  );
  return messages.map((message) => {
    const count = counts.get(message.key);
    const before = message.parentKey === undefined ? 0 : counts.get(message.parentKey);
    const total = count === undefined || before === undefined ? 0 : count - before;
    return total > 0 ? { ...message, tokens: { total } } : message;
  });
}
