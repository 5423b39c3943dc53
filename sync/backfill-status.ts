/** How far a backfill is, for the page that shows it. */
import type { BackfillStatus } from "../utils/backfill-run";
import type { BackfillRun } from "./backfill-store";

/** Requests that a session takes at least, as long as none was fetched. */
const FIRST_GUESS = 1.5;

/** The status of a run; `pauseMs` is the usual time between two requests. */
export function statusOf(run: BackfillRun, pauseMs: number, now: number): BackfillStatus {
  const { state, origin, isListed, listed, listTotal, total, fetched, failed, unchanged } = run;
  const left = Math.max(0, total - fetched - failed);
  const msPerSession = run.msPerSession ?? pauseMs * FIRST_GUESS;
  return {
    ...{ state, origin, listed, listTotal, total, fetched, failed, unchanged },
    isListing: !isListed,
    waitsUntil: run.failure === "wait" && run.notBefore > now ? run.notBefore : null,
    msLeft: isListed ? left * msPerSession : null,
    hasOwnTab: run.tabId !== null,
    trouble: run.trouble,
    endedAt: run.endedAt,
  };
}
