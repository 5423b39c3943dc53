/** Asks a site on a backfill's behalf: from a page of the site's own, one request at a time, with a pause of chance length between two. */
import type { PageAnswer, PageAsk } from "../utils/messages";
import { type Failure, failureOf, isOver, waitMs } from "./backfill-answer";
import type { BackfillRun, RunChange } from "./backfill-store";

/** The open pages of sites. */
export interface BackfillPages {
  /** A tab that is open at this origin, other than that one, or null. */
  find(origin: string, except: number | null): Promise<number | null>;
  /** Opens one in the background. */
  open(origin: string): Promise<number>;
  isOpen(tabId: number): Promise<boolean>;
  close(tabId: number): Promise<void>;
  /** Has the page ask; null, or a rejection, when it cannot. */
  ask(tabId: number, wish: PageAsk): Promise<PageAnswer | null>;
}

/** What came of a request. `again`: it is to be sent once more, when the run's wait is over. `off`: the run may not go on. */
export type Asked =
  | { kind: "answer"; answer: PageAnswer }
  | { kind: "again" }
  | { kind: "off" }
  | { kind: "over"; why: Exclude<Failure, "wait"> | "closed" };

/** What asking needs from outside. */
export interface AskDeps {
  pages: BackfillPages;
  change(run: BackfillRun, change: RunChange): Promise<boolean>;
  /** Whether the run may send a request now. */
  isOn(run: BackfillRun): Promise<boolean>;
  sleep(ms: number): Promise<void>;
  now(): number;
  random(): number;
  /** The pause between two requests to one site. */
  pauseMs: { least: number; most: number };
}

/** A page that was opened just now needs a moment for its own first requests. */
const SETTLE_MS = 4_000;

/** So often a page that somebody else opened may be silent, before one is opened for the purpose. */
const MAX_SILENCES = 2;

/** Builds it, for the worker's life. */
export function createAsk(deps: AskDeps) {
  const sites = new Map<string, { turn: Promise<unknown>; freeAt: number }>();

  function inTurn<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const site = sites.get(origin) ?? { turn: Promise.resolve(), freeAt: 0 };
    sites.set(origin, site);
    const result = site.turn.then(async () => {
      const ms = site.freeAt - deps.now();
      if (ms > 0) await deps.sleep(ms);
      try {
        return await work();
      } finally {
        const { least, most } = deps.pauseMs;
        site.freeAt = deps.now() + least + deps.random() * (most - least);
      }
    });
    site.turn = result.catch(() => undefined);
    return result;
  }

  /**
   * The tab to ask from, the person's own first; "opened" when one was opened, which has to load. null: the one that was opened for this was
   * closed, and there is no other.
   */
  async function tabOf(run: BackfillRun): Promise<number | "opened" | null> {
    const { tabId, origin, failure, failures } = run;
    const isOpen = tabId !== null && (await deps.pages.isOpen(tabId));
    const isSilent = failure === "silent" && failures >= MAX_SILENCES;
    const found = isSilent ? null : await deps.pages.find(origin, tabId);
    if (found !== null) return found;
    if (tabId !== null) return isOpen ? tabId : null;
    const opened = await deps.pages.open(origin);
    const notBefore = deps.now() + SETTLE_MS;
    const isKnown = await deps.change(run, () => ({ tabId: opened, notBefore }));
    if (!isKnown) await deps.pages.close(opened);
    return "opened";
  }

  async function take(run: BackfillRun, answer: PageAnswer | null): Promise<Asked> {
    const failure = failureOf(answer);
    if (failure === null) {
      if (run.failures > 0) await deps.change(run, () => ({ failures: 0, failure: null }));
      return { kind: "answer", answer: answer! };
    }
    if (failure !== "wait" && isOver(failure, run.failures + 1)) {
      await deps.change(run, () => ({ failures: 0, failure: null }));
      return { kind: "over", why: failure };
    }
    const ms = waitMs(failure, answer?.retryAfter ?? null, run.failures, deps.random());
    const notBefore = deps.now() + ms;
    await deps.change(run, ({ failures }) => ({ failures: failures + 1, failure, notBefore }));
    return { kind: "again" };
  }

  /** Sends one request; `run` as it is now. */
  return async function ask(run: BackfillRun, wish: PageAsk): Promise<Asked> {
    const tab = await tabOf(run);
    if (tab === null) return { kind: "over", why: "closed" };
    if (tab === "opened") return { kind: "again" };
    const answer = await inTurn(run.origin, async () =>
      (await deps.isOn(run)) ? deps.pages.ask(tab, wish).catch(() => null) : "off",
    );
    return answer === "off" ? { kind: "off" } : take(run, answer);
  };
}
