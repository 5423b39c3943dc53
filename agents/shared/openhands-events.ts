/** Events of OpenHands, old (numbered, `action` and `observation`) and new (`kind`): each that a person sees is one message. */
import type { MessageReading, Part, Tokens } from "../agent";
import { asNumber, asRecord, asRecords, asString, compact, toJson } from "./json";
import { filePart, isoTime, textParts, unknownPart } from "./parts";

type Json = Record<string, unknown>;

/** What the page does not show: state, the system prompt, what the agent was given besides, and receipts without content. */
const HIDDEN = new Set([
  "agent_state_changed",
  "change_agent_state",
  "null",
  "recall",
  "system",
  "think",
]);
const HIDDEN_KINDS =
  /^(?:SystemPromptEvent|ConversationStateUpdateEvent|LLMCompletionLogEvent|TokenEvent|StreamingDeltaEvent|PauseEvent|CondensationRequest)$/;

/** Parts of an observation that are pictures and trees of a web page, in megabytes. */
const HEAVY =
  /^(?:screenshot|screenshot_data|set_of_marks|dom_object|axtree_object|extra_element_properties|image_urls)$/;

function withoutHeavy(value: Json, also: string[]): Json {
  const kept = Object.entries(value).filter(([name, inner]) => {
    return !HEAVY.test(name) && !also.includes(name) && inner !== null;
  });
  return Object.fromEntries(kept);
}

/** Unix ms with the microseconds that tell events apart. */
function eventTime(value: unknown): number | undefined {
  const time = isoTime(value);
  const fraction = /\.\d{3}(\d{1,3})/.exec(asString(value) ?? "")?.[1];
  return time === undefined ? undefined : time + Number(`0.${fraction ?? 0}`);
}

function images(value: unknown): Part[] {
  const urls = Array.isArray(value) ? value : [];
  return urls.map((url: unknown) => {
    const data = /^data:([\w/+.-]+)/.exec(asString(url) ?? "");
    return filePart({ mediaType: data?.[1] ?? "image", url });
  });
}

/** Text and images of content that is a string, or pieces as a language model takes them. */
function content(value: unknown): Part[] {
  if (typeof value === "string") return textParts(value);
  return asRecords(value).flatMap((piece) => {
    if (piece.type === "text") return textParts(piece.text);
    if (piece.type === "image") return images(piece.image_urls);
    return [unknownPart(asString(piece.type) ?? "content", piece)];
  });
}

/** The same as one text, for a tool's result. */
function contentText(value: unknown): string {
  if (typeof value === "string") return value;
  return asRecords(value)
    .map((piece) => asString(piece.text) ?? "")
    .join("");
}

function reasoning(event: Json): Part[] {
  const blocks = asRecords(event.thinking_blocks).flatMap((block) =>
    textParts(block.thinking, "reasoning"),
  );
  return blocks.length > 0 ? blocks : textParts(event.reasoning_content, "reasoning");
}

/** What one event says besides where it stands; null for one that is not shown. */
type Said = Pick<MessageReading, "role" | "parts"> & Partial<MessageReading>;

function oldAction(event: Json, key: string): Said {
  const args = asRecord(event.args) ?? {};
  const role = event.source === "user" ? "user" : "assistant";
  if (event.action === "message") {
    const files = Array.isArray(args.file_urls) ? args.file_urls : [];
    const named = files.map((url: unknown) =>
      filePart({ name: asString(url)?.split("/").at(-1), url }),
    );
    const text = textParts(args.content ?? event.message);
    return { role, parts: [...text, ...images(args.image_urls), ...named] };
  }
  if (event.action === "finish") {
    const text = args.final_thought || args.message || event.message;
    return { role, parts: textParts(text), finish: "finish" };
  }
  const thought = textParts(args.thought);
  const input = toJson(withoutHeavy(args, ["thought"]));
  const title = asString(event.message) || undefined;
  const toolName = asString(event.action) ?? "";
  const call = compact({ type: "tool-call" as const, toolCallId: key, toolName, input, title });
  return { role, parts: [...thought, call] };
}

function oldObservation(event: Json): Said {
  const cause = asNumber(event.cause);
  const extras = asRecord(event.extras) ?? {};
  const exitCode = asNumber(extras.exit_code) ?? asNumber(asRecord(extras.metadata)?.exit_code);
  const isError = event.observation === "error" || event.success === false || (exitCode ?? 0) > 0;
  const toolCallId = cause === undefined ? "" : String(cause);
  const output = asString(event.content) ?? "";
  if (cause === undefined || cause < 0) {
    const error = isError ? { name: "error", message: output } : undefined;
    return compact({ role: "system" as const, parts: error ? [] : textParts(output), error });
  }
  const metadata = toJson(withoutHeavy(extras, []));
  const result: Part = compact({
    type: "tool-result" as const,
    toolCallId,
    output,
    isError: isError || undefined,
    metadata: metadata === "{}" ? undefined : metadata,
  });
  return { role: "tool", parentKey: toolCallId, parts: [result] };
}

/** An event of version 0, whose ids are numbers. */
function readOld(event: Json, key: string): Said | null {
  const kind = asString(event.action) ?? asString(event.observation);
  if (kind === undefined || asRecord(event.args)?.hidden === true) return null;
  if (event.action === "think") {
    const thought = textParts(asRecord(event.args)?.thought, "reasoning");
    return { role: "assistant", parts: thought };
  }
  if (HIDDEN.has(kind)) return null;
  if (kind === "condensation") return { role: "system", parts: [unknownPart(kind, event)] };
  return event.action === undefined ? oldObservation(event) : oldAction(event, key);
}

