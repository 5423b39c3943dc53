/** Tasks of Codex in the cloud: what a person asked for, what each attempt said, and the diff that it made. */
import type { MessageReading, Part, Reading, SessionReading } from "../agent";
import { asNumber, asRecord, asString, compact, toJson } from "./json";
import { isoTime, secondsTime, sourcePart, textParts, uniqueByKey, unknownPart } from "./parts";
import { risingPositions } from "./tree";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** Words for a turn that is not over (seen 2025-10; tolerant of spelling). */
const RUNNING = /^(?:pending|queued|created|running|in[_-]?progress)$/i;

function recordsOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(asRecord).filter((item) => item !== undefined) : [];
}

function timeOf(value: unknown): number | undefined {
  return secondsTime(value) ?? isoTime(value);
}

function unknown(kind: string, value: Json): Part {
  return unknownPart(kind, withoutSignatures(value));
}

/** Text of a message's content: a list of texts, as strings or objects, that may lie under `parts`. */
function readContent(content: unknown, type: "text" | "reasoning"): Part[] {
  const list = asRecord(content)?.parts ?? content;
  return (Array.isArray(list) ? list : [list]).flatMap((item: unknown): Part[] => {
    const record = asRecord(item);
    if (!record) return textParts(item, type);
    const kind = asString(record.content_type) ?? asString(record.type) ?? "content";
    return typeof record.text === "string" ? textParts(record.text, type) : [unknown(kind, record)];
  });
}

/** What the agent noted while it worked. What it also gave out in the end stands there. */
function readWorklog(turn: Json, given: ReadonlySet<string>): Part[] {
  return recordsOf(asRecord(turn.worklog)?.messages).flatMap((entry) => {
    const role = asRecord(entry.author)?.role;
    if (role === "user") return [];
    if (role !== "assistant") return [unknown("worklog", entry)];
    return readContent(entry.content, "reasoning").filter(
      (part) => part.type !== "reasoning" || !given.has(part.text.trim()),
    );
  });
}

/** The parts of a turn, in which each diff stands once. */
class TurnParts {
  readonly parts: Part[] = [];
  #diffs = new Set<string>();

  constructor(
    readonly key: string,
    /** What the diffs apply to. */
    readonly place: Json,
  ) {}

  addAll(items: unknown): void {
    for (const item of recordsOf(items)) this.#add(item);
  }

  #add(item: Json): void {
    const kind = asString(item.type) ?? "item";
    const diff = asString(item.diff) ?? asString(asRecord(item.output_diff)?.diff);
    if (kind === "message") this.parts.push(...readContent(item.content, "text"));
    else if (diff !== undefined) this.#addDiff(kind, item, diff);
    else this.parts.push(unknown(kind, item));
  }

  #addDiff(kind: string, item: Json, diff: string): void {
    if (this.#diffs.has(diff)) return;
    const toolCallId = `${this.key}-diff-${this.#diffs.size}`;
    this.#diffs.add(diff);
    const title = asString(item.pr_title) ?? asString(item.title);
    const input = toJson(compact({ ...this.place, message: asString(item.pr_message) }));
    this.parts.push(
      compact({ type: "tool-call" as const, toolCallId, toolName: kind, input, title }),
      { type: "tool-result", toolCallId, output: diff },
    );
  }
}

/** What a turn belongs to. */
interface TurnContext {
  key: string;
  parentKey?: string;
  place: Json;
  /** Pull requests that came of it. */
  links?: Part[];
  /** Items of the same turn that came beside it. */
  more?: unknown;
}

function readTurn(turn: Json, context: TurnContext): MessageReading {
  const { key, place } = context;
  const body = new TurnParts(key, place);
  body.addAll(turn.output_items);
  body.addAll(context.more);
  const given = new Set(
    body.parts.flatMap((part) => (part.type === "text" ? [part.text.trim()] : [])),
  );
  const status = asString(turn.turn_status);
  const error = asRecord(turn.error);
  const isEmpty = body.parts.length === 0 && !error && status === undefined;
  const createdAt = timeOf(turn.created_at);
  return compact({
    key,
    parentKey: asString(turn.previous_turn_id) ?? context.parentKey,
    role: "assistant" as const,
    position: (createdAt ?? 0) + (asNumber(turn.attempt_placement) ?? 0) / 1024,
    state: isEmpty || RUNNING.test(status ?? "") ? ("partial" as const) : ("final" as const),
    createdAt,
    completedAt: timeOf(turn.completed_at),
    finish: status,
    error: error && {
      name: asString(error.code) ?? "Error",
      message: asString(error.message) ?? "",
    },
    parts: [...readWorklog(turn, given), ...body.parts, ...(context.links ?? [])],
  });
}

