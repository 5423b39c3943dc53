/** Items of Codex' command line, as they stand in its session files. */
import type { Part, Tokens } from "../agent";
import { asNumber, asRecord, asString, compact, parseJson, toJson } from "./json";
import { filePart, textParts, unknownPart } from "./parts";

type Json = Record<string, unknown>;

/** What the command line tells the model in the person's name. */
const INJECTED =
  /^\s*(?:<(?:environment_context|user_instructions|permissions instructions|turn_aborted|skill|user_shell_command)>|# AGENTS\.md instructions)/;

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function readImage(item: Json): Part {
  const url = asString(item.image_url) ?? "";
  const inline = /^data:([\w/+.-]+);base64,/.exec(url);
  const bytes =
    inline && Math.floor((url.slice(inline[0].length).replace(/=+$/, "").length * 3) / 4);
  return filePart({ mediaType: inline?.[1] ?? "image/*", size: bytes ?? undefined, url });
}

/** The content of a message, without what the command line put in. */
export function readMessageContent(content: unknown): Part[] {
  return listOf(content).flatMap((value) => {
    const item = asRecord(value);
    const type = asString(item?.type);
    if (!item || type === undefined || INJECTED.test(asString(item.text) ?? "")) return [];
    if (/^(?:input|output)_text$|^text$/.test(type)) return textParts(item.text);
    return type === "input_image" ? [readImage(item)] : [unknownPart(type, item)];
  });
}

/** The summary of the model's thinking, or its text; the encrypted form is of no use to anybody. */
function readReasoning(item: Json): Part[] {
  const texts = (list: unknown) =>
    listOf(list).flatMap((value) => textParts(asRecord(value)?.text, "reasoning"));
  const summary = texts(item.summary);
  return summary.length > 0 ? summary : texts(item.content);
}

function call(item: Json, toolName: unknown, input: unknown, time: number | undefined): Part {
  return compact({
    type: "tool-call" as const,
    toolCallId: asString(item.call_id) ?? asString(item.id) ?? "",
    toolName: asString(toolName) ?? "",
    input:
      typeof input === "string" && parseJson(input) !== undefined ? input : toJson(input ?? {}),
    startedAt: time,
  });
}

/** What a tool gave back: text, a list of texts, or JSON around a text with its exit code. */
function readOutput(item: Json, time: number | undefined): Part {
  const given = item.output;
  const outer = asRecord(given) ?? asRecord(parseJson(asString(given) ?? ""));
  const inner = Array.isArray(given) ? given : outer && (outer.output ?? outer.content);
  const texts = listOf(inner).map((value) => asString(asRecord(value)?.text) ?? "");
  const text = asString(inner) ?? (texts.length > 0 ? texts.join("\n") : undefined);
  const metadata = text === undefined ? undefined : asRecord(outer?.metadata);
  const exitCode = asNumber(metadata?.exit_code);
  const isError = outer?.success === false || (exitCode !== undefined && exitCode !== 0);
  return compact({
    type: "tool-result" as const,
    toolCallId: asString(item.call_id) ?? "",
    output: text ?? asString(given) ?? toJson(given ?? ""),
    isError: isError || undefined,
    metadata: metadata && toJson(metadata),
    endedAt: time,
  });
}

/** The parts of an item that is no message. */
export function readItem(item: Json, time: number | undefined): Part[] {
  const type = asString(item.type) ?? "";
  switch (type) {
    case "reasoning":
      return readReasoning(item);
    case "function_call":
      return [call(item, item.name, item.arguments, time)];
    case "custom_tool_call":
      return [call(item, item.name, { input: item.input }, time)];
    case "local_shell_call":
      return [call(item, "local_shell", item.action, time)];
    case "web_search_call":
      return [call(item, "web_search", item.action, time)];
    case "function_call_output":
    case "custom_tool_call_output":
      return [readOutput(item, time)];
    // A commit of the work tree, for undoing.
    case "ghost_snapshot":
      return [];
    default:
      return [unknownPart(type, item)];
  }
}

/** Counts so far; they do not overlap, while the file's do: input holds the cached, output the reasoning. */
export function readUsage(value: unknown): Tokens | undefined {
  const usage = asRecord(value);
  if (!usage) return undefined;
  const count = (name: string) => asNumber(usage[name]) ?? 0;
  const [cached, reasoning] = [count("cached_input_tokens"), count("reasoning_output_tokens")];
  return {
    input: Math.max(0, count("input_tokens") - cached),
    output: Math.max(0, count("output_tokens") - reasoning),
    reasoning,
    cacheRead: cached,
    total: count("total_tokens"),
  };
}

/** What was used between two counts. */
export function usageSince(now: Tokens, before: Tokens | undefined): Tokens {
  const since = (name: "input" | "output" | "reasoning" | "cacheRead" | "total") =>
    Math.max(0, (now[name] ?? 0) - (before?.[name] ?? 0));
  return {
    input: since("input"),
    output: since("output"),
    reasoning: since("reasoning"),
    cacheRead: since("cacheRead"),
    total: since("total"),
  };
}
