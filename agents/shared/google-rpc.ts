/** The calls of Google's web applications: answers in frames, whose places have no names, and requests in a form's field. */
import { asRecord, asString, parseJson } from "./json";

/** How many places of one answer are looked at when something is found by its shape. */
const MAX_PLACES = 200_000;

/** The value at a place in nested arrays; undefined where there is none. */
export function valueAt(value: unknown, ...places: number[]): unknown {
  return places.reduce<unknown>(
    (found, place) => (Array.isArray(found) ? (found[place] as unknown) : undefined),
    value,
  );
}

/** The text at a place; undefined for any other value. */
export function textAt(value: unknown, ...places: number[]): string | undefined {
  return asString(valueAt(value, ...places));
}

/** The list at a place; empty where there is none. */
export function listAt(value: unknown, ...places: number[]): unknown[] {
  const found = valueAt(value, ...places);
  return Array.isArray(found) ? found : [];
}

/** Unix ms of `[seconds, nanoseconds]`. */
export function timeAt(value: unknown, ...places: number[]): number | undefined {
  const [seconds, nanos] = listAt(value, ...places);
  if (typeof seconds !== "number" || seconds <= 0) return undefined;
  return seconds * 1000 + Math.floor((typeof nanos === "number" ? nanos : 0) / 1e6);
}

/**
 * The items of all frames of an answer. A frame is a line of JSON behind a line with its length in UTF-16 units; since JSON has no bare
 * newline, the lines are enough, and a cut or missing length harms nothing.
 */
export function rpcItems(text: string): unknown[][] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("["))
    .flatMap((line) => {
      const frame = parseJson(line);
      return Array.isArray(frame)
        ? frame.filter((item): item is unknown[] => Array.isArray(item))
        : [];
    });
}

/** What the answers to a call hold (`null` names the one call of a stream), each parsed. */
export function rpcPayloads(items: unknown[][], rpc: string | null): unknown[] {
  return items
    .filter(([kind, name]) => kind === "wrb.fr" && (name ?? null) === rpc)
    .map((item) => parseJson(asString(item[2]) ?? ""))
    .filter((payload) => Array.isArray(payload));
}

/** A field of a request's form: of an encoded form, or of the JSON that stands for a form's fields. */
export function formField(request: string | undefined, name: string): string | undefined {
  if (request === undefined) return undefined;
  const fields = asRecord(parseJson(request));
  return fields ? asString(fields[name]) : (new URLSearchParams(request).get(name) ?? undefined);
}

/** The arguments with which a request makes a call: `[[[rpc, "<JSON>", …], …]]` in the field `f.req`. */
export function rpcArguments(request: string | undefined, rpc: string): unknown[] | undefined {
  const calls = listAt(parseJson(formField(request, "f.req") ?? ""), 0);
  const call = calls.find((item) => textAt(item, 0) === rpc);
  const inner = parseJson(textAt(call, 1) ?? "");
  return Array.isArray(inner) ? inner : undefined;
}

/** Every array in a value, outer before inner, in order. Without recursion: a value may be nested as deep as it likes. */
export function arraysIn(value: unknown): unknown[][] {
  const found: unknown[][] = [];
  const open: unknown[] = [value];
  for (let left = MAX_PLACES; open.length > 0 && left > 0; left -= 1) {
    const next = open.pop();
    if (!Array.isArray(next)) continue;
    found.push(next);
    for (let at = next.length - 1; at >= 0; at -= 1)
      if (Array.isArray(next[at])) open.push(next[at]);
  }
  return found;
}

/** Every text in a value, in order of the arrays that hold them. */
export function textsIn(value: unknown): string[] {
  return arraysIn([value]).flatMap((array) => array.filter((item) => typeof item === "string"));
}
