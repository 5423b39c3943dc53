import { DatabaseSync } from "node:sqlite";
import type {
  AuthProvider,
  Caller,
  Commit,
  Engine,
  EvaluatedPush,
  HttpAnswer,
  HttpCall,
  Identity,
  Json,
  Outcome,
  Push,
  QueryRun,
} from "../types.ts";
import { ActionCalls } from "./action-calls.ts";
import { Calls, type Live, toOutcome } from "./calls.ts";
import { Catalog } from "./catalog.ts";
import { Clock } from "./clock.ts";
import { syncCrons } from "./crons.ts";
import { Files } from "./files.ts";
import { findFunction } from "./functions.ts";
import { runHttpAction } from "./http.ts";
import { IdMaker } from "./ids.ts";
import { Jobs } from "./jobs.ts";
import { Lock } from "./lock.ts";
import { migrate } from "./migrate.ts";
import { evaluateAuth, evaluatePush, type PushContext } from "./push.ts";
import { EVERYTHING } from "./read-set.ts";
import { Runtime, type RuntimeServices } from "./runtime.ts";
import { Scheduler } from "./scheduler.ts";
import { readSnapshot } from "./snapshot.ts";
import { Store } from "./store.ts";
import type { Base } from "./transaction.ts";

/** How to open an engine. */
export interface EngineOptions {
  /** Folder of this deployment's data; created when missing. */
  dataDir: string;
  /** Milliseconds now; the machine's clock unless given. */
  now?: () => number;
  /** Longest uninterrupted run of a query or mutation, in milliseconds; 10 s unless given. */
  functionTimeoutMs?: number;
  /** Told when an action (a client's, a scheduled or an HTTP one) begins and ends: nothing here can stop one that loops. */
  onAction?: (path: string, isRunning: boolean) => void;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const EMPTY_PUSH: Push = { modules: [], schema: null, authConfig: null };
/** A client gives up resending long before. */
const REQUEST_MEMORY_MS = 7 * 24 * 3600 * 1000;

class SqliteEngine implements Engine {
  private readonly store: Store;
  private readonly base: Base;
  private readonly files: Files;
  private readonly calls: Calls;
  private readonly scheduler: Scheduler;
  private readonly services: RuntimeServices;
  private readonly lock = new Lock();
  private readonly live: Live;
  private readonly timeoutMs: number;
  private push = EMPTY_PUSH;
  private providers: AuthProvider[] = [];

  constructor(options: EngineOptions) {
    const wall = options.now ?? Date.now;
    this.timeoutMs = options.functionTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.store = new Store(options.dataDir);
    const schema = JSON.parse(this.store.meta("schema") ?? "null") as Json;
    const clock = new Clock(this.store, wall);
    const catalog = new Catalog(this.store, schema);
    this.base = { store: this.store, clock, catalog, ids: new IdMaker() };
    this.files = new Files(this.store, options.dataDir, wall);
    const jobs = new Jobs((path) => this.functionType(path) !== null);
    this.services = this.makeServices(jobs);
    this.live = { runtime: new Runtime(new Map(), {}, this.services, this.timeoutMs) };
    this.calls = new Calls(this.base, this.live, this.lock, options.onAction);
    this.scheduler = new Scheduler(this.calls, jobs, () => this.live.runtime);
    this.calls.onCommit(() => this.scheduler.wake());
  }

  private makeServices(jobs: Jobs): RuntimeServices {
    const { files } = this;
    const actions = () => new ActionCalls(this.calls, { files, jobs });
    return {
      files,
      jobs,
      isIdOf: (table, id) => this.base.catalog.isIdOf(table, id),
      actionSyscall: (frame, operation, json) => actions().syscall(frame, operation, json),
      actionJsSyscall: (frame, operation, args) => actions().jsSyscall(frame, operation, args),
      now: () => this.base.clock.ms(),
    };
  }

  /** Loads the code that was live when the engine was last closed. */
  async restore(): Promise<void> {
    this.store.atomically(() => this.base.catalog.prepare());
    this.store
      .sql("DELETE FROM requests WHERE at < ?")
      .run(this.base.clock.ms() - REQUEST_MEMORY_MS);
    const saved = this.store.meta("push");
    if (saved === null) return;
    const providers = JSON.parse(this.store.meta("providers") ?? "[]") as AuthProvider[];
    await this.goLive(JSON.parse(saved) as Push, providers);
  }

  private context(changed?: Record<string, string>): PushContext {
    return {
      environment: { ...this.origins(), ...(changed ?? this.environment()) },
      services: this.services,
      timeoutMs: this.timeoutMs,
    };
  }

  /** Convex sets these two for every function. */
  private origins(): Record<string, string> {
    return JSON.parse(this.store.meta("origins") ?? "{}") as Record<string, string>;
  }

  private async goLive(push: Push, providers: AuthProvider[]): Promise<void> {
    const { environment, services, timeoutMs } = this.context();
    this.providers = providers;
    this.live.runtime = await Runtime.of(push.modules, environment, services, timeoutMs);
    this.push = push;
  }

