/** Kimi's blocks of a message: text, reasoning, tools, searches, files. */
import type { Part } from "../agent";
import { asRecord, asString, compact, toJson } from "./json";
import { filePart, sourcePart, textParts, unknownPart } from "./parts";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** Blocks that only steer the page. */
const BOOKKEEPING = new Set(["id", "parentId", "messageId", "createTime", "updateTime", "status"]);

function toolParts(tool: Json, id: string): Part[] {
  const toolCallId = asString(tool.toolCallId) ?? asString(tool.id) ?? id;
  const args = tool.args ?? tool.arguments ?? tool.input;
  const result = tool.result ?? tool.contents ?? tool.output;
  const call: Part = {
    type: "tool-call",
    toolCallId,
    toolName: asString(tool.name) ?? "tool",
    input: asString(args) ?? toJson(args ?? {}),
  };
  if (result === undefined) return [call];
  const isError = tool.error !== undefined || undefined;
  const output = asString(result) ?? toJson(withoutSignatures(result));
  return [call, compact({ type: "tool-result" as const, toolCallId, output, isError })];
}

/** Pages that a search found, wherever in its block they stand. */
export function pagesIn(value: unknown, depth = 0): Part[] {
  if (depth > 4) return [];
  if (Array.isArray(value)) return value.flatMap((item) => pagesIn(item, depth + 1));
  const record = asRecord(value);
  if (!record) return [];
  if (typeof record.url === "string") {
    return sourcePart({ ...record, url: record.url, snippet: record.snippet ?? record.abstract });
  }
  return Object.values(record).flatMap((inner) => pagesIn(inner, depth + 1));
}

/** A search: the words that it was made with, and what it found. */
function searchParts(search: Json, toolCallId: string): Part[] {
  const { keywords, query, queries } = search;
  const input = toJson(compact({ keywords, query, queries }));
  const call: Part = { type: "tool-call", toolCallId, toolName: "search", input };
  return [...(input === "{}" ? [] : [call]), ...pagesIn(search)];
}

/** The parts of one block; `message` is the key of its message. */
export function blockParts(block: Json, message: string): Part[] {
  const id = `${message}:${asString(block.id) ?? ""}`;
  return Object.entries(block).flatMap(([kind, value]): Part[] => {
    const inner = asRecord(value);
    if (BOOKKEEPING.has(kind) || !inner) return [];
    if (kind === "text") return textParts(inner.content);
    if (kind === "think") return textParts(inner.content, "reasoning");
    if (kind === "tool") return toolParts(inner, id);
    if (kind === "search") return searchParts(inner, id);
    // The name of a step that the page shows while it works; what was done in it are blocks of their own.
    if (kind === "stage" || kind === "multiStage") return [];
    if (kind === "file" || kind === "image") {
      const meta = asRecord(inner.meta) ?? inner;
      const mediaType = meta.contentType ?? meta.mimeType ?? (kind === "image" ? kind : undefined);
      const size = Number(meta.sizeBytes ?? meta.size);
      return [filePart({ name: meta.name, mediaType, size: size || undefined, url: inner.url })];
    }
    return [unknownPart(kind, inner)];
  });
}
