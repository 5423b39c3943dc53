/** Patches like those of RFC 6902, with an `append` that makes a text or a list longer, laid onto one JSON object. */
import { asRecord, asString } from "./json";

/** Names that would reach what every object shares. */
const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

function joined(before: unknown, value: unknown): unknown {
  if (typeof before === "string" && typeof value === "string") return before + value;
  if (Array.isArray(before))
    return [...(before as unknown[]), ...(Array.isArray(value) ? value : [value])];
  return value;
}

function apply(target: Record<string, unknown>, patch: Record<string, unknown>): void {
  const path = asString(patch.path);
  const names = (path ?? "").split("/").slice(1);
  const last = names.pop();
  if (path === undefined || last === undefined || [...names, last].some((n) => FORBIDDEN.has(n)))
    return;
  let holder: unknown = target;
  for (const name of names) {
    holder =
      typeof holder === "object" && holder !== null
        ? (holder as Record<string, unknown>)[name]
        : undefined;
  }
  if (typeof holder !== "object" || holder === null) return;
  if (Array.isArray(holder)) {
    const list = holder as unknown[];
    const at = last === "-" ? list.length : Number(last);
    // No hole is made: a patch for a place that is not there is of a stream whose beginning is missing.
    if (!Number.isInteger(at) || at < 0 || at > list.length) return;
    if (patch.op === "remove") list.splice(at, 1);
    else if (patch.op === "add") list.splice(at, 0, patch.value);
    else list[at] = patch.op === "append" ? joined(list[at], patch.value) : patch.value;
    return;
  }
  const record = holder as Record<string, unknown>;
  if (patch.op === "remove") Reflect.deleteProperty(record, last);
  else record[last] = patch.op === "append" ? joined(record[last], patch.value) : patch.value;
}

/** Lays the patches onto the object, in order; those that do not fit are left out. */
export function applyPatches(target: Record<string, unknown>, patches: unknown): void {
  for (const patch of Array.isArray(patches) ? patches : []) {
    const record = asRecord(patch);
    if (record) apply(target, record);
  }
}
