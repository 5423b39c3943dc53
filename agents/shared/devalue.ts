/** SvelteKit's data: one flat list of values, in which objects and lists name their contents by place. */
import { asRecord, asRecords, asString, parseJson } from "./json";

/** How deep values may lie in each other. */
const MAX_DEPTH = 64;

/** Holes, NaN and such, which are named by negative places. */
function special(place: number): unknown {
  return place === -6 ? -0 : undefined;
}

/** The value that such a list stands for; dates are ISO text. Undefined where it is no such list. */
export function fromDevalue(list: unknown): unknown {
  if (!Array.isArray(list)) return undefined;
  const values: unknown[] = list;
  const made = new Map<number, unknown>();
  const at = (place: unknown, depth: number): unknown => {
    if (typeof place !== "number" || depth > MAX_DEPTH) return undefined;
    if (place < 0) return special(place);
    if (made.has(place)) return made.get(place);
    const raw = values[place];
    if (Array.isArray(raw)) {
      if (typeof raw[0] === "string") {
        // A named kind of value: its text, or what it wraps.
        return typeof raw[1] === "number" ? at(raw[1], depth + 1) : raw[1];
      }
      const items: unknown[] = [];
      made.set(place, items);
      for (const item of raw) items.push(at(item, depth + 1));
      return items;
    }
    const record = asRecord(raw);
    if (!record) return raw;
    const object: Record<string, unknown> = {};
    made.set(place, object);
    for (const [name, inner] of Object.entries(record)) {
      Object.defineProperty(object, name, {
        value: at(inner, depth + 1),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return object;
  };
  return at(0, 0);
}

/** What the nodes of a `__data.json` hold; data that came later, in lines of their own, is left out. */
export function svelteKitData(body: string): Record<string, unknown>[] {
  const first = asRecord(parseJson(body) ?? parseJson(body.split("\n")[0] ?? ""));
  if (asString(first?.type) !== "data") return [];
  return asRecords(asRecords(first?.nodes).map(({ data }) => fromDevalue(data)));
}
