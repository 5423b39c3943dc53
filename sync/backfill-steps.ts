/** The two kinds of steps of a backfill: a page of the site's list, and a session. What a step found is committed before the next request. */
import type { PageAnswer, PageAsk } from "../utils/messages";
import type { Asked } from "./backfill-ask";
import type {
  BackfillRun,
  BackfillSession,
  BackfillStore,
  Listed,
  RunChange,
} from "./backfill-store";
import type { PauseReason } from "./backfill-troubles";

/** How an agent's earlier sessions are asked for, as its agent file says. */
export interface BackfillSource {
  /** The request for a page of the list; `cursor` null is the first. */
  list(cursor: string | null): PageAsk;
  /** null: the answer cannot be placed. */
  readList(answer: PageAnswer): SiteList | null;
  /** The next request for a session, given the answers so far; null when it is whole. */
  load(session: string, answers: readonly PageAnswer[]): (PageAsk & { tap: string }) | null;
}

/** What one answer of a list says. */
export interface SiteList {
  sessions: { key: string; updatedAt?: number }[];
  next: string | null;
  total?: number;
}

/**
 * What became of a session's answer. `stored`: everything new in it is in the outbox; `isOdd` when it could not all be read. `off`: nothing
 * may be kept now. `full`: the browser would not store it.
 */
export type Kept = { kind: "stored"; isOdd: boolean } | { kind: "off" } | { kind: "full" };

/** What the steps need from outside. */
export interface StepDeps {
  store: BackfillStore;
  /** Sends a request, and sits out short waits; null when the run cannot go on now. */
  ask(run: BackfillRun, wish: PageAsk): Promise<Exclude<Asked, { kind: "again" | "off" }> | null>;
  change(run: BackfillRun, change: RunChange): Promise<boolean>;
  pause(run: BackfillRun, why: PauseReason): Promise<void>;
  finish(run: BackfillRun): Promise<void>;
  keep(run: BackfillRun, tap: string, answer: PageAnswer): Promise<Kept>;
  /** Tells that the list cannot be placed. */
  reportList(run: BackfillRun, answer: PageAnswer): Promise<void>;
  /** Whether the session is in the outbox, or on its way or in Convex. */
  isHeld(run: BackfillRun, session: string): Promise<boolean>;
  now(): number;
}

/** Answers that one session can have: many times what the longest one needs. */
const MAX_ANSWERS = 1_000;

/** After so many sessions in a row that could not be fetched, the next ones would not be either. */
const MAX_FAILED_IN_ROW = 5;

/** A site that ignores its own cursor would list for ever. */
const MAX_REPEATS = 3;

/** How much of the newest duration is in the average. */
const NEW_SHARE = 0.2;

/** Builds the steps of one run; each answers whether to go on. */
export function createSteps(deps: StepDeps) {
  const { store } = deps;

  async function isUnchanged(
    run: BackfillRun,
    { key, updatedAt }: SiteList["sessions"][number],
  ): Promise<boolean> {
    const fetched = (await store.readSession(run, key))?.fetched;
    if (!fetched || updatedAt === undefined || fetched.updatedAt !== updatedAt) return false;
    // Also what was fetched for another deployment is fetched again.
    return fetched.isEmpty || deps.isHeld(run, key);
  }

  async function list(run: BackfillRun, source: BackfillSource): Promise<boolean> {
    const asked = await deps.ask(run, source.list(run.cursor));
    if (asked === null) return false;
    if (asked.kind === "over") {
      await deps.pause(run, asked.why === "gone" ? "changed" : asked.why);
      return false;
    }
    const page = source.readList(asked.answer);
    if (page === null) {
      await deps.reportList(run, asked.answer);
      await deps.pause(run, "changed");
      return false;
    }
    const listed: Listed[] = [];
    for (const { key, updatedAt } of page.sessions) {
      const session = { key, updatedAt };
      listed.push({ ...session, isUnchanged: await isUnchanged(run, session) });
    }
    await store.addListed(run, listed, ({ cursor, repeats, listTotal }) => ({
      cursor: page.next,
      isListed: page.next === null || page.next === cursor || repeats >= MAX_REPEATS,
      listTotal: page.total ?? listTotal,
    }));
    return true;
  }

  /** The session could not be fetched: it stays as it was, for the next run. */
  async function skip(run: BackfillRun, row: BackfillSession, why: PauseReason): Promise<boolean> {
    const failedInRow = run.failedInRow + 1;
    await store.settle(run, row, false, ({ failed }) => ({ failed: failed + 1, failedInRow }));
    if (failedInRow < MAX_FAILED_IN_ROW) return true;
    await deps.pause(run, why);
    return false;
  }

  async function giveUp(
    run: BackfillRun,
    row: BackfillSession,
    why: Extract<Asked, { kind: "over" }>["why"],
  ): Promise<boolean> {
    if (why === "gone" || why === "failing") return skip(run, row, "failing");
    // One session that is not shown must not stand before all others for ever.
    if (why === "denied" && row.isRefused) await skip(run, row, "denied");
    else if (why === "denied")
      await store.settle(run, { ...row, isRefused: true }, true, () => ({}));
    await deps.pause(run, why);
    return false;
  }

  /** Fetches and keeps a session; `goesOn` when it was left in the middle. */
  async function fetch(
    run: BackfillRun,
    row: BackfillSession,
    source: BackfillSource,
  ): Promise<{ isOdd: boolean } | { goesOn: boolean }> {
    const answers: PageAnswer[] = [];
    let isOdd = false;
    let wish = source.load(row.session, answers);
    while (wish && answers.length < MAX_ANSWERS) {
      const asked = await deps.ask(run, wish);
      if (asked === null) return { goesOn: false };
      if (asked.kind === "over") return { goesOn: await giveUp(run, row, asked.why) };
      answers.push(asked.answer);
      const kept = await deps.keep(run, wish.tap, asked.answer);
      if (kept.kind === "full") await deps.pause(run, "storage-full");
      if (kept.kind !== "stored") return { goesOn: kept.kind === "off" };
      // An answer without anything in it is no sign of a change, but no session either.
      isOdd ||= kept.isOdd || asked.answer.isTruncated || asked.answer.body.trim() === "";
      wish = source.load(row.session, answers);
    }
    return { isOdd: isOdd || wish !== null };
  }

  async function load(run: BackfillRun, source: BackfillSource): Promise<boolean> {
    const row = await store.next(run);
    if (!row) {
      await deps.finish(run);
      return false;
    }
    const startedAt = deps.now();
    const found = await fetch(run, row, source);
    if ("goesOn" in found) return found.goesOn;
    if (found.isOdd) return skip(run, row, "changed");
    const isEmpty = !(await deps.isHeld(run, row.session));
    const at = deps.now();
    const fetched = { at, updatedAt: row.updatedAt, isEmpty };
    await store.settle(run, { ...row, fetched, isRefused: undefined }, false, (now) => ({
      fetched: now.fetched + 1,
      failedInRow: 0,
      msPerSession: averaged(now.msPerSession, at - startedAt),
    }));
    return true;
  }

  return { list, load };
}

function averaged(before: number | null, ms: number): number {
  return before === null ? ms : before + NEW_SHARE * (ms - before);
}
