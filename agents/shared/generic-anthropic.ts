/** Anthropic's messages, in one piece and as a stream. */
import type { Part } from "../agent";
import { type ChatAnswer, contentParts, errorOf } from "./generic-content";
import { asNumber, asRecord, asRecords, asString, compact, parseJson } from "./json";
import { readUsage } from "./usage";

type Json = Record<string, unknown>;

/** An answer in one piece; null where it is none. */
export function readAnthropicMessage(body: Json): ChatAnswer | null {
  if (body.type !== "message" || !Array.isArray(body.content)) return null;
  return compact({
    model: asString(body.model),
    tokens: readUsage(body.usage),
    parts: contentParts(body.content),
    finish: asString(body.stop_reason),
    isDone: true,
  });
}

/** One block of content as far as it has come. */
interface Block {
  start: Json;
  text: string;
  input: string;
  citations: unknown[];
}

function partsOf({ start, text, input, citations }: Block): Part[] {
  if (start.type === "text") {
    return contentParts([{ ...start, text: (asString(start.text) ?? "") + text, citations }]);
  }
  if (start.type === "thinking") {
    return contentParts([{ ...start, thinking: (asString(start.thinking) ?? "") + text }]);
  }
  if (input === "") return contentParts([start]);
  // Arguments that were cut are kept as they are.
  const parts = contentParts([{ ...start, input: parseJson(input) }]);
  return parts.map((part) => (part.type === "tool-call" ? { ...part, input } : part));
}

function addDelta(block: Block, delta: Json): void {
  block.text += asString(delta.text) ?? asString(delta.thinking) ?? "";
  block.input += asString(delta.partial_json) ?? "";
  if (delta.citation !== undefined) block.citations.push(delta.citation);
}

const KIND = /^(?:message_(?:start|delta|stop)|content_block_(?:start|delta|stop))$/;

/** An answer in events; null where none is one of them. */
export function readAnthropicStream(events: Json[]): ChatAnswer | null {
  if (!events.some(({ type }) => KIND.test(asString(type) ?? ""))) return null;
  const blocks = new Map<number, Block>();
  let message: Json = {};
  let usage: Json = {};
  let finish: string | undefined;
  let isDone = false;
  for (const event of events) {
    const index = asNumber(event.index) ?? 0;
    const delta = asRecord(event.delta) ?? {};
    if (event.type === "message_start") message = asRecord(event.message) ?? {};
    if (event.type === "content_block_start") {
      const start = asRecord(event.content_block) ?? {};
      blocks.set(index, { start, text: "", input: "", citations: [] });
    }
    const block = blocks.get(index);
    if (event.type === "content_block_delta" && block) addDelta(block, delta);
    if (event.type === "message_delta") finish = asString(delta.stop_reason) ?? finish;
    usage = { ...usage, ...asRecord(asRecord(event.message)?.usage), ...asRecord(event.usage) };
    isDone ||= event.type === "message_stop" || event.type === "error";
  }
  const error = errorOf(asRecords(events).find(({ type }) => type === "error")?.error);
  return compact({
    model: asString(message.model),
    tokens: readUsage(usage),
    parts: [...blocks.values()].flatMap(partsOf),
    finish,
    error,
    isDone,
  });
}
