/** DeepSeek's stream of patches: paths without a leading slash, `-1` for the last element, a missing path or operation goes on with the last. */
import { sseEvents } from "./frames";
import { asNumber, asRecord, asString, parseJson } from "./json";

type Json = Record<string, unknown>;

/** What a stream said, patches applied. */
export interface PatchedTurn {
  /** The answer as it stood at the stream's end; absent when the stream held no snapshot of it. */
  response?: Json;
  requestId?: number;
  responseId?: number;
  modelType?: string;
  title?: string;
  /** Seconds. */
  updatedAt?: number;
  /** An `event: finish` or `close` came. */
  isClosed: boolean;
  error?: { name: string; message: string };
}

/** The member of an object or array that a segment of a path names. */
function memberOf(target: unknown, segment: string): unknown {
  if (Array.isArray(target)) return target.at(Number(segment)) as unknown;
  const record = asRecord(target);
  return record && Object.hasOwn(record, segment) ? record[segment] : undefined;
}

/** What stands at a place after an operation. Without one, texts and lists go on and anything else is set (seen both ways in 2026-08). */
function combined(before: unknown, operation: string | undefined, value: unknown): unknown {
  if (operation === "SET") return value;
  if (typeof before === "string" && typeof value === "string") {
    return operation === "APPEND" || operation === undefined ? before + value : value;
  }
  if (Array.isArray(before) && operation !== "SET") {
    return [...(before as unknown[]), ...(Array.isArray(value) ? (value as unknown[]) : [value])];
  }
  return value;
}

/** Applies one operation in place; a path that leads nowhere changes nothing. */
function apply(root: Json, path: string, operation: string | undefined, value: unknown): void {
  if (operation === "BATCH") {
    if (!Array.isArray(value)) return;
    for (const item of value as unknown[]) {
      const child = asRecord(item);
      const inner = asString(child?.p);
      if (inner !== undefined)
        apply(root, path === "" ? inner : `${path}/${inner}`, asString(child?.o), child?.v);
    }
    return;
  }
  const segments = path.split("/");
  const last = segments.pop() ?? "";
  if (last === "" || last === "__proto__") return;
  const target = segments.reduce<unknown>(memberOf, root);
  // Only texts that grow are without an operation; `status` and the like are words that replace each other.
  const isGrowing = last === "content" || Array.isArray(memberOf(target, last));
  const how = operation ?? (isGrowing ? undefined : "SET");
  const next = combined(memberOf(target, last), how, value);
  if (Array.isArray(target)) {
    const index = Number(last) < 0 ? target.length + Number(last) : Number(last);
    if (Number.isInteger(index) && index >= 0 && index <= target.length) target[index] = next;
  } else if (asRecord(target)) (target as Json)[last] = next;
}

function applyEvent(turn: PatchedTurn, event: string, data: Json): void {
  if (event === "ready") {
    turn.requestId = asNumber(data.request_message_id);
    turn.responseId = asNumber(data.response_message_id);
    turn.modelType = asString(data.model_type);
  } else if (event === "update_session") turn.updatedAt = asNumber(data.updated_at);
  else if (event === "title") turn.title = asString(data.content);
  else if (event === "finish" || event === "close") turn.isClosed = true;
  else if (event === "hint" && data.type === "error") {
    turn.error = {
      name: asString(data.finish_reason) ?? "error",
      message: asString(data.content) ?? "",
    };
  }
}

/** The turn that a stream tells; null where the text holds no event of such a stream. */
export function patchedTurn(text: string): PatchedTurn | null {
  const turn: PatchedTurn = { isClosed: false };
  const root: Json = {};
  let path = "";
  let operation: string | undefined;
  for (const { event, data } of sseEvents(text)) {
    const patch = asRecord(parseJson(data));
    if (!patch) continue;
    if (event !== "") {
      applyEvent(turn, event, patch);
      continue;
    }
    const snapshot = path === "" || patch.p === undefined ? asRecord(patch.v) : undefined;
    if (patch.p === undefined && asRecord(snapshot?.response)) {
      root.response = snapshot?.response;
      continue;
    }
    if (typeof patch.p === "string") {
      path = patch.p;
      operation = asString(patch.o);
    } else if (typeof patch.o === "string") operation = patch.o;
    if ("v" in patch) apply(root, path, operation, patch.v);
  }
  turn.response = asRecord(root.response);
  const isKnown = [turn.response, turn.requestId, turn.responseId, turn.error].some(
    (value) => value !== undefined,
  );
  return isKnown ? turn : null;
}
