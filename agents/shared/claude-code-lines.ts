/**
 * The log of a Claude Code session, in each of its forms: events of the site's API, lines of its older one, and the transcript on disk.
 * An assistant message comes as one line a block. Each line is a message here, under its own id: pages of a log may part the blocks of one
 * message, and what is stored of one page must not take away what another gave. Its tokens stand on its last line.
 */
import type { MessageReading, Role } from "../agent";
import { contentParts, items } from "./claude-content";
import { asNumber, asRecord, asString, compact } from "./json";
import { isoTime, unknownPart } from "./parts";

type Json = Record<string, unknown>;

/** One line of a log. */
export interface Line {
  /** What Claude Code itself wrote. */
  payload: Json;
  key: string;
  /** The site counts a session's events from 1, without gaps. */
  sequence?: number;
  time?: number;
  position: number;
}

/** How far apart two lines lie that have one time, in ms. */
const STEP = 0.001;

/** The lines in their order; `values` newest first where the site was asked for that. */
export function linesOf(values: readonly unknown[], isNewestFirst = false): Line[] {
  const ordered = isNewestFirst ? [...values].reverse() : values;
  const ties = new Map<number, number>();
  const lines = ordered.flatMap((value, index): Line[] => {
    const outer = asRecord(value);
    const payload = asRecord(outer?.payload) ?? outer;
    if (!outer || !payload) return [];
    const sequence = asNumber(outer.sequence_num);
    const time = isoTime(payload.timestamp ?? outer.created_at);
    const tie = time === undefined ? 0 : (ties.get(time) ?? 0);
    if (time !== undefined) ties.set(time, tie + 1);
    const key =
      asString(payload.uuid) ??
      asString(outer.event_id) ??
      (sequence === undefined ? `line-${index}` : `event-${sequence}`);
    const position = sequence ?? (time === undefined ? index : time + tie * STEP);
    return [{ payload, key, sequence, time, position }];
  });
  return lines.sort((a, b) => a.position - b.position);
}

/** Token counts of one message. */
function readUsage(value: unknown): MessageReading["tokens"] {
  const usage = asRecord(value);
  if (!usage) return undefined;
  return compact({
    input: asNumber(usage.input_tokens),
    output: asNumber(usage.output_tokens),
    cacheRead: asNumber(usage.cache_read_input_tokens),
    cacheWrite: asNumber(usage.cache_creation_input_tokens),
  });
}

function roleOf(payload: Json, content: unknown): Role {
  if (payload.type === "assistant") return "assistant";
  // What the client put in for the model: a summary of what was before, a reminder. No person wrote it.
  if (payload.isMeta === true || payload.isSynthetic === true || payload.isCompactSummary === true)
    return "system";
  const blocks = items(content);
  const isResult = (block: unknown) => asString(asRecord(block)?.type)?.endsWith("tool_result");
  return blocks.length > 0 && blocks.every(isResult) ? "tool" : "user";
}

/** The model's name; what Claude Code itself says in an assistant's place has none. */
export function modelOf(payload: Json): string | undefined {
  const model = asString(asRecord(payload.message)?.model);
  return model === "<synthetic>" ? undefined : model;
}

function textOf(message: MessageReading): string {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function readTurnLine(line: Line, tokens: MessageReading["tokens"], context: Context) {
  const { payload, key, position, time } = line;
  const message = asRecord(payload.message);
  if (!message) return [];
  const reading: MessageReading = compact({
    key,
    role: roleOf(payload, message.content),
    position,
    state: "final" as const,
    model: modelOf(payload),
    tokens,
    createdAt: time,
    finish: asString(message.stop_reason),
    parts: contentParts(message.content, key, context.childKeyOf),
  });
  const isError = payload.isApiErrorMessage === true || typeof payload.error === "string";
  if (isError) {
    const name = asString(payload.error) ?? "api_error";
    return [{ ...reading, error: { name, message: textOf(reading) } }];
  }
  return reading.parts.length > 0 ? [reading] : [];
}

/** A turn that failed is a message of its own; one that went well only ends. */
function readResult({ payload, key, position, time }: Line): MessageReading[] {
  const name = asString(payload.subtype) ?? "error";
  if (payload.is_error !== true && !name.startsWith("error")) return [];
  const reasons = [payload.result, ...items(payload.errors)];
  const message = reasons.filter((reason) => typeof reason === "string").join("\n");
  return [
    compact({
      key,
      role: "assistant" as const,
      position,
      state: "final" as const,
      createdAt: time,
      error: { name, message },
      parts: [],
    }),
  ];
}

/** What the lines of one session are read with. */
export interface Context {
  /** Key of the session of the sub-agent that a tool call started. */
  childKeyOf(call: Json): string | undefined;
  /** Nothing follows the last line. */
  isEnd: boolean;
}

/** The lines that carry their message's tokens: the last of each, unless its message may go on in what follows the last line of all. */
function lastLines(lines: readonly Line[], isEnd: boolean): Set<Line> {
  const last = new Map<string, Line>();
  for (const line of lines) {
    const id = asString(asRecord(line.payload.message)?.id) ?? line.key;
    if (line.payload.type === "assistant") last.set(id, line);
  }
  const open = lines.at(-1);
  const isOpen = open !== undefined && !isEnd && !asRecord(open.payload.message)?.stop_reason;
  return new Set([...last.values()].filter((line) => !(isOpen && line === open)));
}

/** The messages of lines; what only steers the client (its set-up, progress, requests for permission) is none. */
export function readLines(lines: readonly Line[], context: Context): MessageReading[] {
  const counted = lastLines(lines, context.isEnd);
  return lines.flatMap((line): MessageReading[] => {
    const { payload, key, position, time } = line;
    if (payload.type === "assistant" || payload.type === "user") {
      const usage = counted.has(line) ? asRecord(payload.message)?.usage : undefined;
      return readTurnLine(line, readUsage(usage), context);
    }
    if (payload.type === "result") return readResult(line);
    if (payload.type !== "system" || payload.subtype !== "compact_boundary") return [];
    const about = payload.compact_metadata ?? payload.compactMetadata ?? {};
    const parts = [unknownPart("compact_boundary", about)];
    return [
      compact({
        key,
        role: "system" as const,
        position,
        state: "final" as const,
        createdAt: time,
        parts,
      }),
    ];
  });
}
