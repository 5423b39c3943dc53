/**
 * Takes secrets out of a reading, in the background, before anything is stored or compared. A secret becomes `[redacted:<kind>:<digest>]`,
 * with the first 8 hex digits of its SHA-256, so that equal secrets stay equal and the same content always gives the same hash.
 */
import type { Reading } from "../agents/agent";
import { type Found, rules } from "./redact-rules";

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

async function digest(secret: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return Array.from(new Uint8Array(bytes).subarray(0, 4), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

async function mask(text: string, kind: string, found: Found[]): Promise<string> {
  let masked = "";
  let end = 0;
  for (const secret of found) {
    const sum = await digest(text.slice(secret.start, secret.end));
    masked += `${text.slice(end, secret.start)}[redacted:${kind}:${sum}]`;
    end = secret.end;
  }
  return masked + text.slice(end);
}

/** The text with every known kind of secret masked. */
export async function redactText(text: string): Promise<string> {
  const lower = text.toLowerCase();
  let redacted = text;
  for (const { kind, keyword, find } of rules) {
    if (!lower.includes(keyword)) continue;
    const found = find(redacted);
    if (found.length > 0) redacted = await mask(redacted, kind, found);
  }
  return redacted;
}

async function redactValue(value: unknown, field: string): Promise<unknown> {
  if (typeof value === "string") return STRUCTURE.has(field) ? value : await redactText(value);
  if (Array.isArray(value)) return Promise.all(value.map((item) => redactValue(item, field)));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([name, inner]) => [
    name,
    await redactValue(inner, name),
  ]);
  return Object.fromEntries(await Promise.all(entries)) as unknown;
}

/** The reading with its secrets masked in titles, texts, reasoning, tool calls and their results, file names and errors. */
export async function redact(reading: Reading): Promise<Reading> {
  return (await redactValue(reading, "")) as Reading;
}