  async runQuery(
    path: string,
    args: Json,
    caller: Caller,
    journal?: string | null,
  ): Promise<QueryRun> {
    return await this.calls.query(path, args, caller, journal ?? null);
  }

  async runQueries(calls: { path: string; args: Json; journal: string | null }[], caller: Caller) {
    return await this.calls.queries(calls, caller);
  }

  async runMutation(
    path: string,
    args: Json,
    caller: Caller,
    request?: { sessionId: string; requestId: number },
  ): Promise<{ outcome: Outcome; ts: bigint }> {
    return await this.calls.mutation(path, args, caller, request);
  }

  async runAction(path: string, args: Json, caller: Caller): Promise<Outcome> {
    return toOutcome(await this.calls.action(path, args, caller));
  }

  functionType(path: string): "query" | "mutation" | "action" | null {
    return findFunction(this.live.runtime.realm("transaction"), path)?.kind ?? null;
  }

  async runHttpAction(call: HttpCall, identity: Identity): Promise<HttpAnswer | null> {
    return await runHttpAction(this.live.runtime.realm("action"), this.calls, call, identity);
  }

  async evaluatePush(push: Push): Promise<EvaluatedPush> {
    return await evaluatePush(push, this.context());
  }

  async activatePush(evaluated: EvaluatedPush): Promise<void> {
    const { push, schema, analysis, authProviders } = evaluated;
    await this.lock.run(async () => {
      const { catalog, ts } = this.store.atomically(() => {
        const migrated = migrate(this.store, schema);
        syncCrons(this.store, analysis, this.base.clock.ms());
        this.store.setMeta("push", JSON.stringify(push));
        this.store.setMeta("schema", JSON.stringify(schema));
        this.store.setMeta("providers", JSON.stringify(authProviders));
        this.store.setMeta("analysis", JSON.stringify(analysis));
        return { catalog: migrated, ts: this.base.clock.stamp() };
      });
      this.base.clock.committed(ts);
      this.base.catalog = catalog;
      await this.goLive(push, authProviders);
      this.calls.announce({ ts, writes: new Set([EVERYTHING]) });
    });
  }

  authProviders(): AuthProvider[] {
    return this.providers;
  }

  analysis(): Record<string, Json> {
    return JSON.parse(this.store.meta("analysis") ?? "{}") as Record<string, Json>;
  }

  environment(): Record<string, string> {
    const rows = this.store.sql("SELECT name, value FROM environment ORDER BY name").all();
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }

  async setEnvironment(changes: Record<string, string | null>): Promise<void> {
    const changed = Object.entries({ ...this.environment(), ...changes });
    const environment = Object.fromEntries(
      changed.filter((entry): entry is [string, string] => entry[1] !== null),
    );
    // A variable that auth.config.ts needs cannot be taken away from under it.
    const providers = await evaluateAuth(this.push, this.context(environment));
    await this.lock.run(async () => {
      const ts = this.store.atomically(() => {
        this.store.sql("DELETE FROM environment").run();
        for (const [name, value] of Object.entries(environment)) {
          this.store.sql("INSERT INTO environment VALUES (?, ?)").run(name, value);
        }
        this.store.setMeta("providers", JSON.stringify(providers));
        return this.base.clock.stamp();
      });
      this.base.clock.committed(ts);
      await this.goLive(this.push, providers);
      this.calls.announce({ ts, writes: new Set([EVERYTHING]) });
    });
  }

  now(): bigint {
    return this.base.clock.latest();
  }

  onCommit(listener: (commit: Commit) => void): () => void {
    return this.calls.onCommit(listener);
  }

  async storeFile(
    body: AsyncIterable<Uint8Array>,
    contentType: string | null,
    sha256Claim?: string,
  ): Promise<string> {
    const staged = await this.files.stage(body, contentType, sha256Claim);
    return await this.calls.system((tx) => this.files.record(tx, staged));
  }

  fileByToken(token: string): { path: string; contentType: string | null; size: number } | null {
    return this.files.byToken(token);
  }

  takeUploadToken(token: string): boolean {
    return this.files.takeUploadToken(token);
  }

  setOrigins(origins: { api: string; site: string }): void {
    this.files.apiOrigin = origins.api;
    const { api: CONVEX_CLOUD_URL, site: CONVEX_SITE_URL } = origins;
    this.store.setMeta("origins", JSON.stringify({ CONVEX_CLOUD_URL, CONVEX_SITE_URL }));
    const { environment, services, timeoutMs } = this.context();
    const { compiled } = this.live.runtime;
    this.live.runtime = new Runtime(compiled, environment, services, timeoutMs);
  }

  exportSnapshot(): AsyncIterable<{ table: string; documents: Json[] }> {
    return readSnapshot(new DatabaseSync(this.store.file, { readOnly: true }));
  }

  startScheduler(): void {
    this.scheduler.start();
  }

  async close(): Promise<void> {
    await this.scheduler.stop();
    await this.lock.run(() => this.store.close());
  }
}

/** Opens the engine over a data folder, with the code that was live there before. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const engine = new SqliteEngine(options);
  await engine.restore();
  return engine;
}
