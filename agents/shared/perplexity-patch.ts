/** JSON patches (RFC 6902: add, replace, remove) as Perplexity sends them for one field of a block. */
import { asRecord, asString } from "./json";

/** The names on a path; null for a path that is none. */
function namesOf(path: string): string[] | null {
  if (path === "") return [];
  if (!path.startsWith("/")) return null;
  return path
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function applyToArray(list: unknown[], name: string, op: string, value: unknown): void {
  const at = name === "-" ? list.length : Number(name);
  // One that a lost patch should have filled before: put at the end, so that what did come is kept.
  if (!Number.isInteger(at) || at < 0) return;
  if (op === "remove") list.splice(at, 1);
  else if (op === "replace" && at < list.length) list[at] = value;
  else list.splice(Math.min(at, list.length), 0, value);
}

function applyToRecord(
  record: Record<string, unknown>,
  name: string,
  op: string,
  value: unknown,
): void {
  if (op === "remove") Reflect.deleteProperty(record, name);
  else if (name !== "__proto__") record[name] = value;
}

/** The value after a patch. The value itself is changed, as nobody else holds it; a patch that does not fit changes nothing. */
export function applyPatch(target: unknown, patch: unknown): unknown {
  const { op, path, value } = asRecord(patch) ?? {};
  const names = namesOf(asString(path) ?? "-");
  const kind = asString(op);
  if (!names || !kind || !/^(?:add|replace|remove)$/.test(kind)) return target;
  const last = names.pop();
  if (last === undefined) return kind === "remove" ? undefined : value;
  let holder: unknown = target;
  for (const name of names) {
    const record = asRecord(holder);
    holder = Array.isArray(holder)
      ? (holder as unknown[])[Number(name)]
      : record && Object.hasOwn(record, name)
        ? record[name]
        : undefined;
  }
  if (Array.isArray(holder)) applyToArray(holder, last, kind, value);
  else if (asRecord(holder)) applyToRecord(asRecord(holder)!, last, kind, value);
  return target;
}
