/** OpenAI's Responses, in one piece and as a stream. */
import type { Part } from "../agent";
import { type ChatAnswer, contentParts, errorOf, responseItemParts } from "./generic-content";
import { asRecord, asRecords, asString, compact } from "./json";
import { secondsTime } from "./parts";
import { readUsage } from "./usage";

type Json = Record<string, unknown>;

function itemParts(item: Json): Part[] {
  return responseItemParts(item) ?? contentParts(item.content);
}

function answerOf(response: Json, parts: Part[], isDone: boolean): ChatAnswer {
  const { status } = response;
  const reason = asString(asRecord(response.incomplete_details)?.reason);
  const isOver = status !== undefined && status !== "in_progress" && status !== "queued";
  return compact({
    model: asString(response.model),
    tokens: readUsage(response.usage),
    createdAt: secondsTime(response.created_at),
    parts,
    finish: reason ?? (isOver ? asString(status) : undefined),
    error: errorOf(response.error),
    isDone,
  });
}

/** An answer in one piece; null where it is none. */
export function readResponse(body: Json): ChatAnswer | null {
  if (body.object !== "response" || !Array.isArray(body.output)) return null;
  return answerOf(body, asRecords(body.output).flatMap(itemParts), true);
}

/** An item whose text is still coming. */
interface Running {
  item: Json;
  text: string;
  reasoning: string;
  input: string;
}

function runningParts({ item, text, reasoning, input }: Running): Part[] {
  if (item.type === "message") return contentParts([{ type: "output_text", text }]);
  if (item.type === "reasoning") return itemParts({ ...item, summary: [{ text: reasoning }] });
  return itemParts(input === "" ? item : { ...item, arguments: input });
}

function addPiece(running: Running, type: string, delta: string): void {
  if (/\.(?:output_text|refusal)\.delta$/.test(type)) running.text += delta;
  else if (/\.reasoning\w*\.delta$/.test(type)) running.reasoning += delta;
  else if (/_arguments\.delta$/.test(type)) running.input += delta;
}

/** An answer in events; null where none is one of them. */
export function readResponseStream(events: Json[]): ChatAnswer | null {
  const own = events.filter(({ type }) => /^response\./.test(asString(type) ?? ""));
  if (own.length === 0) return null;
  const items = new Map<unknown, Running>();
  const done = new Map<unknown, Json>();
  let response: Json = {};
  let isDone = false;
  for (const event of own) {
    const type = asString(event.type) ?? "";
    const item = asRecord(event.item);
    const at = event.output_index ?? 0;
    response = { ...response, ...asRecord(event.response) };
    isDone ||= /^response\.(?:completed|failed|incomplete)$/.test(type);
    if (item && type.endsWith(".added"))
      items.set(at, { item, text: "", reasoning: "", input: "" });
    if (item && type.endsWith("output_item.done")) done.set(at, item);
    const running = items.get(at);
    if (running) addPiece(running, type, asString(event.delta) ?? "");
  }
  const whole = asRecords(response.output);
  const places = [...new Set([...items.keys(), ...done.keys()])];
  const parts = places.flatMap((at) => {
    const item = done.get(at);
    const running = items.get(at);
    if (item) return itemParts(item);
    return running ? runningParts(running) : [];
  });
  const failed = events.find(({ type }) => type === "error");
  const error = response.error ?? failed?.error ?? failed;
  const all = isDone && whole.length > 0 ? whole.flatMap(itemParts) : parts;
  return answerOf({ ...response, error }, all, isDone || failed !== undefined);
}
