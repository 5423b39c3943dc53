import type { Caller, Commit, Json, Outcome, QueryRun } from "../types.ts";
import { currentFrame, Execution, type FunctionKind, newFrame } from "./execution.ts";
import { CallRefused, requireFunction } from "./functions.ts";
import type { Lock } from "./lock.ts";
import { FunctionTimeout } from "./realm.ts";
import type { Runtime } from "./runtime.ts";
import { failedOutcome } from "./thrown.ts";
import { StorageFailed } from "./store.ts";
import { type Base, Transaction } from "./transaction.ts";

/** Code that is live. */
export interface Live {
  runtime: Runtime;
}

/** Names one resend-safe request of a client. */
export interface RequestKey {
  sessionId: string;
  requestId: number;
}

/** What a call may do beyond its arguments. */
export interface CallOptions {
  journal?: string | null;
  request?: RequestKey;
  scheduledFunctionId?: string;
  /** Runs inside the transaction after the mutation has succeeded. */
  beforeCommit?(tx: Transaction): void;
}

/** How one execution ended: its value, or what was thrown. */
export type Ending = { execution: Execution } & ({ value: Json } | { thrown: unknown });

/** The answer that a client gets. */
export function toOutcome(ending: Ending): Outcome {
  const { logLines } = ending.execution;
  if ("value" in ending) return { success: true, value: ending.value, logLines };
  const { thrown } = ending;
  const isOwn = [CallRefused, FunctionTimeout, StorageFailed].some(
    (kind) => thrown instanceof kind,
  );
  if (isOwn) {
    return { success: false, errorMessage: (thrown as Error).message, logLines };
  }
  return failedOutcome(thrown, logLines);
}

/** Runs functions from outside: queries and mutations one at a time, each in its transaction. */
export class Calls {
  readonly base: Base;
  private readonly live: Live;
  private readonly lock: Lock;
  private readonly listeners = new Set<(commit: Commit) => void>();
  private readonly onAction: (path: string, isRunning: boolean) => void;

