/**
 * OpenSync's parts: `{ type, content }` with a free type and a content of any shape. Clients disagree on names, so every spelling
 * that was seen is understood; what is none of them is kept as it came. Out goes one spelling.
 */
import type { Part } from "../validators";

/** A part on the wire. */
export type WirePart = { type: string; content: unknown };

/** Ids of calls that came without one: a call and its result are then told by their order in the message. */
const NO_ID = "#";

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

function firstOf(fields: Fields, names: string[]): unknown {
  const name = names.find((candidate) => fields[candidate] !== undefined);
  return name === undefined ? undefined : fields[name];
}

function textIn(content: unknown, names: string[]): string | undefined {
  const value = typeof content === "string" ? content : firstOf(fieldsOf(content), names);
  return typeof value === "string" ? value : undefined;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function idOf(fields: Fields, index: number): string {
  const id = firstOf(fields, ["toolCallId", "tool_use_id", "callId", "callID", "id"]);
  return typeof id === "string" && id !== "" ? id : `${NO_ID}${index}`;
}

function toolCall(content: unknown, index: number): Part | undefined {
  const fields = fieldsOf(content);
  const toolName = firstOf(fields, ["toolName", "name", "tool"]);
  if (typeof toolName !== "string") return undefined;
  const input = firstOf(fields, ["args", "arguments", "input"]);
  return {
    type: "tool-call",
    toolCallId: idOf(fields, index),
    toolName,
    input: asText(input ?? {}),
  };
}

function toolResult(content: unknown, index: number): Part {
  const fields = fieldsOf(content);
  const isError = firstOf(fields, ["isError", "is_error"]);
  const output = firstOf(fields, ["result", "output", "content"]);
  return {
    type: "tool-result",
    toolCallId: idOf(fields, index),
    output: asText(output === undefined ? content : output),
    ...(typeof isError === "boolean" ? { isError } : {}),
  };
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function file(content: unknown): Part | undefined {
  const { name, mediaType, url, size, ...others } = fieldsOf(content);
  const isKnown =
    [name, mediaType, url].every(isTextOrAbsent) &&
    (size === undefined || typeof size === "number") &&
    (name ?? url) !== undefined;
  if (!isKnown || Object.keys(others).length > 0) return undefined;
  return { type: "file", ...(fieldsOf(content) as object) };
}

function source(content: unknown): Part | undefined {
  const { url, title, snippet, ...others } = fieldsOf(content);
  const isKnown = typeof url === "string" && isTextOrAbsent(title) && isTextOrAbsent(snippet);
  if (!isKnown || Object.keys(others).length > 0) return undefined;
  return {
    type: "source",
    url,
    ...(title !== undefined && { title }),
    ...(snippet !== undefined && { snippet }),
  };
}

function known(type: string, content: unknown, counts: { calls: number; results: number }) {
  switch (type) {
    case "text": {
      const text = textIn(content, ["text", "content"]);
      return text === undefined ? undefined : ({ type: "text", text } as const);
    }
    case "reasoning":
    case "thinking": {
      const text = textIn(content, ["text", "thinking", "content"]);
      return text === undefined ? undefined : ({ type: "reasoning", text } as const);
    }
    case "tool-call":
    case "tool_call":
    case "tool_use":
      return toolCall(content, counts.calls++);
    case "tool-result":
    case "tool_result":
      return toolResult(content, counts.results++);
    case "file":
      return file(content);
    case "source":
      return source(content);
    default:
      return undefined;
  }
}

/** The wire's parts as they are stored. */
export function readParts(parts: WirePart[]): Part[] {
  const counts = { calls: 0, results: 0 };
  return parts.map(
    ({ type, content }) =>
      known(type, content, counts) ?? {
        type: "unknown",
        kind: type,
        json: JSON.stringify(content ?? null),
      },
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function ownId(toolCallId: string): { toolCallId?: string } {
  return toolCallId.startsWith(NO_ID) ? {} : { toolCallId };
}

/** A stored part as the wire shows it. */
export function wirePart(part: Part): WirePart {
  switch (part.type) {
    case "text":
    case "reasoning":
      return { type: part.type, content: part.text };
    case "tool-call": {
      const { toolCallId, toolName, input } = part;
      return { type: part.type, content: { ...ownId(toolCallId), toolName, args: parsed(input) } };
    }
    case "tool-result": {
      const { toolCallId, output, isError } = part;
      const id = ownId(toolCallId);
      if (id.toolCallId === undefined && isError === undefined) {
        return { type: part.type, content: output };
      }
      return { type: part.type, content: { ...id, result: output, ...(isError && { isError }) } };
    }
    case "file":
    case "source": {
      const { type, ...content } = part;
      return { type, content };
    }
    case "unknown":
      return { type: part.kind, content: parsed(part.json) };
  }
}

/**
 * The parts of a message that may also come with its text apart: the text is a part of its own unless the parts say it already.
 * Undefined when the message says nothing of its content.
 */
export function partsOf(parts: WirePart[] | undefined, textContent?: string): Part[] | undefined {
  const stored = parts && readParts(parts);
  if (textContent === undefined || textContent === "") return stored;
  const text: Part = { type: "text", text: textContent };
  if (stored === undefined) return [text];
  const said = stored.map((part) => (part.type === "text" ? part.text : "")).join("\n");
  const isSaid =
    stored.some((part) => part.type === "text") && squeezed(said).includes(squeezed(textContent));
  return isSaid ? stored : [text, ...stored];
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
