/** Looks for names in what people wrote, in one walk over megabytes of it. */
import type { IsInContent } from "./shape-lines";

/** So many letters in a row of what a person wrote would say something. */
const TELLING = 6;
/** Of a letter, the same for small and large ones. Other signs share them: a name may be found where it is not, never the reverse. */
const BITS = 5;
const FILTER_BITS = 16;

/** The names that have a piece, by the piece's number. */
interface Pieces {
  length: number;
  mask: number;
  names: Map<number, string[]>;
  /** Of each piece's last bits; most of a text fails here. */
  filter: Uint8Array;
}

function pushed(number: number, text: string, at: number): number {
  return (number << BITS) | (text.charCodeAt(at) & 31);
}

function piecesOf(names: ReadonlySet<string>): Pieces[] {
  const all = new Map<number, Pieces>();
  for (const name of names) {
    const length = Math.min(TELLING, name.length);
    const mask = 2 ** (BITS * length) - 1;
    const filter = new Uint8Array(2 ** FILTER_BITS);
    const pieces = all.get(length) ?? { length, mask, names: new Map(), filter };
    all.set(length, pieces);
    let number = 0;
    for (let at = 0; at < name.length; at += 1) {
      number = pushed(number, name, at) & mask;
      if (at < length - 1) continue;
      pieces.names.set(number, [...(pieces.names.get(number) ?? []), name]);
      pieces.filter[number & (2 ** FILTER_BITS - 1)] = 1;
    }
  }
  return [...all.values()];
}

/** Whether a name, or a telling piece of it, stands in one of the texts. */
export function searchIn(texts: readonly string[], names: ReadonlySet<string>): IsInContent {
  const found = new Set<string>();
  for (const { length, mask, names: of, filter } of piecesOf(names)) {
    for (const text of texts) {
      let number = 0;
      for (let at = 0; at < text.length; at += 1) {
        number = pushed(number, text, at) & mask;
        if (at < length - 1 || filter[number & (2 ** FILTER_BITS - 1)] === 0) continue;
        for (const name of of.get(number) ?? []) found.add(name);
      }
    }
  }
  return (name) => found.has(name);
}
