/**
 * Takes secrets out of a reading, in the background, before anything is stored or compared. A secret becomes `[redacted:<kind>:<digest>]`,
 * with the first 8 hex digits of its SHA-256, so that equal secrets stay equal and the same content always gives the same hash. It cannot
 * be switched off.
 */
import { type Note, redactText } from "./redact-text";

/** Fields that link or classify and are never free text; a mask there would tear the session apart. */
const STRUCTURE = new Set([
  "agent",
  "key",
  "parentKey",
  "activeLeafKey",
  "childKey",
  "toolCallId",
  "toolName",
  "type",
  "role",
  "state",
  "model",
  "provider",
  "finish",
  "kind",
  "mediaType",
]);

/** What is left of a reading without its secrets. */
export interface Redacted<T> {
  reading: T;
  /** The different secrets that were masked, as `<kind>:<digest>`. */
  masks: string[];
}

async function redactValue(value: unknown, field: string, note: Note): Promise<unknown> {
  if (typeof value === "string")
    return STRUCTURE.has(field) ? value : await redactText(value, note);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) items.push(await redactValue(item, field, note));
    return items;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    entries.push([name, await redactValue(inner, name, note)]);
  }
  return Object.fromEntries(entries);
}

/** The reading with its secrets masked in titles, texts, reasoning, tool calls and their results, file names, links and errors. */
export async function redact<T extends object>(reading: T): Promise<Redacted<T>> {
  const masks = new Set<string>();
  const redacted = (await redactValue(reading, "", (mask) => masks.add(mask))) as T;
  return { reading: redacted, masks: [...masks] };
}
