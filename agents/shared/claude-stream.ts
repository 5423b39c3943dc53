/** The answer of claude.ai while it is written: server-sent events of content blocks. */
import { sseEvents } from "./frames";
import { items } from "./claude-content";
import { asRecord, asString, parseJson } from "./json";

type Json = Record<string, unknown>;

/** What the events of one answer make. */
export interface ClaudeAnswer {
  /** Id of the message, and of the one that it answers, as far as `message_start` came. */
  key?: string;
  parentKey?: string;
  content: Json[];
  finish?: string;
  error?: { name: string; message: string };
  /** The turn is over. */
  isEnded: boolean;
  /** Whether any event was one of an answer. */
  isAnswer: boolean;
}

interface Block {
  block: Json;
  /** Pieces of JSON: a call's input, or a result's content. */
  json: string;
}

function applyDelta(open: Block, delta: Json): void {
  const { block } = open;
  const add = (field: string, text: unknown) => {
    block[field] = (asString(block[field]) ?? "") + (asString(text) ?? "");
  };
  if (delta.type === "text_delta") add("text", delta.text);
  else if (delta.type === "thinking_delta") add("thinking", delta.thinking);
  else if (delta.type === "thinking_summary_delta") {
    block.summaries = [...items(block.summaries), delta.summary];
  } else if (delta.type === "input_json_delta") open.json += asString(delta.partial_json) ?? "";
  else if (delta.type === "citation_start_delta") {
    block.citations = [...items(block.citations), delta.citation];
  } else if (delta.type === "tool_use_block_update_delta") block.message = delta.message;
}

/** The block with its JSON in place; one that was cut is kept as the text that came. */
function closed({ block, json }: Block): Json {
  if (json === "") return block;
  const isResult = asString(block.type)?.endsWith("tool_result") === true;
  return { ...block, [isResult ? "content" : "input"]: parseJson(json) ?? json };
}

function readBlockEvent(blocks: Map<unknown, Block>, event: Json): void {
  if (event.type === "content_block_start") {
    const block = asRecord(event.content_block);
    if (block) blocks.set(event.index, { block: { ...block }, json: "" });
    return;
  }
  const open = blocks.get(event.index);
  if (!open) return;
  const delta = asRecord(event.delta);
  if (event.type === "content_block_delta" && delta) applyDelta(open, delta);
  if (event.type === "content_block_stop" && event.stop_timestamp) {
    open.block.stop_timestamp = event.stop_timestamp;
  }
}

function readError(event: Json): { name: string; message: string } {
  const error = asRecord(event.error) ?? event;
  return { name: asString(error.type) ?? "error", message: asString(error.message) ?? "" };
}

/** Puts an answer together from its events. What is missing or damaged leaves a gap, and no more. */
export function readAnswer(body: string): ClaudeAnswer {
  const answer: ClaudeAnswer = { content: [], isEnded: false, isAnswer: false };
  const blocks = new Map<unknown, Block>();
  for (const { data } of sseEvents(body)) {
    const event = asRecord(parseJson(data));
    const type = asString(event?.type);
    if (!event || type === undefined) continue;
    if (type === "message_start") {
      const message = asRecord(event.message);
      answer.key = asString(message?.uuid);
      answer.parentKey = asString(message?.parent_uuid);
    } else if (type === "message_delta") {
      answer.finish = asString(asRecord(event.delta)?.stop_reason) ?? answer.finish;
    } else if (type === "error") answer.error = readError(event);
    else readBlockEvent(blocks, event);
    answer.isAnswer ||= /^(?:message_|content_block_|error$)/.test(type);
    answer.isEnded ||= type === "message_stop" || type === "error";
  }
  answer.content = [...blocks.values()].map(closed);
  return answer;
}
