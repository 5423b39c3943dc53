const MAX_LENGTH = 200;

/** Controls, bidi marks and overrides, zero-width and other invisible characters: they can make a title read as something else. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u3164\uffa0]/gu;

/** A captured title as it may be shown: one visible line of at most 200 characters. */
export function cleanTitle(title: string | null | undefined): string {
  // A title may be megabytes long; nothing beyond this can be within the first 200 visible characters worth showing.
  const start = (title ?? "").slice(0, MAX_LENGTH * 10).toWellFormed();
  const line = start.replace(/\s+/gu, " ").replace(INVISIBLE, "").trim();
  if (line === "") return "Untitled session";
  const characters = [...line];
  if (characters.length <= MAX_LENGTH) return line;
  return `${characters.slice(0, MAX_LENGTH - 1).join("")}…`;
}
