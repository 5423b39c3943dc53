/** A long text as it crosses the hops: in texts of at most MAX_PIECE_CHARS. */
import { MAX_PIECE_CHARS } from "./limits";

/** Cuts a text. */
export function inPieces(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += MAX_PIECE_CHARS) {
    pieces.push(text.slice(at, at + MAX_PIECE_CHARS));
  }
  return pieces;
}

/** The first `chars` of it. */
export function startOf(texts: readonly string[], chars: number): string {
  let start = "";
  for (const text of texts) {
    if (start.length >= chars) break;
    start += text;
  }
  return start.slice(0, chars);
}

/** What follows the first `chars` of it. */
export function withoutStart(texts: readonly string[], chars: number): string[] {
  let left = chars;
  return texts.flatMap((text) => {
    const rest = text.slice(left);
    left = Math.max(0, left - text.length);
    return rest === "" ? [] : [rest];
  });
}
