/** What the page that shows a backfill and the background tell each other. */
import type { Trouble } from "./errors";

/** What a person can want of a backfill. `start` begins anew, with the list. */
export type BackfillWish = "start" | "pause" | "continue" | "stop";

/** How far fetching an agent's earlier sessions is. */
export interface BackfillStatus {
  /** `paused` goes on when the person says so; `stopped` and `done` begin anew. */
  state: "running" | "paused" | "stopped" | "done";
  /** `scheme://host:port` of the pages that are asked. */
  origin: string;
  /** The site's list is still being read. */
  isListing: boolean;
  /** Sessions that the list has named so far. */
  listed: number;
  /** How many the site says it has, or null. */
  listTotal: number | null;
  /** Sessions to fetch in this run: new, changed, or failed before. */
  total: number;
  fetched: number;
  /** Tried again at the next run. */
  failed: number;
  /** Listed, and the same as when they were fetched before. */
  unchanged: number;
  /** Unix ms until which the site is left alone, or null. */
  waitsUntil: number | null;
  /** How much longer it takes, or null while that is not known. */
  msLeft: number | null;
  /** A tab was opened in the background to ask from. */
  hasOwnTab: boolean;
  /** Why it is paused, or null. */
  trouble: Trouble | null;
  /** Unix ms at which it ended, or null. */
  endedAt: number | null;
}
