/** When to try again. The time is stored, because timers die with the worker. */

/** What is stored of it. */
export interface Backoff {
  /** Attempts in a row that did not come through. */
  failures: number;
  /** Of them, the last ones in which the deployment's own function failed. */
  functionFailures: number;
  /** Unix ms. */
  notBefore: number;
}

/** What is known of a failed attempt. */
export interface Failure {
  /** The least wait in ms that the other side asked for. */
  after?: number;
  isFunctionError?: boolean;
}

const FIRST_MS = 5_000;
/** Seen on 2026-11-21: with ten minutes, a deployment that was away for one minute was tried again only after up to three. */
const LONGEST_MS = 60_000;

/** However long the other side asks for, and however the clock jumps, the next attempt is at most this far off. */
const HORIZON_MS = 60 * 60_000;

/** No failure, no wait. */
export const NO_BACKOFF: Backoff = { failures: 0, functionFailures: 0, notBefore: 0 };

/** One failure more: the ceiling doubles, and the wait is anywhere below it (full jitter; `random` in 0..1), but at least `after`. */
export function nextBackoff(
  { failures, functionFailures }: Backoff,
  { after = 0, isFunctionError = false }: Failure,
  now: number,
  random: number,
): Backoff {
  const ceiling = Math.min(FIRST_MS * 2 ** failures, LONGEST_MS);
  const wait = Math.min(Math.max(random * ceiling, after), HORIZON_MS);
  return {
    failures: failures + 1,
    functionFailures: isFunctionError ? functionFailures + 1 : 0,
    notBefore: now + wait,
  };
}

/** How long still to wait, in ms. A time beyond the horizon was written before the clock was set back, and counts as over. */
export function remaining({ notBefore }: Backoff, now: number): number {
  const wait = notBefore - now;
  return wait > 0 && wait <= HORIZON_MS ? wait : 0;
}
