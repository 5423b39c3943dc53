/** Reading JSON that somebody else writes and may change: every helper answers undefined, and throws never. */

/** The parsed text, or undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: a page of HTML, a cut body.
    return undefined;
  }
}

/** JSON text of a value that came out of `parseJson`; "" for one nested too deep to write. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}

/** The value as an object with string keys; undefined for anything else, arrays too. */
export function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** The objects of a list; none for anything else. */
export function asRecords(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((item) => asRecord(item) !== undefined) : [];
}

/** The value when it is a string. */
export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The value when it is a finite number. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The object without its undefined fields, so that equal readings have equal fields. */
export function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as T;
}

/** The items of a JSON array; of one whose end is missing, those that are whole. */
export function arrayItems(text: string): unknown[] | undefined {
  const whole = parseJson(text);
  if (whole !== undefined) return Array.isArray(whole) ? whole : undefined;
  const end = endOfLastItem(text);
  const items = end > 0 ? parseJson(`${text.slice(0, end)}]`) : undefined;
  return Array.isArray(items) ? items : undefined;
}

/** Where the last whole object or array that lies directly in the outer array ends; 0 when there is none. */
function endOfLastItem(text: string): number {
  let depth = 0;
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === "[" || char === "{") depth += 1;
    else if (char === "]" || char === "}") {
      depth -= 1;
      if (depth === 1) end = at + 1;
    }
  }
  return end;
}

/** Where the string that opens at `start` closes. By hand: a RegExp runs out of stack on strings of megabytes. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
