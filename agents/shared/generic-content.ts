/** What a message of a chat request or answer holds, in the forms of OpenAI, of Anthropic and of those who speak like them. */
import type { MessageReading, Part, Tokens } from "../agent";
import { asRecord, asRecords, asString, compact, toJson } from "./json";
import { filePart, sourcePart, textParts, unknownPart } from "./parts";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** An answer as far as it has come. */
export interface ChatAnswer {
  parts: Part[];
  model?: string;
  tokens?: Tokens;
  finish?: string;
  error?: MessageReading["error"];
  /** Unix ms. */
  createdAt?: number;
  /** Its end was there. */
  isDone: boolean;
}

/** The error that an answer may hold in the place of a message. */
export function errorOf(value: unknown): MessageReading["error"] {
  if (value === undefined || value === null) return undefined;
  const error = asRecord(value);
  const name = asString(error?.type) ?? asString(error?.name) ?? asString(error?.code) ?? "error";
  return { name, message: asString(value) ?? asString(error?.message) ?? toJson(value) };
}

/** A file that lies in the request itself: its type and size; of any other what is lasting and public of its address. */
function embeddedFile(data: unknown, name?: unknown, mediaType?: unknown): Part {
  const text = asString(data) ?? "";
  const head = /^data:([^;,]*)[^,]*;base64,/.exec(text);
  const isBase64 = head !== null || (mediaType !== undefined && !/^https?:/.test(text));
  const length = text.slice(head?.[0].length ?? 0).replace(/=+$/, "").length;
  return filePart({
    name,
    mediaType: head?.[1] ?? mediaType,
    size: isBase64 && length > 0 ? Math.floor((length * 3) / 4) : undefined,
    url: text,
  });
}

function filesOf(type: string, part: Json): Part[] | null {
  if (type === "image_url") return [embeddedFile(asRecord(part.image_url)?.url ?? part.image_url)];
  if (type === "input_image") return [embeddedFile(part.image_url)];
  if (type === "input_audio") {
    const audio = asRecord(part.input_audio);
    return [embeddedFile(audio?.data, undefined, `audio/${asString(audio?.format) ?? "wav"}`)];
  }
  if (type === "file" || type === "input_file") {
    const file = asRecord(part.file) ?? part;
    return [embeddedFile(file.file_data ?? file.file_url, file.filename)];
  }
  if (type !== "image" && type !== "document") return null;
  const source = asRecord(part.source) ?? {};
  return [embeddedFile(source.data ?? source.url, part.title, source.media_type)];
}

/** What a tool answered, as text. */
export function outputText(content: unknown): string {
  if (typeof content === "string") return content;
  const texts = asRecords(content).map((part) => asString(part.text));
  const isText = Array.isArray(content) && texts.every((text) => text !== undefined);
  return isText ? texts.join("\n") : toJson(withoutSignatures(content ?? ""));
}

/** Links that a text carries with it. */
function sourcesOf(part: Json): Part[] {
  return asRecords(part.annotations ?? part.citations).flatMap((note) => {
    const { url, title, cited_text: snippet } = asRecord(note.url_citation) ?? note;
    return sourcePart({ url, title, snippet });
  });
}

/** Anthropic's pieces that are no text. */
function blockOf(type: string, part: Json): Part[] | null {
  if (type === "thinking") return textParts(part.thinking, "reasoning");
  if (type === "redacted_thinking") return [];
  if (type === "tool_use" || type === "server_tool_use") {
    const input = toJson(part.input ?? {});
    return [toolCall(part.id, part.name, input)];
  }
  if (type !== "tool_result") return null;
  return [
    compact({
      type: "tool-result" as const,
      toolCallId: asString(part.tool_use_id) ?? "",
      output: outputText(part.content),
      isError: part.is_error === true || undefined,
    }),
  ];
}

/** One call of a tool; `input` is JSON text. */
export function toolCall(id: unknown, name: unknown, input: unknown): Part {
  return {
    type: "tool-call",
    toolCallId: asString(id) ?? "",
    toolName: asString(name) ?? "",
    input: input === "" ? "{}" : (asString(input) ?? toJson(input ?? {})),
  };
}

function partsOf(part: Json): Part[] {
  const type = asString(part.type) ?? "part";
  if (/^(?:input_|output_)?text$/.test(type)) return [...textParts(part.text), ...sourcesOf(part)];
  if (type === "refusal") return textParts(part.refusal);
  return filesOf(type, part) ?? blockOf(type, part) ?? [unknownPart(type, part)];
}

/** Text whose thinking stands before it in marks of its own, as open models write it. */
export function thoughtfulText(text: unknown): Part[] {
  const string = asString(text) ?? "";
  const [whole, thought] = /^\s*<think(?:ing)?>([^]*?)(?:<\/think(?:ing)?>|$)/.exec(string) ?? [];
  if (whole === undefined) return textParts(string);
  const rest = string.slice(whole.length);
  return [...textParts(thought?.trim(), "reasoning"), ...textParts(rest.trimStart())];
}

/** The parts of a message's `content`: a text, or a list of pieces. */
export function contentParts(content: unknown): Part[] {
  if (typeof content === "string") return thoughtfulText(content);
  return asRecords(content).flatMap(partsOf);
}

/** The calls of an assistant's message in OpenAI's form. */
export function openaiCalls(message: Json): Part[] {
  const calls = asRecords(message.tool_calls).map((call) => {
    const { name, arguments: input } = asRecord(call.function) ?? asRecord(call.custom) ?? {};
    return toolCall(call.id, name, input);
  });
  const old = asRecord(message.function_call);
  return old ? [...calls, toolCall(old.name, old.name, old.arguments)] : calls;
}

/** The parts of a whole message in OpenAI's form: thinking, text, calls. */
export function openaiParts(message: Json): Part[] {
  return [
    ...textParts(message.reasoning_content ?? message.reasoning, "reasoning"),
    ...contentParts(message.content),
    ...textParts(message.refusal),
    ...sourcesOf(message),
    ...openaiCalls(message),
  ];
}

/** The parts of one item of OpenAI's Responses; null for an item that is a message. */
export function responseItemParts(item: Json): Part[] | null {
  const { type } = item;
  if (type === "function_call") return [toolCall(item.call_id, item.name, item.arguments)];
  if (type === "custom_tool_call") return [toolCall(item.call_id, item.name, toJson(item.input))];
  if (type === "function_call_output" || type === "custom_tool_call_output") {
    const toolCallId = asString(item.call_id) ?? "";
    return [{ type: "tool-result", toolCallId, output: outputText(item.output) }];
  }
  if (type === "reasoning") {
    const texts = asRecords(item.summary).concat(asRecords(item.content));
    return textParts(texts.map(({ text }) => asString(text) ?? "").join("\n\n"), "reasoning");
  }
  if (type === "image_generation_call") {
    return [filePart({ mediaType: `image/${asString(item.output_format) ?? "png"}` })];
  }
  if (type === "item_reference") return [];
  if (type === undefined || type === "message") return null;
  return [unknownPart(asString(type) ?? "item", item)];
}
