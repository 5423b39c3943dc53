/** What an answer of a site means for a backfill, and how long to leave the site alone after one that is none. */
import type { PageAnswer } from "../utils/messages";

/**
 * `wait`: the site asks to slow down. `failing`: it has an error of its own. `silent`: nobody answers, or the page cannot ask. `denied`: not
 * to this person. `gone`: this one thing is not to be had.
 */
export type Failure = "wait" | "failing" | "silent" | "denied" | "gone";

/** How often in a row, and from which to which wait. */
interface Patience {
  tries: number;
  firstMs: number;
  longestMs: number;
}

const PATIENCE: Record<Failure, Patience> = {
  wait: { tries: Infinity, firstMs: 30_000, longestMs: 15 * 60_000 },
  failing: { tries: 6, firstMs: 5_000, longestMs: 5 * 60_000 },
  // A page that has just been opened has not sent anything yet whose headers could be used.
  silent: { tries: 6, firstMs: 2_000, longestMs: 20_000 },
  denied: { tries: 3, firstMs: 4_000, longestMs: 10_000 },
  gone: { tries: 1, firstMs: 0, longestMs: 0 },
};

/** However long a site asks for, and however the clock jumps. */
export const LONGEST_WAIT_MS = 24 * 60 * 60_000;

/** A page where data was asked for: somebody has to sign in, or to show that they are a person. */
const PAGE = /^\s*<(?:!doctype|html)\b/i;

/** What kept an answer from being one; null: it is one. */
export function failureOf(answer: PageAnswer | null): Failure | null {
  if (answer === null) return "silent";
  const { status, retryAfter, body } = answer;
  if (status === 429 || (status === 503 && retryAfter !== null)) return "wait";
  if (status === 401 || status === 403) return "denied";
  if (status === 408 || status >= 500) return "failing";
  if (status < 200 || status >= 300) return "gone";
  return PAGE.test(body) ? "denied" : null;
}

/** Whether it is time to give up after so many failures in a row. */
export function isOver(failure: Failure, failures: number): boolean {
  return failures >= PATIENCE[failure].tries;
}

/** ms until the next request, after so many failures before this one (`random` in 0..1): never less than the site asks for. */
export function waitMs(
  failure: Failure,
  retryAfter: number | null,
  failures: number,
  random: number,
): number {
  const { firstMs, longestMs } = PATIENCE[failure];
  const ceiling = Math.min(firstMs * 2 ** failures, longestMs);
  const asked = retryAfter === null ? 0 : retryAfter * 1_000 + random * 1_000;
  const own = retryAfter === null ? ceiling * (0.5 + random / 2) : 0;
  return Math.min(Math.max(asked, own), LONGEST_WAIT_MS);
}
