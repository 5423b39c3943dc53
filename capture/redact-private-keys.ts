import type { Rule, Span } from "./redact-rule";

const BEGIN_KEY = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const END_KEY = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
/** What may stand inside a key block, as it is or escaped in JSON; a quote ends it, so that masked JSON stays JSON. */
const KEY_BODY = /[A-Za-z0-9+/=\s\\,:._()@<>-]{0,16384}/y;
/** A block whose end is missing: lines of base64. */
const KEY_LINES = /(?:(?:\s|\\[nr])+[A-Za-z0-9+/=]{16,})*/y;

function matchAt(pattern: RegExp, text: string, index: number): string {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0] ?? "";
}

function find(text: string): Span[] {
  const begins = [...text.matchAll(BEGIN_KEY)];
  return begins.map(({ index, 0: begin }, at) => {
    const bodyStart = index + begin.length;
    // Up to the next block, so that no stretch of text is looked at twice.
    const rest = text.slice(0, begins[at + 1]?.index);
    const body = matchAt(KEY_BODY, rest, bodyStart);
    const ending = END_KEY.exec(body);
    const length = ending
      ? ending.index + ending[0].length
      : matchAt(KEY_LINES, rest, bodyStart).length;
    return { start: index, end: bodyStart + length };
  });
}

/** Private keys in their text form, whole or with the end missing. */
export const privateKeys: Rule = { kind: "private-key", keywords: ["private key"], find };
