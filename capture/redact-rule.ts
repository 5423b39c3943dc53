/** What a rule for secrets is, and the two ways to make one from a pattern. */

/** Where a secret lies in a text. */
export interface Span {
  start: number;
  end: number;
}

/** One kind of secret. Looking takes time linear in the length of the text. */
export interface Rule {
  /** Stands in the mask: `[redacted:<kind>:<digest>]`. Lower case, digits and hyphens. */
  kind: string;
  /** Lower case; a text with none of them has no such secret. */
  keywords: readonly string[];
  find(text: string): Span[];
}

/** Escapes that may stand right before a secret: of JSON, of URLs, and of a terminal's colours. */
const ESCAPES = String.raw`\\[nrtbf]|\\u[0-9a-fA-F]{4}|%[0-9A-F]{2}|\[[0-9;]{1,8}m`;

/** Before a secret: no letter or digit, unless it belongs to an escape. */
export const START = `(?<=^|[^A-Za-z0-9]|${ESCAPES})`;

/** Like START, and no hyphen or underscore either: for patterns whose beginning can repeat inside a match that fails. */
export const WORD_START = `(?<=^|[^A-Za-z0-9_-]|${ESCAPES})`;

/** What a pattern matched: its named groups with where they lie. */
export interface Match {
  groups: Record<string, string | undefined>;
  value: string;
  span: Span;
}

/** The group that took part in the match, other than `name`; else the whole match. */
function toMatch(match: RegExpExecArray): Match {
  const groups = match.groups ?? {};
  const places = match.indices?.groups ?? {};
  const group = Object.keys(places).find((name) => name !== "name" && places[name]);
  const [start, end] = group ? places[group]! : match.indices![0]!;
  return { groups, value: (group && groups[group]) ?? match[0], span: { start, end } };
}

/** A rule by pattern (flags `g` and `d`): its group is masked, else the whole match, where `isSecret` says so. */
export function byPattern(
  kind: string,
  keywords: readonly string[],
  pattern: RegExp,
  isSecret: (match: Match) => boolean = () => true,
): Rule {
  return {
    kind,
    keywords,
    find: (text) =>
      [...text.matchAll(pattern)]
        .map(toMatch)
        .filter(isSecret)
        .map(({ span }) => span),
  };
}

/** A rule for a token that is known by its own form. */
export function token(kind: string, keywords: readonly string[], source: string): Rule {
  return byPattern(kind, keywords, new RegExp(START + source, "dg"));
}
