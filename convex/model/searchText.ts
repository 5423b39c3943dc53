/** Words of a search, and where a text has them. Positions are UTF-16 units, as strings are indexed. */
import { type Infer, v } from "convex/values";

/** Convex searches for at most this many words. */
const MAX_TERMS = 16;
const SNIPPET_LENGTH = 240;
const BEFORE_MATCH = 60;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const CUT = "…";

/** A piece of a text; `matches` are the places of the words that were searched for, in order. */
export const vSnippet = v.object({
  text: v.string(),
  matches: v.array(v.object({ start: v.number(), length: v.number() })),
});

export type Snippet = Infer<typeof vSnippet>;
type Match = Snippet["matches"][number];

/** How words are compared: without case and without accents. */
function fold(word: string): string {
  return word.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

/** The words of a search, compared as `fold` says; the last one also counts as the beginning of a word. */
export function termsOf(search: string): string[] {
  return (search.match(WORD) ?? []).slice(0, MAX_TERMS).map(fold);
}

/** Every place of a term in the text. */
export function findMatches(text: string, terms: string[]): Match[] {
  const whole = new Set(terms);
  const last = terms.at(-1);
  return [...text.matchAll(WORD)].flatMap(({ 0: word, index }) => {
    const folded = fold(word);
    const isMatch = whole.has(folded) || (last !== undefined && folded.startsWith(last));
    return isMatch ? [{ start: index, length: word.length }] : [];
  });
}

/** The match that most others follow closely. */
function bestMatch(matches: Match[], length: number): Match | undefined {
  let best: Match | undefined;
  let most = 0;
  let end = 0;
  for (const [at, match] of matches.entries()) {
    while (end < matches.length && matches[end]!.start < match.start + length) end += 1;
    if (end - at > most) [best, most] = [match, end - at];
  }
  return best;
}

/** The position moved forward to where no character is cut in half. */
function whole(text: string, position: number): number {
  const unit = text.charCodeAt(position);
  return unit >= 0xdc00 && unit <= 0xdfff ? position + 1 : position;
}

/** The piece of the text with most of the matches, `length` long at most besides the marks of what was left out. */
export function snippetOf(text: string, terms: string[], length = SNIPPET_LENGTH): Snippet {
  const matches = findMatches(text, terms);
  const best = bestMatch(matches, length - BEFORE_MATCH);
  const wanted = text.length <= length ? 0 : Math.max(0, (best?.start ?? 0) - BEFORE_MATCH);
  const from = whole(text, wanted);
  const to = whole(text, Math.min(text.length, from + length));
  const before = from > 0 ? CUT : "";
  return {
    text: before + text.slice(from, to) + (to < text.length ? CUT : ""),
    matches: matches
      .filter(({ start, length }) => start >= from && start + length <= to)
      .map(({ start, length }) => ({ start: start - from + before.length, length })),
  };
}