  constructor(
    base: Base,
    live: Live,
    lock: Lock,
    onAction: (path: string, isRunning: boolean) => void = () => undefined,
  ) {
    this.base = base;
    this.live = live;
    this.lock = lock;
    this.onAction = onAction;
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Tells of a commit. Listeners run outside the context of whatever function caused it. */
  announce(commit: Commit): void {
    currentFrame.exit(() => {
      for (const listener of this.listeners) listener(commit);
    });
  }

  query(path: string, args: Json, caller: Caller, journal: string | null): Promise<QueryRun> {
    return this.lock.run(() => this.queryNow(path, args, caller, journal));
  }

  queries(
    calls: { path: string; args: Json; journal: string | null }[],
    caller: Caller,
  ): Promise<{ ts: bigint; runs: QueryRun[] }> {
    return this.lock.run(async () => {
      const runs: QueryRun[] = [];
      for (const { path, args, journal } of calls) {
        runs.push(await this.queryNow(path, args, caller, journal));
      }
      return { ts: this.base.clock.latest(), runs };
    });
  }

  /** A query that an action makes. */
  queryEnding(path: string, args: Json, caller: Caller): Promise<Ending> {
    return this.lock.run(async () => {
      const { ending } = await this.transact("query", path, args, caller, {});
      return ending;
    });
  }

  /** A mutation that an action makes or that was scheduled. */
  mutationEnding(
    path: string,
    args: Json,
    caller: Caller,
    options: CallOptions = {},
  ): Promise<Ending> {
    return this.lock.run(async () => {
      const { ending } = await this.transact("mutation", path, args, caller, options);
      return ending;
    });
  }

  private async queryNow(
    path: string,
    args: Json,
    caller: Caller,
    journal: string | null,
  ): Promise<QueryRun> {
    const { ending, tx } = await this.transact("query", path, args, caller, { journal });
    const outcome = { ...toOutcome(ending), usage: tx.usage.counts() };
    return { outcome, journal: ending.execution.journal, reads: tx.reads };
  }

  /** A mutation that a client makes; one that it sends again is answered as before, without running. */
  mutation(
    path: string,
    args: Json,
    caller: Caller,
    request?: RequestKey,
  ): Promise<{ outcome: Outcome; ts: bigint }> {
    return this.lock.run(async () => {
      const known = request === undefined ? null : this.recall(request);
      if (known !== null) return { outcome: known, ts: this.base.clock.latest() };
      const { ending, tx } = await this.transact("mutation", path, args, caller, { request });
      const outcome = { ...toOutcome(ending), usage: tx.usage.counts() };
      return { outcome, ts: this.base.clock.latest() };
    });
  }

  /** Runs the engine's own work in a transaction. */
  system<T>(work: (tx: Transaction) => T): Promise<T> {
    return this.lock.run(() => {
      const tx = new Transaction(this.base, false);
      try {
        const result = work(tx);
        this.finish(tx);
        return result;
      } catch (error) {
        tx.rollback();
        throw error;
      }
    });
  }

  private async transact(
    kind: "query" | "mutation",
    path: string,
    args: Json,
    caller: Caller,
    options: CallOptions,
  ): Promise<{ ending: Ending; tx: Transaction }> {
    const tx = new Transaction(this.base, kind === "query");
    const execution = this.execution(caller, tx, options);
    try {
      const value = await this.invoke(execution, kind, path, args);
      execution.isOver = true;
      options.beforeCommit?.(tx);
      if (options.request) this.remember(tx, options.request, { execution, value });
      this.finish(tx);
      return { ending: { execution, value }, tx };
    } catch (thrown) {
      execution.isOver = true;
      tx.rollback();
      if (thrown instanceof FunctionTimeout) this.live.runtime.discardTransactionRealm();
      return { ending: { execution, thrown }, tx };
    }
  }

  private execution(caller: Caller, tx: Transaction | null, options: CallOptions): Execution {
    const { journal, scheduledFunctionId } = options;
    return new Execution({
      caller,
      tx,
      scheduledFunctionId,
      journal: journal ?? null,
      now: () => this.base.clock.ms(),
    });
  }

  private invoke(
    execution: Execution,
    kind: FunctionKind,
    path: string,
    args: Json,
  ): Promise<Json> {
    const { runtime } = this.live;
    const realm = runtime.realm(kind === "action" ? "action" : "transaction");
    const called = requireFunction(realm, path, kind, execution.caller.isAdmin);
    return runtime.invoke(newFrame(execution, called.path, kind), called, args);
  }

  private finish(tx: Transaction): void {
    const commit = tx.commit();
    if (commit !== null) this.announce(commit);
  }

  private remember(tx: Transaction, { sessionId, requestId }: RequestKey, ending: Ending): void {
    const outcome = JSON.stringify(toOutcome(ending));
    tx.execute(
      "INSERT INTO requests VALUES (?, ?, ?, ?)",
      sessionId,
      requestId,
      outcome,
      tx.startedAt,
    );
  }

  /** The outcome of a request that was already carried out. */
  private recall({ sessionId, requestId }: RequestKey): Outcome | null {
    const row = this.base.store
      .sql("SELECT outcome FROM requests WHERE session = ? AND request = ?")
      .get(sessionId, requestId);
    return row === undefined ? null : (JSON.parse(row.outcome as string) as Outcome);
  }

  /** Runs an action, beside whatever else runs. */
  async action(
    path: string,
    args: Json,
    caller: Caller,
    options: CallOptions = {},
  ): Promise<Ending> {
    const execution = this.execution(caller, null, options);
    this.onAction(path, true);
    try {
      return { execution, value: await this.invoke(execution, "action", path, args) };
    } catch (thrown) {
      return { execution, thrown };
    } finally {
      this.onAction(path, false);
      execution.isOver = true;
    }
  }

  /** Runs an HTTP action, which takes a request and answers with a response instead of values. */
  async http<T>(caller: Caller, call: () => unknown): Promise<T> {
    const execution = this.execution(caller, null, {});
    const frame = newFrame(execution, "http", "action");
    this.onAction(frame.path, true);
    try {
      const realm = this.live.runtime.realm("action");
      const settled = await currentFrame.run(frame, () => realm.call(call));
      if (!settled.isSuccess) throw settled.value;
      return settled.value as T;
    } finally {
      this.onAction(frame.path, false);
      execution.isOver = true;
    }
  }
}
