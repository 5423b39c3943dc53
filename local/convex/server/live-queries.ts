import type { Caller, Commit, Json, QueryRun, ReadSet } from "../types.ts";
import type { Functions } from "./functions.ts";
import type { Modification } from "./sync-messages.ts";

interface LiveQuery {
  id: number;
  path: string;
  args: Json;
  journal: string | null;
  reads: ReadSet | null;
  /** First commit since the last run that wrote what the query read. */
  staleSince: bigint | null;
  /** Set when it must run again for another reason: it is new, the identity or the code changed. */
  isInvalid: boolean;
  /** The result that the client has, as JSON. */
  sent: string | null;
}

/** After this many runs for one Transition, all queries run together, which always gives one snapshot. */
const MAX_ROUNDS = 3;

/**
 * The queries that one socket watches. `refresh` brings all of them to one snapshot and answers with what the client
 * does not have yet; only queries whose read set a commit overlaps run again.
 */
export class LiveQueries {
  readonly #functions: Pick<Functions, "now" | "queries">;
  readonly #queries = new Map<number, LiveQuery>();
  /** Commits that arrived while queries were running, whose read sets are not known yet. */
  #missed: Commit[] = [];
  #running = new Set<LiveQuery>();

  constructor(functions: Pick<Functions, "now" | "queries">) {
    this.#functions = functions;
  }

  add(query: { id: number; path: string; args: Json; journal: string | null }): void {
    this.#queries.set(query.id, {
      ...query,
      reads: null,
      staleSince: null,
      isInvalid: true,
      sent: null,
    });
  }

  remove(id: number): void {
    this.#queries.delete(id);
  }

  has(id: number): boolean {
    return this.#queries.has(id);
  }

  /** Makes every query run again at the next refresh. */
  invalidate(): void {
    for (const query of this.#queries.values()) query.isInvalid = true;
  }

  /** Whether the commit wrote what a query read. */
  onCommit(commit: Commit): boolean {
    if (this.#running.size > 0) this.#missed.push(commit);
    let isStale = false;
    for (const query of this.#queries.values()) isStale = markStale(query, commit) || isStale;
    return isStale || this.#running.size > 0;
  }

  /** Whether `refresh` would run anything. */
  get isStale(): boolean {
    return [...this.#queries.values()].some(needsRun);
  }

  async refresh(caller: Caller): Promise<{ ts: bigint; modifications: Modification[] }> {
    const scope = [...this.#queries.values()];
    const news = new Map<number, Modification>();
    let due = scope.filter(needsRun);
    let ts = this.#functions.now();
    for (let round = 1; due.length > 0; round++) {
      ts = await this.#run(round > MAX_ROUNDS ? scope : due, caller, news);
      due = scope.filter((query) => query.staleSince !== null && query.staleSince <= ts);
    }
    return { ts, modifications: [...news.values()] };
  }

  async #run(
    queries: LiveQuery[],
    caller: Caller,
    news: Map<number, Modification>,
  ): Promise<bigint> {
    for (const query of queries) {
      query.isInvalid = false;
      query.staleSince = null;
    }
    this.#running = new Set(queries);
    this.#missed = [];
    try {
      const { ts, runs } = await this.#functions.queries(queries, caller);
      for (const [index, query] of queries.entries()) {
        const run = runs[index];
        if (run === undefined) throw new Error("The engine answered fewer queries than asked.");
        this.#settle(query, run, ts, news);
      }
      return ts;
    } finally {
      this.#running.clear();
    }
  }

  #settle(query: LiveQuery, run: QueryRun, ts: bigint, news: Map<number, Modification>): void {
    query.reads = run.reads;
    query.journal = run.journal;
    query.staleSince = null;
    for (const commit of this.#missed) if (commit.ts > ts) markStale(query, commit);
    // The same result with other log lines is no news.
    const sent = JSON.stringify([{ ...run.outcome, logLines: [], usage: undefined }, run.journal]);
    if (sent === query.sent) return;
    query.sent = sent;
    news.set(query.id, modificationOf(query.id, run));
  }
}

function needsRun(query: LiveQuery): boolean {
  return query.isInvalid || query.staleSince !== null;
}

function markStale(query: LiveQuery, commit: Commit): boolean {
  if (query.reads === null || !query.reads.overlaps(commit.writes)) return false;
  query.staleSince ??= commit.ts;
  return true;
}

function modificationOf(queryId: number, run: QueryRun): Modification {
  const { outcome, journal } = run;
  if (outcome.success) {
    const { value, logLines } = outcome;
    return { type: "QueryUpdated", queryId, value, logLines, journal };
  }
  const { errorMessage, errorData, logLines } = outcome;
  return { type: "QueryFailed", queryId, errorMessage, errorData, logLines, journal };
}
