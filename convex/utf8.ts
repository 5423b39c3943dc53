/** Bytes that the text takes as UTF-8. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Index at which a piece that starts at `start` and takes at most `maxBytes` of UTF-8 ends, never inside a code point. */
function pieceEnd(text: string, start: number, maxBytes: number): number {
  let bytes = 0;
  let index = start;
  while (index < text.length) {
    const point = text.codePointAt(index) as number;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > maxBytes) break;
    index += point < 0x10000 ? 1 : 2;
  }
  return index;
}

/** The longest beginning of the text that takes at most `maxBytes` of UTF-8. */
export function cutUtf8(text: string, maxBytes: number): string {
  return text.slice(0, pieceEnd(text, 0, maxBytes));
}

/** The text in pieces of at most `maxBytes` (at least 4) of UTF-8; joined they are the text again. */
export function splitUtf8(text: string, maxBytes: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = pieceEnd(text, start, maxBytes);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}
