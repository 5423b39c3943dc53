/** The chat of Open WebUI and of the sites that come from it (Qwen, Z.ai): a tree of messages, as its page loads and saves it. */
import type { MessageReading, Part, Reading } from "../agent";
import { detailsText } from "./details";
import { asNumber, asRecord, asRecords, asString, compact, toJson } from "./json";
import { filePart, secondsTime, sourcePart, textParts, unknownPart } from "./parts";
import { readUsage } from "./usage";

type Json = Record<string, unknown>;

/** Hosts that run a descendant, each an agent of its own: no Open WebUI that a person runs. */
export const OPEN_WEBUI_DESCENDANTS: readonly string[] = ["chat.z.ai", "chat.qwen.ai"];

export interface OpenWebUiOptions {
  agent: string;
  /** Page on which the session is shown. */
  url?: string;
  /** The parts of a message where the site has its own form; null where the message has the common one. */
  parts?(message: Json): Part[] | null;
}

function joinedText(value: unknown): string {
  return asRecords(value)
    .map((item) => asString(item.text) ?? "")
    .join("");
}

/** Unix ms; the sites give seconds, some imports milliseconds. */
export function openWebUiTime(value: unknown): number | undefined {
  const time = asNumber(value);
  return time !== undefined && time > 1e11 ? Math.round(time) : secondsTime(time);
}

function outputPart(item: Json, id: string): Part[] {
  const toolCallId = asString(item.call_id) ?? asString(item.id) ?? id;
  if (item.type === "message") return textParts(joinedText(item.content));
  if (item.type === "reasoning") {
    const text = joinedText(item.content) || joinedText(item.summary);
    return textParts(text, "reasoning").map((part) =>
      compact({
        ...part,
        startedAt: openWebUiTime(item.started_at),
        endedAt: openWebUiTime(item.ended_at),
      }),
    );
  }
  if (item.type === "function_call") {
    const input = asString(item.arguments) ?? toJson(item.arguments ?? {});
    return [{ type: "tool-call", toolCallId, toolName: asString(item.name) ?? "", input }];
  }
  if (item.type === "function_call_output") {
    const output = asString(item.output) ?? joinedText(item.output);
    return [{ type: "tool-result", toolCallId, output }];
  }
  return [unknownPart(asString(item.type) ?? "output", item)];
}

/** The text of a message: a string, or parts as OpenAI's API has them. */
function contentParts(content: unknown, role: unknown, id: string): Part[] {
  const text = asString(content);
  if (text !== undefined) return role === "assistant" ? detailsText(text, id) : textParts(text);
  return asRecords(content).flatMap((item) => {
    if (item.type === "text") return textParts(item.text);
    if (item.type === "image_url" || item.type === "image") {
      return [filePart({ mediaType: "image", url: asRecord(item.image_url)?.url ?? item.image })];
    }
    return [unknownPart(asString(item.type) ?? "content", item)];
  });
}

/** A file or image that hangs on a message. */
export function openWebUiFile(item: Json): Part {
  const file = asRecord(item.file) ?? {};
  const meta = asRecord(file.meta) ?? {};
  const type = asString(item.type);
  return filePart({
    name: item.name ?? file.filename ?? meta.name,
    mediaType:
      item.content_type ??
      item.file_type ??
      meta.content_type ??
      (type === "image" ? "image" : undefined),
    size: item.size ?? meta.size,
    url: item.url,
  });
}

function sourceParts(source: Json): Part[] {
  const about = asRecord(source.source) ?? {};
  const documents = Array.isArray(source.document) ? source.document : [];
  const cited = asRecords(source.metadata).flatMap((meta, index) =>
    sourcePart({
      url: meta.source ?? meta.url,
      title: meta.title ?? meta.name ?? about.name,
      snippet: documents[index],
    }),
  );
  if (cited.length > 0) return cited;
  const page = sourcePart({ url: about.url ?? about.name, title: about.name });
  return page.length > 0 || !asString(about.name) ? page : [filePart({ name: about.name })];
}

/** A search that the server made before the answer. */
function statusParts(status: Json, toolCallId: string): Part[] {
  const toolName = asString(status.action);
  if (!toolName) return [];
  const { urls, queries, query, items: found } = status;
  const input = compact({ query, queries, urls, items: found });
  const call: Part = { type: "tool-call", toolCallId, toolName, input: toJson(input) };
  const output = asString(status.description) ?? "";
  return status.done === false ? [call] : [call, { type: "tool-result", toolCallId, output }];
}

