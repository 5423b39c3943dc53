/** The content of one message of ChatGPT, of every `content_type` that is known (seen 2024-01 to 2026-10), as parts. */
import type { Part } from "../agent";
import { listOf, readSources, withoutMarkers } from "./chatgpt-text";
import { asNumber, asRecord, asString, compact, parseJson, toJson } from "./json";
import { filePart, secondsTime, sourcePart, textParts, unknownPart } from "./parts";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** Content that only tells the model something: never shown. */
const CONTEXT = new Set(["user_editable_context", "model_editable_context"]);

/** Whether the content is context for the model. */
export function isContext(content: Json): boolean {
  return CONTEXT.has(asString(content.content_type) ?? "");
}

/** A block of code, fenced by more backticks than it holds. */
function fenced(text: string, language: unknown): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const name = asString(language);
  return `${fence}${name && name !== "unknown" ? name : ""}\n${text}\n${fence}`;
}

/** Thoughts: each with its heading. The times of the whole thinking stand on the first and the last. */
function readThoughts(content: Json, metadata: Json): Part[] {
  const parts = listOf(content.thoughts).flatMap((value) => {
    const thought = asRecord(value);
    const summary = asString(thought?.summary)?.trim();
    const text = asString(thought?.content) || listOf(thought?.chunks).filter(isText).join("\n");
    const all = [summary ? `**${summary}**` : "", text].filter(isText).join("\n\n");
    return textParts(withoutMarkers(all, metadata), "reasoning");
  });
  return parts.map((part, index) =>
    compact({
      ...part,
      startedAt: index === 0 ? secondsTime(metadata.reasoning_start_time) : undefined,
      endedAt: index === parts.length - 1 ? secondsTime(metadata.reasoning_end_time) : undefined,
    }),
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

/** The file of an attachment, or of a pointer to an image or a sound. */
function readFile(file: Json, kind: string | undefined, title?: unknown): Part {
  return filePart({
    name: asString(file.name) ?? title,
    mediaType: asString(file.mimeType) ?? asString(file.mime_type) ?? kind,
    size: asNumber(file.size) ?? asNumber(file.size_bytes) ?? asNumber(file.file_size_bytes),
  });
}

/** The files that a message carries: joined to its content's pointers by id. */
class Files {
  #left: Map<string, Json>;

  constructor(readonly metadata: Json) {
    const attachments = listOf(metadata.attachments)
      .map(asRecord)
      .filter((file) => file !== undefined);
    this.#left = new Map(attachments.map((file, index) => [asString(file.id) ?? `${index}`, file]));
  }

  /** The file that a pointer names; of one without attachment, what the pointer says. */
  take(pointer: Json, kind: string): Part {
    const id =
      /([^/]*)$/.exec(asString(pointer.asset_pointer) ?? "")?.[1]?.replace(/[?#].*$/, "") ?? "";
    const attachment = this.#left.get(id);
    this.#left.delete(id);
    return readFile({ ...pointer, ...attachment }, kind, this.metadata.image_gen_title);
  }

  rest(): Part[] {
    return [...this.#left.values()].map((file) => readFile(file, undefined));
  }
}

function readItem(value: unknown, files: Files): Part[] {
  if (typeof value === "string") return textParts(withoutMarkers(value, files.metadata));
  const item = asRecord(value);
  const type = asString(item?.content_type);
  if (!item) return [];
  if (type === "image_asset_pointer") return [files.take(item, "image/*")];
  if (type === "audio_asset_pointer") return [files.take(item, "audio/*")];
  if (type === "audio_transcription") return textParts(item.text);
  if (type === "real_time_user_audio_video_asset_pointer") {
    const audio = asRecord(item.audio_asset_pointer);
    return [files.take(audio ?? item, audio ? "audio/*" : "video/*")];
  }
  return [unknownPart(type ?? "part", withoutSignatures(item))];
}

/** What was seen of a page that the browser tool opened or found. */
function readPage(content: Json): Part[] {
  const text = asString(content.text) ?? (asString(content.result) || asString(content.summary));
  return [...textParts(text), ...sourcePart({ url: content.url, title: content.title })];
}

function readByType(content: Json, files: Files): Part[] {
  const type = asString(content.content_type) ?? "";
  switch (type) {
    case "text":
    case "multimodal_text":
      return listOf(content.parts).flatMap((item) => readItem(item, files));
    case "code": {
      const text = asString(content.text) ?? "";
      return text.trim() === "" ? [] : textParts(fenced(text, content.language));
    }
    case "execution_output":
    case "system_error":
      return textParts(content.text);
    case "thoughts":
      return readThoughts(content, files.metadata);
    case "reasoning_recap":
      return textParts(content.content, "reasoning");
    case "tether_quote":
    case "tether_browsing_display":
      return readPage(content);
    default:
      return [unknownPart(type, withoutSignatures(content))];
  }
}

/** The parts of a message that was shown: its content, the pages it cites, its files. */
export function readContent(content: Json, metadata: Json): Part[] {
  const files = new Files(metadata);
  const parts = readByType(content, files);
  const known = new Set(parts.map((part) => (part.type === "source" ? part.url : "")));
  const sources = readSources(metadata).filter(
    (part) => part.type !== "source" || !known.has(part.url),
  );
  return [...parts, ...sources, ...files.rest()];
}

/** The arguments as JSON: a model writes most as JSON, code as it is, and a connector's lie beside the text. */
function inputOf(content: Json, metadata: Json): string {
  const parts = listOf(content.parts).filter((part) => typeof part === "string");
  const text = asString(content.text) ?? parts.join("\n");
  const payload = metadata.connector_tool_payload;
  if (text.trim() === "" && payload !== undefined && payload !== null) {
    return typeof payload === "string" && asRecord(parseJson(payload)) ? payload : toJson(payload);
  }
  if (asRecord(parseJson(text))) return text;
  return toJson(content.content_type === "code" ? { code: text } : { text });
}

/** A call of a tool: the message's id is the call's, its recipient the tool. */
export function readCall(message: Json): Part[] {
  const content = asRecord(message.content) ?? {};
  const metadata = asRecord(message.metadata) ?? {};
  const call: Part = compact({
    type: "tool-call" as const,
    toolCallId: asString(message.id) ?? "",
    toolName: asString(message.recipient) ?? "",
    input: inputOf(content, metadata),
    title: asString(metadata.reasoning_title),
    startedAt: secondsTime(message.create_time),
  });
  return [call, ...readSources(metadata), ...new Files(metadata).rest()];
}

/** A tool's answer: its text is the result of the call, its files and pages stand beside it. */
export function readResult(callKey: string, message: Json): Part[] {
  const content = asRecord(message.content) ?? {};
  const metadata = asRecord(message.metadata) ?? {};
  const parts = readContent(content, metadata);
  const output = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const run = asRecord(metadata.aggregate_result);
  const status = asString(run?.status);
  const images = listOf(run?.messages).flatMap((value) => {
    const item = asRecord(value);
    return item?.message_type === "image" ? [readFile(item, "image/*")] : [];
  });
  const isError = content.content_type === "system_error" || /fail|error/i.test(status ?? "");
  const result: Part = compact({
    type: "tool-result" as const,
    toolCallId: callKey,
    output,
    isError: isError || undefined,
    metadata: status === undefined ? undefined : toJson({ status }),
    endedAt: secondsTime(message.create_time),
  });
  return [result, ...parts.filter((part) => part.type !== "text"), ...images];
}
