/** Bodies that come in frames. Every helper gives what is whole, in order, leaves out what is not, and throws never. */
import { parseJson } from "./json";

/** One server-sent event. */
export interface SseEvent {
  /** Its `event:` line; "" where it has none. */
  event: string;
  /** Its `data:` lines, joined by newlines. */
  data: string;
}

/** The events of a server-sent stream. What follows the last empty line is an event too: a stream may end without one. */
export function sseEvents(text: string): SseEvent[] {
  return text
    .replace(/\r\n?/g, "\n")
    .split("\n\n")
    .flatMap((block) => {
      let event = "";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
      }
      return event !== "" || data.length > 0 ? [{ event, data: data.join("\n") }] : [];
    });
}

/** The JSON values of lines, one a line; a line that is none is left out. */
export function jsonLines(text: string): unknown[] {
  return text
    .split("\n")
    .map((line) => parseJson(line.replaceAll("\0", "")))
    .filter((value) => value !== undefined);
}

/** Where the JSON object or array that opens at `start` ends; -1 when it does not. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      at += 1;
      while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    } else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/**
 * The JSON objects in a text that has other bytes between them, such as Connect's frames (a flag, four bytes of length, an object). A byte of
 * length can look like a brace, so only `{"` and `{}` open an object.
 */
export function jsonObjects(text: string): unknown[] {
  const values: unknown[] = [];
  const opening = /\{\s*["}]/g;
  for (let found = opening.exec(text); found; found = opening.exec(text)) {
    const end = endOfValue(text, found.index);
    if (end === -1) break;
    const value = parseJson(text.slice(found.index, end));
    if (value === undefined) continue;
    values.push(value);
    opening.lastIndex = end;
  }
  return values;
}
