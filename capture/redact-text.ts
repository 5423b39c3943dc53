/** Masks the secrets of one text. A secret becomes `[redacted:<kind>:<digest>]`; what stands around it stays as it is. */
import { findByPreset, type PresetRule, presetRules } from "./redact-preset";
import { privateKeys } from "./redact-private-keys";
import type { Rule, Span } from "./redact-rule";
import { findUnfinished, tokens, UNFINISHED } from "./redact-tokens";
import { isSecretField, values } from "./redact-values";

/** The rules of this project, the more particular before the more general. */
export const rules: readonly Rule[] = [privateKeys, ...tokens, ...values];

const MASK = /\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]/g;

interface Secret extends Span {
  kind: string;
}

async function digest(secret: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return Array.from(new Uint8Array(bytes).subarray(0, 4), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** Whether a span overlaps one of these, which are in order and do not overlap. */
function touches(ordered: readonly Span[], { start, end }: Span): boolean {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ordered[middle]!.end > start) high = middle;
    else low = middle + 1;
  }
  return low < ordered.length && ordered[low]!.start < end;
}

/** Spans that overlap become one, of the kind that comes first among the rules. */
function merge(found: readonly Secret[]): Secret[] {
  const order = new Map(found.map((secret, index) => [secret, index]));
  const sorted = found
    .filter(({ start, end }) => end > start)
    .sort((a, b) => a.start - b.start || order.get(a)! - order.get(b)!);
  const merged: Secret[] = [];
  let rank = 0;
  for (const secret of sorted) {
    const last = merged.at(-1);
    if (last && secret.start < last.end) {
      if (order.get(secret)! < rank) [last.kind, rank] = [secret.kind, order.get(secret)!];
      last.end = Math.max(last.end, secret.end);
    } else {
      merged.push({ ...secret });
      rank = order.get(secret)!;
    }
  }
  return merged;
}

function masksIn(text: string): Span[] {
  return [...text.matchAll(MASK)].map(({ index, 0: { length } }) => ({
    start: index,
    end: index + length,
  }));
}

/** What was masked before is no secret; a span ends where a mask begins. Both are in order. */
function outside(masks: readonly Span[], secrets: readonly Secret[]): Secret[] {
  let next = 0;
  return secrets.flatMap((secret) => {
    while (next < masks.length && masks[next]!.end <= secret.start) next += 1;
    const mask = masks[next];
    if (!mask || mask.start >= secret.end) return [secret];
    return mask.start > secret.start ? [{ ...secret, end: mask.start }] : [];
  });
}

/** The rules that may find something in a text. */
interface Candidates {
  own: readonly Rule[];
  preset: readonly PresetRule[];
}

const ALL: Candidates = { own: rules, preset: presetRules };

/** Those whose words occur in the text. */
function candidatesFor(text: string, { own, preset }: Candidates): Candidates {
  const lower = text.toLowerCase();
  const occurs = ({ keywords }: { keywords: readonly string[] }): boolean =>
    keywords.some((word) => lower.includes(word));
  return { own: own.filter(occurs), preset: preset.filter(occurs) };
}

async function findSecrets(text: string, among: Candidates): Promise<Secret[]> {
  const { own, preset } = candidatesFor(text, among);
  const ours = merge(
    own.flatMap(({ kind, find }) => find(text).map((span) => ({ ...span, kind }))),
  );
  const masks = masksIn(text);
  const others = (await findByPreset(text, preset)).filter(
    ({ whole }) => !touches(ours, whole) && !touches(masks, whole),
  );
  const secrets = outside(masks, merge([...ours, ...others]));
  const cut = findUnfinished(text);
  if (cut && !touches(secrets, cut) && !touches(masks, cut)) {
    secrets.push({ ...cut, kind: UNFINISHED });
  }
  return secrets;
}

/** Takes note of every mask that is made, as `<kind>:<digest>`. */
export type Note = (mask: string) => void;

async function maskSpans(text: string, secrets: readonly Secret[], note: Note): Promise<string> {
  let masked = "";
  let end = 0;
  for (const secret of secrets) {
    const mask = `${secret.kind}:${await digest(text.slice(secret.start, secret.end))}`;
    note(mask);
    masked += `${text.slice(end, secret.start)}[redacted:${mask}]`;
    end = secret.end;
  }
  return masked + text.slice(end);
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Index of the quote that ends the JSON string which begins at `open`. */
function closingQuote(json: string, open: number): number {
  for (let close = json.indexOf('"', open + 1); ; close = json.indexOf('"', close + 1)) {
    let escapes = 0;
    while (json[close - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return close;
  }
}

/** Each string of a JSON text by itself, so that the rest stays as it is, to the digit, and the whole stays JSON. */
async function redactJson(json: string, note: Note, among: Candidates): Promise<string> {
  // An escape may hide a rule's word.
  const candidates = /\\[u/]/.test(json) ? among : candidatesFor(json, among);
  let masked = "";
  let done = 0;
  let name = "";
  for (let open = json.indexOf('"'); open >= 0; open = json.indexOf('"', done)) {
    const close = closingQuote(json, open);
    const literal = json.slice(open, close + 1);
    const text = JSON.parse(literal) as string;
    const isName = /^\s*:/.test(json.slice(close + 1, close + 32));
    const isSecret = !isName && isSecretField(name, text) && text.search(MASK) < 0;
    const inner = isSecret
      ? await maskSpans(text, [{ kind: "setting", start: 0, end: text.length }], note)
      : await redact(text, note, candidates);
    masked += json.slice(done, open) + (inner === text ? literal : JSON.stringify(inner));
    done = close + 1;
    name = isName ? text : "";
  }
  return masked + json.slice(done);
}

async function redact(text: string, note: Note, among: Candidates): Promise<string> {
  // Most of what JSON holds, and shorter than any secret with what names it.
  if (text.length < 8) return text;
  if (isJson(text)) return redactJson(text, note, among);
  const secrets = await findSecrets(text, among);
  return secrets.length === 0 ? text : maskSpans(text, secrets, note);
}

/** The text with every known kind of secret masked. JSON stays JSON. */
export function redactText(text: string, note: Note = () => undefined): Promise<string> {
  return redact(text, note, ALL);
}
