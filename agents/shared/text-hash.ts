/** Short names for texts that have no id. */

/** 64 bits of FNV-1a with two seeds, as text: tells apart what is in one session, and guards nothing. */
export function shortHash(text: string): string {
  let [one, two] = [0x811c9dc5, 0x1b873593];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ code, 0x85ebca6b);
  }
  return (one >>> 0).toString(36) + (two >>> 0).toString(36);
}

/** A text without what styling and highlighting change. */
export function bareText(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, "");
}

/** Letters and digits by which an answer without an id is told from its siblings; what comes later may still change. */
export const BEGINNING = 64;