function messageParts(message: Json, key: string, options: OpenWebUiOptions): Part[] {
  const own = options.parts?.(message);
  const output = asRecords(message.output);
  const said =
    own ??
    (output.length > 0
      ? output.flatMap((item, index) => outputPart(item, `${key}:${index}`))
      : contentParts(message.content, message.role, key));
  return [
    ...asRecords(message.files).map(openWebUiFile),
    ...asRecords(message.statusHistory).flatMap((status, i) =>
      statusParts(status, `${key}:status:${i}`),
    ),
    ...said,
    ...asRecords(message.sources ?? message.citations).flatMap(sourceParts),
  ];
}

function readError(value: unknown): MessageReading["error"] {
  if (value === undefined || value === null || value === false) return undefined;
  const error = asRecord(value);
  const text = asString(value) ?? asString(error?.content) ?? asString(error?.message);
  return { name: asString(error?.code) ?? "Error", message: text ?? asString(error?.detail) ?? "" };
}

function readMessage(
  message: Json,
  key: string,
  place: { parentKey?: string; position: number },
  options: OpenWebUiOptions,
): MessageReading {
  const { role } = message;
  const isKnown = role === "user" || role === "assistant" || role === "system" || role === "tool";
  const cost = asNumber(asRecord(message.usage)?.cost);
  return compact({
    key,
    ...place,
    role: isKnown ? role : "unknown",
    state: role === "assistant" && message.done === false ? "partial" : "final",
    model:
      role === "assistant" ? (asString(message.model) ?? asString(message.modelName)) : undefined,
    tokens: readUsage(message.usage),
    cost,
    createdAt: openWebUiTime(message.timestamp),
    error: readError(message.error),
    parts: messageParts(message, key, options),
  } satisfies MessageReading);
}

/**
 * Where an answer stands: right after its question, however long it took, so that a stream, which does not tell the time of the answer, gives
 * the same place. A question stands at its own second.
 */
export function openWebUiPosition(message: Json, parent: number | undefined): number {
  const own = message.role === "user" ? openWebUiTime(message.timestamp) : undefined;
  if (parent === undefined) return own ?? openWebUiTime(message.timestamp) ?? 0;
  return Math.max(own ?? 0, parent + 0.5);
}

/** Every message from the roots down; what hangs on itself has no place and is left out. */
function readTree(byKey: Map<string, Json>, options: OpenWebUiOptions): MessageReading[] {
  const children = new Map<string, string[]>();
  const queue: { key: string; parentKey?: string; parent?: number }[] = [];
  for (const [key, message] of byKey) {
    const parentKey = asString(message.parentId);
    if (parentKey === undefined || parentKey === key || !byKey.has(parentKey)) queue.push({ key });
    else if (children.has(parentKey)) children.get(parentKey)?.push(key);
    else children.set(parentKey, [key]);
  }
  const messages: MessageReading[] = [];
  for (let at = 0; at < queue.length; at += 1) {
    const { key, parentKey, parent } = queue[at]!;
    const message = byKey.get(key)!;
    const position = openWebUiPosition(message, parent);
    messages.push(readMessage(message, key, compact({ parentKey, position }), options));
    const below = children.get(key) ?? [];
    queue.push(...below.map((child) => ({ key: child, parentKey: key, parent: position })));
  }
  return messages.sort((a, b) => a.position - b.position);
}

/** The messages by id: the tree, or in old chats a list without one, in which each follows the one before. */
function messagesOf(chat: Json): Map<string, Json> | null {
  const tree = asRecord(asRecord(chat.history)?.messages);
  if (tree) {
    return new Map(
      Object.entries(tree).flatMap(([key, value]) => {
        const message = asRecord(value);
        return message ? [[asString(message.id) ?? key, message] as const] : [];
      }),
    );
  }
  if (!Array.isArray(chat.messages)) return null;
  let before: string | undefined;
  const listed = new Map<string, Json>();
  for (const message of asRecords(chat.messages)) {
    const key = asString(message.id);
    if (key === undefined) continue;
    listed.set(key, { parentId: before, ...message });
    before = key;
  }
  return listed;
}

/** The session in a chat object (`{ id, title, chat: { history } }`); null where it is none. */
export function readOpenWebUiChat(data: unknown, options: OpenWebUiOptions): Reading | null {
  const record = asRecord(data);
  const key = asString(record?.id);
  const chat = asRecord(record?.chat);
  const byKey = chat && messagesOf(chat);
  if (!record || !key || !byKey) return null;
  const messages = readTree(byKey, options);
  const shown = asString(asRecord(chat.history)?.currentId);
  return {
    session: compact({
      agent: options.agent,
      key,
      title: asString(record.title) ?? asString(chat.title),
      url: options.url,
      activeLeafKey: shown !== undefined && byKey.has(shown) ? shown : undefined,
      account: asString(record.user_id),
      model: asString(Array.isArray(chat.models) ? chat.models[0] : undefined),
      createdAt: openWebUiTime(record.created_at),
      updatedAt: openWebUiTime(record.updated_at),
    }),
    messages,
  };
}
