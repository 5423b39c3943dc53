/**
 * ChatGPT's "delta encoding v1" (seen 2026-09/10): a stream of operations on one root `{ message, conversation_id, error }`. A new message
 * replaces the root's; several follow each other in one stream. Frames that are damaged or do not fit are left out; nothing throws.
 */
import { asRecord, asString } from "./json";

type Json = Record<string, unknown>;

/** Deepest nesting of patches and longest path that is followed. */
const MAX_DEPTH = 16;

/** The root that a stream's frames change, and what the next frame inherits. */
export interface DeltaState {
  root: Json;
  path: string;
  operation: string;
}

/** The state before the first frame. */
export function newDeltaState(): DeltaState {
  return { root: {}, path: "", operation: "add" };
}

/** Takes one frame in. A frame without path or operation uses those of the frame before, each by itself; a new message resets both. */
export function applyFrame(state: DeltaState, frame: Json): void {
  const value = frame.v;
  const isNewMessage = frame.p === undefined && asRecord(asRecord(value)?.message) !== undefined;
  if (isNewMessage || (frame.p === "" && asRecord(value) && frame.o !== "append")) {
    state.root = asRecord(value) ?? {};
    state.path = "";
    state.operation = "add";
    return;
  }
  const isPatch = frame.o === undefined && isOperations(value);
  if (isPatch && state.operation !== "patch" && frame.p === undefined) state.path = "";
  state.path = asString(frame.p) ?? state.path;
  state.operation = isPatch ? "patch" : (asString(frame.o) ?? state.operation);
  apply(state.root, state.path, state.operation, value, 0);
}

/** A list of operations, whose `o: "patch"` may be left out. */
function isOperations(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof asRecord(item)?.p === "string" && "o" in (item as Json))
  );
}

function apply(root: Json, path: string, operation: string, value: unknown, depth: number): void {
  if (operation === "patch") {
    if (depth >= MAX_DEPTH || !Array.isArray(value)) return;
    for (const item of value) {
      const child = asRecord(item);
      if (!child) continue;
      const childPath = path + (asString(child.p) ?? "");
      apply(root, childPath, asString(child.o) ?? "replace", child.v, depth + 1);
    }
    return;
  }
  const segments = path.split("/").slice(1).map(unescape);
  if (segments.length > MAX_DEPTH || segments.some(isUnsafe)) return;
  const last = segments.pop();
  if (last === undefined) {
    if (operation === "append" || operation === "add") Object.assign(root, asRecord(value));
    return;
  }
  const holder = segments.reduce(step, root);
  if (Array.isArray(holder)) applyInArray(holder, last, operation, value);
  else if (typeof holder === "object" && holder !== null) {
    applyInObject(holder as Json, last, operation, value);
  }
}

/** Names through which an object's prototype could be changed. */
function isUnsafe(segment: string): boolean {
  return segment === "__proto__" || segment === "constructor" || segment === "prototype";
}

function unescape(segment: string): string {
  return segment.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** One step down the path; what is missing is made, as an object. */
function step(holder: unknown, segment: string): unknown {
  if (Array.isArray(holder)) {
    const index = indexIn(holder, segment);
    if (index === holder.length) holder.push({});
    return holder[index];
  }
  const record = asRecord(holder);
  if (!record) return undefined;
  record[segment] ??= {};
  return record[segment];
}

/** Place in the array; -1 for one that would leave a gap. */
function indexIn(array: unknown[], segment: string): number {
  const index = segment === "-" ? array.length : Number(segment);
  return Number.isInteger(index) && index >= 0 && index <= array.length ? index : -1;
}

function applyInArray(array: unknown[], segment: string, operation: string, value: unknown): void {
  const index = indexIn(array, segment);
  if (index === -1) return;
  if (operation === "remove") array.splice(index, 1);
  else if (operation === "add") array.splice(index, 0, value);
  else array[index] = changed(array[index], operation, value);
}

function applyInObject(holder: Json, segment: string, operation: string, value: unknown): void {
  if (operation === "remove") Reflect.deleteProperty(holder, segment);
  else holder[segment] = changed(holder[segment], operation, value);
}

/** What becomes of a value that is appended to, cut or replaced. */
function changed(before: unknown, operation: string, value: unknown): unknown {
  if (operation === "truncate") {
    const isCut = (typeof before === "string" || Array.isArray(before)) && Number(value) >= 0;
    return isCut ? before.slice(0, Number(value)) : before;
  }
  if (operation !== "append" || before === undefined || before === null) return value;
  if (typeof before === "string") return typeof value === "string" ? before + value : before;
  if (Array.isArray(before)) {
    // In place: a long list grows by many small frames.
    if (Array.isArray(value)) for (const item of value) before.push(item);
    else before.push(value);
    return before;
  }
  const record = asRecord(before);
  return record && asRecord(value) ? Object.assign(record, value) : before;
}