function readPrompt(turn: Json, key: string): MessageReading {
  const createdAt = timeOf(turn.created_at);
  return compact({
    key,
    parentKey: asString(turn.previous_turn_id),
    role: "user" as const,
    position: createdAt ?? 0,
    state: "final" as const,
    createdAt,
    parts: recordsOf(turn.input_items).flatMap((item) => {
      if (item.type === "message") return readContent(item.content, "text");
      return [unknown(asString(item.type) ?? "item", item)];
    }),
  });
}

/** Environment and branch, by whichever name this answer has them. */
function placeOf(task: Json, prompt: Json | undefined): { environment?: string; branch?: string } {
  const display = asRecord(task.task_status_display);
  const environment = asRecord(prompt?.environment) ?? asRecord(task.environment);
  return compact({
    environment:
      asString(display?.environment_label) ??
      asString(task.environment_label) ??
      asString(environment?.label),
    branch: asString(prompt?.branch) ?? asString(display?.branch_name) ?? asString(task.branch),
  });
}

/** Links to the pull requests of a turn; one that names no turn is of the current one. */
function linksOf(task: Json, turnId: string | undefined, isCurrent: boolean): Part[] {
  return recordsOf(task.external_pull_requests).flatMap((item) => {
    const request = asRecord(item.pull_request) ?? item;
    const of = asString(item.assistant_turn_id);
    if (of === undefined ? !isCurrent : of !== turnId) return [];
    return sourcePart({ url: request.html_url ?? request.url, title: request.title });
  });
}

/** The messages of a task's current turns. */
function readTurns(body: Json, task: Json, key: string): MessageReading[] {
  const prompt = asRecord(body.current_user_turn);
  const answer = asRecord(body.current_assistant_turn);
  const diff = asRecord(body.current_diff_task_turn);
  const place = placeOf(task, prompt);
  const promptKey = prompt && (asString(prompt.id) ?? `${key}-user`);
  const answerId = asString(answer?.id);
  const diffId = asString(diff?.id);
  const isOneTurn = diff && (!diffId || !answerId || diffId === answerId);
  const messages: MessageReading[] = [];
  if (diff && !isOneTurn)
    messages.push(readTurn(diff, { key: diffId!, place, links: linksOf(task, diffId, false) }));
  if (prompt && promptKey) messages.push(readPrompt(prompt, promptKey));
  if (answer || isOneTurn) {
    messages.push(
      readTurn(answer ?? {}, {
        key: answerId ?? diffId ?? `${key}-assistant`,
        parentKey: promptKey,
        place,
        links: linksOf(task, answerId, true),
        more: isOneTurn ? diff.output_items : undefined,
      }),
    );
  }
  return risingPositions(uniqueByKey(messages)).sort((a, b) => a.position - b.position);
}

/** A task with its current turns; null for what is none. */
export function readTask(body: Json, named: string, origin: string): Reading[] | null {
  const task = asRecord(body.task);
  const key = asString(task?.id);
  if (!task || key !== named) return null;
  const messages = readTurns(body, task, key);
  const session: SessionReading = compact({
    agent: "codex",
    key,
    title: asString(task.title) || undefined,
    url: `${origin}/codex/tasks/${key}`,
    activeLeafKey: messages.at(-1)?.key,
    projectName: placeOf(task, asRecord(body.current_user_turn)).environment,
    createdAt: timeOf(task.created_at),
    updatedAt: timeOf(task.updated_at),
  });
  return messages.length === 0 ? [] : [{ session, messages }];
}

/** The other attempts at a turn; null for what is no list of them. */
export function readSiblings(body: Json, key: string): Reading[] | null {
  if (!Array.isArray(body.sibling_turns)) return null;
  const messages = recordsOf(body.sibling_turns).flatMap((turn) => {
    const id = asString(turn.id);
    return id ? [readTurn(turn, { key: id, place: {} })] : [];
  });
  return messages.length === 0 ? [] : [{ session: { agent: "codex", key }, messages }];
}
