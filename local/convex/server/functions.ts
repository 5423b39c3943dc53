import type { Caller, Commit, Engine, Json, Outcome, QueryRun, ReadSet } from "../types.ts";
import type { SystemQueries } from "./system-queries.ts";

/** What a system query read is not tracked: it runs again after every commit, as cheap and rare as it is. */
const ANYTHING: ReadSet = { overlaps: () => true };

/** A query as the sync socket asks for it. */
export interface QueryCall {
  path: string;
  args: Json;
  journal: string | null;
}

/** Every way to call a function of the live code: the engine's, with the CLI's system queries before it. */
export class Functions {
  readonly #engine: Engine;
  readonly #system: SystemQueries;

  constructor(engine: Engine, system: SystemQueries) {
    this.#engine = engine;
    this.#system = system;
  }

  now(): bigint {
    return this.#engine.now();
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    return this.#engine.onCommit(listener);
  }

  async query(path: string, args: Json, caller: Caller): Promise<Outcome> {
    const own = this.#ownAnswer(path, args, caller);
    if (own !== null) return own;
    return (await this.#engine.runQuery(path, args, caller)).outcome;
  }

  /** Runs several queries at one snapshot. */
  async queries(calls: QueryCall[], caller: Caller): Promise<{ ts: bigint; runs: QueryRun[] }> {
    const own = calls.map(({ path, args }) => this.#ownAnswer(path, args, caller));
    const others = calls
      .filter((_, index) => own[index] === null)
      .map(({ path, args, journal }) => ({ path, args, journal }));
    const { ts, runs } =
      others.length === 0
        ? { ts: this.#engine.now(), runs: [] }
        : await this.#engine.runQueries(others, caller);
    const rest = runs.values();
    return {
      ts,
      runs: own.map((outcome) =>
        outcome === null
          ? (rest.next().value as QueryRun)
          : { outcome, journal: null, reads: ANYTHING },
      ),
    };
  }

  async mutation(
    path: string,
    args: Json,
    caller: Caller,
    request?: { sessionId: string; requestId: number },
  ): Promise<{ outcome: Outcome; ts: bigint }> {
    return this.#engine.runMutation(path, args, caller, request);
  }

  async action(path: string, args: Json, caller: Caller): Promise<Outcome> {
    return this.#engine.runAction(path, args, caller);
  }

  /** Runs a function of whatever type it is, as `npx convex run` does. */
  async any(path: string, args: Json, caller: Caller): Promise<Outcome> {
    switch (this.#engine.functionType(path)) {
      case "mutation":
        return (await this.mutation(path, args, caller)).outcome;
      case "action":
        return this.action(path, args, caller);
      default:
        return this.query(path, args, caller);
    }
  }

  #ownAnswer(path: string, args: Json, caller: Caller): Outcome | null {
    return path.startsWith("_system/") ? this.#system.run(path, args, caller) : null;
  }
}
