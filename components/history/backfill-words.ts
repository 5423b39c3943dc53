import type { BackfillStatus } from "../../utils/backfill-run";
import { count, formatClock } from "../format";

const whole = new Intl.NumberFormat("en");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** "less than a minute", "about 9 minutes", "about 2 hours". */
export function aboutTime(ms: number): string {
  if (ms < MINUTE) return "less than a minute";
  if (ms < 90 * MINUTE) return `about ${count(Math.round(ms / MINUTE), "minute")}`;
  return `about ${count(Math.round(ms / HOUR), "hour")}`;
}

/** How far it is: "342 of 1,208, about 9 minutes". */
export function progressWords(status: BackfillStatus): string {
  const { isListing, listed, listTotal, total, fetched, failed, msLeft, state } = status;
  if (isListing) {
    if (listed === 0) return "Reading the site's list";
    const of = listTotal === null ? "" : ` of ${whole.format(listTotal)}`;
    return `Reading the site's list: ${whole.format(listed)}${of} so far`;
  }
  const far = `${whole.format(fetched + failed)} of ${whole.format(total)}`;
  return state === "running" && msLeft !== null ? `${far}, ${aboutTime(msLeft)}` : far;
}

/** What else is to be known of it, as sentences. */
export function detailWords(status: BackfillStatus, now: number): string[] {
  const { state, unchanged, failed, waitsUntil, hasOwnTab } = status;
  const isRunning = state === "running";
  return [
    isRunning &&
      waitsUntil !== null &&
      waitsUntil > now &&
      `The site asked to wait until ${formatClock(waitsUntil)}; it goes on by itself.`,
    unchanged > 0 && `${count(unchanged, "session")} unchanged since the last time.`,
    failed > 0 && `${count(failed, "session")} could not be fetched; the next run tries again.`,
    hasOwnTab &&
      (isRunning
        ? "It asks from a tab that was opened in the background and is closed at the end; keep it open."
        : "The tab that was opened for it is still there."),
  ].filter((words) => words !== false);
}

/** What came of a run that is over. */
export function resultWords({ state, total, fetched, unchanged }: BackfillStatus): string {
  if (state === "stopped") return `Stopped after ${count(fetched, "session")}.`;
  if (total > 0) return `${count(fetched, "session")} fetched.`;
  return unchanged > 0 ? "Nothing has changed since the last time." : "The site lists no sessions.";
}
