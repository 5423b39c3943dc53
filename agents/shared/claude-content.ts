/** The content blocks of Anthropic's messages, as claude.ai and Claude Code give them. */
import type { Part } from "../agent";
import { asRecord, asString, compact, toJson } from "./json";
import { filePart, isoTime, sourcePart, textParts, unknownPart } from "./parts";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** Blocks that hold nothing to read: reasoning that only the model can read, and marks for the client. */
const BOOKKEEPING = new Set(["redacted_thinking", "token_budget", "flag"]);

/** The items of an array; none of anything else. */
export function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function times(block: Json): { startedAt?: number; endedAt?: number } {
  return compact({
    startedAt: isoTime(block.start_timestamp),
    endedAt: isoTime(block.stop_timestamp),
  });
}

function readCitations(citations: unknown): Part[] {
  return items(citations).flatMap((value) => {
    const citation = asRecord(value) ?? {};
    const sources = [citation, ...items(citation.sources).map((source) => asRecord(source) ?? {})];
    return sources.flatMap(({ url, title, cited_text: snippet }) =>
      sourcePart({ url, title, snippet }),
    );
  });
}

/** Hidden reasoning comes with an empty text and the summaries that the page shows in its place. */
function readThinking(block: Json): Part[] {
  const text = asString(block.thinking) ?? "";
  const summaries = items(block.summaries).flatMap(
    (summary) => asString(asRecord(summary)?.summary) ?? [],
  );
  return textParts(text.trim() === "" ? summaries.join("\n") : text, "reasoning").map((part) => ({
    ...part,
    ...times(block),
  }));
}

function readToolUse(block: Json, toolCallId: string, childKey: string | undefined): Part {
  return compact({
    type: "tool-call" as const,
    toolCallId,
    toolName: asString(block.name) ?? "",
    input: typeof block.input === "string" ? block.input : toJson(block.input ?? {}),
    title: asString(block.message) ?? asString(block.integration_name),
    childKey,
    ...times(block),
  });
}

/** Type and size of an image or a document; of a document that is text, the text. */
function readFile(block: Json): Part[] {
  const source = asRecord(block.source);
  const data = asString(source?.data);
  const isText = source?.type === "text";
  const file = filePart({
    name: block.title ?? block.file_name ?? block.name,
    mediaType: source?.media_type ?? block.mime_type,
    url: source?.url ?? block.url,
    size:
      data === undefined || isText
        ? undefined
        : Math.floor((data.replace(/=+$/, "").length * 3) / 4),
  });
  return isText ? [file, ...textParts(data)] : [file];
}

interface Result {
  lines: string[];
  parts: Part[];
}

function readResultItem(value: unknown, result: Result): void {
  const item = asRecord(value);
  const type = asString(item?.type);
  if (!item) {
    const text = asString(value);
    if (text) result.lines.push(text);
  } else if (type === "text") {
    result.lines.push(asString(item.text) ?? "");
  } else if (type === "knowledge" || type === "web_search_result") {
    const found = sourcePart({ url: item.url, title: item.title });
    const [url] = found.flatMap((part) => (part.type === "source" ? part.url : []));
    const lines = [asString(item.title), url, asString(item.text)];
    result.lines.push(lines.filter((line) => line).join("\n"));
    result.parts.push(...found);
  } else if (type === "image" || type === "document" || type === "local_resource") {
    result.parts.push(...readFile(item));
  } else {
    result.lines.push(toJson(withoutSignatures(item)));
  }
}

function readToolResult(block: Json, toolCallId: string): Part[] {
  const result: Result = { lines: [], parts: [] };
  const content = block.content;
  for (const item of Array.isArray(content) ? content : content == null ? [] : [content]) {
    readResultItem(item, result);
  }
  const part: Part = compact({
    type: "tool-result" as const,
    toolCallId,
    output: result.lines.join("\n\n"),
    isError: block.is_error === true || undefined,
    ...times(block),
  });
  return [part, ...result.parts];
}

/** Names what joins a result that carries no id to the last call before it of the same tool. */
function createJoin(messageKey: string): {
  call(block: Json, index: number): string;
  result(block: Json): string;
} {
  const lastOf = new Map<string, string>();
  return {
    call(block, index) {
      const id = asString(block.id) ?? `${messageKey}-${index}`;
      lastOf.set(asString(block.name) ?? "", id);
      return id;
    },
    result(block) {
      return asString(block.tool_use_id) ?? lastOf.get(asString(block.name) ?? "") ?? "";
    },
  };
}

/** A page that a tool found and the answer then cites is one source. */
function withoutRepeatedSources(parts: Part[]): Part[] {
  const seen = new Set<string>();
  return parts.filter((part) => {
    if (part.type !== "source") return true;
    const isNew = !seen.has(part.url);
    seen.add(part.url);
    return isNew;
  });
}

/**
 * The parts of a message's content: a list of blocks, or a text. `messageKey` makes the ids of calls that have none; `childKeyOf` names the
 * session that a call started.
 */
export function contentParts(
  content: unknown,
  messageKey: string,
  childKeyOf: (call: Json) => string | undefined = () => undefined,
): Part[] {
  if (typeof content === "string") return textParts(content);
  const join = createJoin(messageKey);
  const parts = items(content).flatMap((value, index): Part[] => {
    const block = asRecord(value);
    const type = asString(block?.type);
    if (!block || type === undefined || BOOKKEEPING.has(type)) return [];
    if (type === "text") {
      const text = textParts(block.text).map((part) => ({ ...part, ...times(block) }));
      return [...text, ...readCitations(block.citations)];
    }
    if (type === "thinking") return readThinking(block);
    if (type.endsWith("tool_use")) {
      return [readToolUse(block, join.call(block, index), childKeyOf(block))];
    }
    if (type.endsWith("tool_result")) return readToolResult(block, join.result(block));
    if (type === "image" || type === "document") return readFile(block);
    return [unknownPart(type, withoutSignatures(block))];
  });
  return withoutRepeatedSources(parts);
}
