/** Lines of `<prefix>:<JSON>`: the data stream of the AI SDK before its fifth version, and streams made like it. */
import type { Part, Tokens } from "../agent";
import { asRecord, asString, parseJson, toJson } from "./json";
import { filePart, sourcePart } from "./parts";
import { readUsage } from "./usage";

export interface PrefixedLine {
  prefix: string;
  value: unknown;
}

/** The lines that are whole. */
export function prefixedLines(text: string): PrefixedLine[] {
  return text.split("\n").flatMap((line) => {
    const found = /^(\w{1,3}):/.exec(line);
    const value = found ? parseJson(line.slice(found[0].length)) : undefined;
    return found && value !== undefined ? [{ prefix: found[1] ?? "", value }] : [];
  });
}

/** What a data stream adds up to. */
export interface DataStream {
  messageId?: string;
  parts: Part[];
  finish?: string;
  tokens?: Tokens;
  error?: string;
  /** Its end was there. */
  isDone: boolean;
}

/** Text that goes on is one part with what came before it. */
function addText(parts: Part[], type: "text" | "reasoning", text: string): void {
  const last = parts.at(-1);
  if (last?.type === type) last.text += text;
  else parts.push({ type, text });
}

function addTool(parts: Part[], value: Record<string, unknown>): void {
  const toolCallId = asString(value.toolCallId) ?? "";
  if ("result" in value) {
    const output = asString(value.result) ?? toJson(value.result);
    parts.push({ type: "tool-result", toolCallId, output });
    return;
  }
  const input = asString(value.args) ?? toJson(value.args ?? {});
  parts.push({ type: "tool-call", toolCallId, toolName: asString(value.toolName) ?? "", input });
}

function addLine(stream: DataStream, { prefix, value }: PrefixedLine): void {
  const { parts } = stream;
  const record = asRecord(value) ?? {};
  const text = asString(value);
  if (prefix === "0" && text !== undefined) addText(parts, "text", text);
  else if (prefix === "g" && text !== undefined) addText(parts, "reasoning", text);
  else if (prefix === "9" || prefix === "a") addTool(parts, record);
  else if (prefix === "h") parts.push(...sourcePart({ url: record.url, title: record.title }));
  else if (prefix === "k") parts.push(filePart({ mediaType: record.mimeType }));
  else if (prefix === "3") stream.error = text ?? toJson(value);
  else if (prefix === "f") stream.messageId ??= asString(record.messageId);
  else if (prefix === "d" || prefix === "e") {
    stream.finish = asString(record.finishReason) ?? stream.finish;
    stream.tokens = readUsage(record.usage) ?? stream.tokens;
    stream.isDone ||= prefix === "d";
  }
}

/** A whole data stream; null where no line is of its form. */
export function readDataStream(text: string): DataStream | null {
  const lines = prefixedLines(text);
  const stream: DataStream = { parts: [], isDone: false };
  for (const line of lines) addLine(stream, line);
  stream.parts = stream.parts.filter((part) => part.type !== "text" || part.text.trim() !== "");
  return lines.length > 0 ? stream : null;
}
