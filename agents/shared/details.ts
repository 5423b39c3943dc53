/** The blocks of HTML that Open WebUI and its descendants write into an answer's text: reasoning, tool calls, code that was run. */
import type { Part } from "../agent";
import { asRecord, asString, compact, parseJson, toJson } from "./json";
import { textParts, unknownPart } from "./parts";
import { withoutSignatures } from "./unsigned";

const ENTITIES: Record<string, string> = {
  quot: '"',
  apos: "'",
  lt: "<",
  gt: ">",
  amp: "&",
  nbsp: " ",
};

/** Text with the entities that these blocks use put back. */
function unescape(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi,
    (whole, hex, dec, name) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
      const code = hex !== undefined ? parseInt(String(hex), 16) : Number(dec);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

function attributes(tag: string): Record<string, string> {
  const found = [...tag.matchAll(/([\w-]+)="([^"]*)"/g)];
  return Object.fromEntries(found.map(([, name, value]) => [name, unescape(value ?? "")]));
}

/** What a block says, without its summary and the quote marks before each line. */
function blockText(inner: string): string {
  return unescape(inner.replace(/<summary>[^]*?<\/summary>/, ""))
    .split("\n")
    .map((line) => line.replace(/^> ?/, ""))
    .join("\n")
    .trim();
}

/** A tool's result, which is often JSON text within JSON text. */
function plainResult(text: string): string {
  const value = parseJson(text);
  return asString(value) ?? text;
}

function toolParts(tag: Record<string, string>, inner: string, id: string): Part[] {
  const toolCallId = tag.id || id;
  const output = tag.result ?? blockText(inner);
  const call: Part = {
    type: "tool-call",
    toolCallId,
    toolName: tag.name || tag.type || "tool",
    input: plainResult(tag.arguments ?? "{}"),
  };
  if (tag.done === "false" || output === "") return [call];
  return [call, { type: "tool-result", toolCallId, output: plainResult(output) }];
}

function codeParts(tag: Record<string, string>, inner: string, toolCallId: string): Part[] {
  const call: Part = {
    type: "tool-call",
    toolCallId,
    toolName: "code_interpreter",
    input: toJson({ code: blockText(inner) }),
  };
  return tag.output ? [call, { type: "tool-result", toolCallId, output: tag.output }] : [call];
}

/** Z.ai's block of a tool: JSON whose `data.metadata` has the call and its result. */
function glmParts(inner: string, id: string): Part[] {
  const block = asRecord(parseJson(inner));
  const call = asRecord(asRecord(block?.data)?.metadata);
  if (!call) return [unknownPart("glm_block", block ?? inner)];
  const toolCallId = asString(call.id) ?? id;
  const { result } = call;
  const part: Part = {
    type: "tool-call",
    toolCallId,
    toolName: asString(call.name) ?? "tool",
    input: asString(call.arguments) ?? toJson(call.arguments ?? {}),
  };
  if (result === undefined || result === null || result === "") return [part];
  const isError = call.status === "error" || call.is_error === true || undefined;
  const output = asString(result) ?? toJson(withoutSignatures(result));
  return [part, compact({ type: "tool-result" as const, toolCallId, output, isError })];
}

function detailsParts(tag: Record<string, string>, inner: string, id: string, raw: string): Part[] {
  if (tag.type === "reasoning") return textParts(blockText(inner), "reasoning");
  if (tag.type === "tool_calls") return toolParts(tag, inner, id);
  if (tag.type === "code_interpreter") return codeParts(tag, inner, id);
  // Any other is the answer's own markup.
  return textParts(raw);
}

const OPENING = /<(details|glm_block)\b([^<>"]*(?:"[^"]*"[^<>"]*)*)>/g;

/**
 * Parts of an answer's text, in its order. A block that does not close yet reaches to the end. `id` is unique for the message: a call without an
 * id of its own gets one from it.
 */
export function detailsText(text: string, id: string): Part[] {
  const parts: Part[] = [];
  const opening = new RegExp(OPENING);
  let from = 0;
  for (let found = opening.exec(text); found; found = opening.exec(text)) {
    const [whole, name, tag] = found;
    if (name === "details" && !/\btype="/.test(tag ?? "")) continue;
    const start = found.index + whole.length;
    const close = text.indexOf(`</${name}>`, start);
    const end = close === -1 ? text.length : close + `</${name}>`.length;
    const inner = text.slice(start, close === -1 ? text.length : close);
    const callId = `${id}:${parts.length}`;
    parts.push(
      ...textParts(text.slice(from, found.index).trim()),
      ...(name === "details"
        ? detailsParts(attributes(tag ?? ""), inner, callId, text.slice(found.index, end))
        : glmParts(inner, callId)),
    );
    from = end;
    opening.lastIndex = end;
  }
  const rest = text.slice(from);
  return [...parts, ...textParts(from === 0 ? rest : rest.trim())];
}
