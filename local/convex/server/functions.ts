import type {
  Caller,
  Commit,
  Engine,
  Json,
  Outcome,
  QueryRun,
  ReadSet,
  WriteSet,
} from "../types.ts";
import type { HungCalls } from "./hung-calls.ts";
import type { SystemQueries } from "./system-queries.ts";

/** What a system query or a refused call read: nothing that a commit could change. */
const NOTHING: ReadSet = { overlaps: (_writes: WriteSet) => false };

/** A query as the sync socket asks for it. */
export interface QueryCall {
  path: string;
  args: Json;
  journal: string | null;
}

/** Every way to call a function of the live code: the engine's, with the CLI's system queries and hung calls before it. */
export class Functions {
  readonly #engine: Engine;
  readonly #system: SystemQueries;
  readonly #hung: HungCalls;

  constructor(engine: Engine, system: SystemQueries, hung: HungCalls) {
    this.#engine = engine;
    this.#system = system;
    this.#hung = hung;
  }

  now(): bigint {
    return this.#engine.now();
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    return this.#engine.onCommit(listener);
  }

  async query(path: string, args: Json, caller: Caller): Promise<Outcome> {
    const own = await this.#ownAnswer(path, args, caller);
    if (own !== null) return own;
    return (await this.#engine.runQuery(path, args, caller)).outcome;
  }

  /** Runs several queries at one snapshot. */
  async queries(calls: QueryCall[], caller: Caller): Promise<{ ts: bigint; runs: QueryRun[] }> {
    const own = await Promise.all(
      calls.map(({ path, args }) => this.#ownAnswer(path, args, caller)),
    );
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
          : { outcome, journal: null, reads: NOTHING },
      ),
    };
  }

  async mutation(
    path: string,
    args: Json,
    caller: Caller,
    request?: { sessionId: string; requestId: number },
  ): Promise<{ outcome: Outcome; ts: bigint }> {
    const hung = this.#hung.refusal(path, args);
    if (hung !== null) return { outcome: hung, ts: this.#engine.now() };
    return this.#engine.runMutation(path, args, caller, request);
  }

  async action(path: string, args: Json, caller: Caller): Promise<Outcome> {
    return this.#hung.refusal(path, args) ?? this.#engine.runAction(path, args, caller);
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

  async #ownAnswer(path: string, args: Json, caller: Caller): Promise<Outcome | null> {
    if (path.startsWith("_system/")) return this.#system.run(path, args, caller);
    return this.#hung.refusal(path, args);
  }
}