function newAction(event: Json, action: Json, key: string): Said {
  const call = asRecord(event.tool_call);
  const shown = [...reasoning(event), ...content(event.thought)];
  if (action.kind === "ThinkAction")
    return { role: "assistant", parts: [...shown, ...textParts(action.thought, "reasoning")] };
  if (action.kind === "FinishAction") {
    return { role: "assistant", parts: [...shown, ...textParts(action.message)], finish: "finish" };
  }
  const part = compact({
    type: "tool-call" as const,
    toolCallId: asString(event.tool_call_id) ?? asString(call?.id) ?? key,
    toolName: asString(event.tool_name) ?? asString(action.kind) ?? "",
    input: toJson(withoutHeavy(action, ["kind"])),
    title: asString(event.summary) || undefined,
  });
  return { role: "assistant", parts: [...shown, part] };
}

function newObservation(event: Json, observation: Json): Said | null {
  if (observation.kind === "ThinkObservation" || observation.kind === "FinishObservation")
    return null;
  const known = observation.content ?? observation.output ?? observation.error;
  const output = contentText(known);
  const exitCode = asNumber(observation.exit_code) ?? 0;
  const isError = observation.is_error === true || asString(observation.error) || exitCode > 0;
  const metadata = toJson(withoutHeavy(observation, ["kind", "content", "output", "is_error"]));
  return {
    role: "tool",
    parentKey: asString(event.action_id),
    parts: [
      compact({
        type: "tool-result" as const,
        toolCallId: asString(event.tool_call_id) ?? asString(event.action_id) ?? "",
        output,
        isError: isError ? true : undefined,
        metadata: metadata === "{}" ? undefined : metadata,
      }),
    ],
  };
}

function failed(event: Json, text: unknown): Said {
  const toolCallId = asString(event.tool_call_id) ?? asString(event.action_id) ?? "";
  const output = asString(text) ?? "";
  const result: Part = { type: "tool-result", toolCallId, output, isError: true };
  return { role: "tool", parentKey: asString(event.action_id), parts: [result] };
}

/** An event of version 1, whose ids are strings. */
function readNew(event: Json, key: string): Said | null {
  const kind = asString(event.kind) ?? "";
  if (HIDDEN_KINDS.test(kind)) return null;
  const said = asRecord(event.llm_message);
  if (said) {
    const role = event.source === "user" || said.role === "user" ? "user" : "assistant";
    return { role, parts: [...reasoning(said), ...content(said.content)] };
  }
  const action = asRecord(event.action);
  if (action) return newAction(event, action, key);
  const observation = asRecord(event.observation);
  if (observation) return newObservation(event, observation);
  if (kind === "ConversationErrorEvent") {
    const message = asString(event.detail) ?? asString(event.message) ?? "";
    return { role: "system", parts: [], error: { name: asString(event.code) ?? kind, message } };
  }
  if (event.rejection_reason !== undefined) return failed(event, event.rejection_reason);
  if (event.tool_call_id !== undefined && event.error !== undefined)
    return failed(event, event.error);
  return kind === "" ? null : { role: "system", parts: [unknownPart(kind, event)] };
}

/** One event as a message; none for what is not shown and for what is no event. */
export function readOpenHandsEvent(value: unknown): MessageReading[] {
  const event = asRecord(value);
  const id = asNumber(event?.id);
  const key = id === undefined ? asString(event?.id) : String(id);
  if (!event || !key) return [];
  const said = id === undefined ? readNew(event, key) : readOld(event, key);
  if (!said) return [];
  const time = eventTime(event.timestamp);
  const createdAt = time === undefined ? undefined : Math.floor(time);
  return [compact({ key, position: id ?? time ?? 0, state: "final" as const, createdAt, ...said })];
}

function readCounts(value: unknown): Tokens | undefined {
  const usage = asRecord(value);
  if (!usage) return undefined;
  const tokens = compact({
    input: asNumber(usage.prompt_tokens),
    output: asNumber(usage.completion_tokens),
    reasoning: asNumber(usage.reasoning_tokens) || undefined,
    cacheRead: asNumber(usage.cache_read_tokens),
    cacheWrite: asNumber(usage.cache_write_tokens),
  });
  return Object.keys(tokens).length > 0 ? tokens : undefined;
}

/** Cost and tokens of the whole session, as the metrics of an agent tell them. */
export function readOpenHandsMetrics(value: unknown): { cost?: number; tokens?: Tokens } {
  const metrics = asRecord(value);
  return compact({
    cost: asNumber(metrics?.accumulated_cost),
    tokens: readCounts(metrics?.accumulated_token_usage),
  });
}

/** The same from an event that carries them; the newest one of a session holds the sum. */
export function metricsOfEvent(value: unknown): { cost?: number; tokens?: Tokens } {
  const event = asRecord(value);
  if (event?.llm_metrics !== undefined) return readOpenHandsMetrics(event.llm_metrics);
  const stats = event?.key === "stats" ? event.value : asRecord(event?.value)?.stats;
  const byUse = asRecord(asRecord(stats)?.usage_to_metrics);
  return readOpenHandsMetrics(byUse?.agent);
}
