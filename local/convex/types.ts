/**
 * The seam of the embedded backend: `engine/` runs functions over SQLite and knows no protocol; `server/` speaks
 * Convex's protocols and knows no SQL. Values cross as Convex's JSON encoding (`convexToJson` of convex/values).
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A verified caller: the claims that `ctx.auth.getUserIdentity()` answers with; null is nobody. */
export type Identity = {
  tokenIdentifier: string;
  subject: string;
  issuer: string;
  [claim: string]: Json;
} | null;

/** Who calls, and whether with the admin key (which may call internal functions). */
export interface Caller {
  identity: Identity;
  isAdmin: boolean;
}

/** What one query or mutation read and wrote, rows and bytes of documents, indexes not counted. */
export interface CallUsage {
  documentsRead: number;
  bytesRead: number;
  databaseQueries: number;
  documentsWritten: number;
  bytesWritten: number;
}

/** What one function call came to. `errorData` is set for a ConvexError, `usage` where a transaction ran. */
export type Outcome = { logLines: string[]; usage?: CallUsage } & (
  { success: true; value: Json } | { success: false; errorMessage: string; errorData?: Json }
);

/** What a query read, so that a commit can tell whether it must run again. Opaque to the server. */
export interface ReadSet {
  overlaps(write: WriteSet): boolean;
}

/** What one commit wrote. Opaque to the server. */
export type WriteSet = ReadonlySet<string>;

export interface QueryRun {
  outcome: Outcome;
  /** First continueCursor of a paginated query: hand it back on the next run so that reactive pages neither gap nor overlap. */
  journal: string | null;
  reads: ReadSet;
}

/** A committed transaction, told to listeners after it is durable. `ts` is wall-clock nanoseconds, strictly rising, also over restarts. */
export interface Commit {
  ts: bigint;
  writes: WriteSet;
}

/** One module of a pushed bundle, as the official CLI sends it. */
export interface PushedModule {
  path: string;
  source: string;
}

export interface Push {
  modules: PushedModule[];
  /** The bundled `schema.ts`, if the project has one. */
  schema: PushedModule | null;
  /** The bundled `auth.config.ts`, if the project has one. */
  authConfig: PushedModule | null;
}

/** A provider of auth.config.ts after evaluation. */
export interface AuthProvider {
  type: "customJwt";
  issuer: string;
  jwks: string;
  algorithm: string;
  applicationID?: string;
}

/** What a push evaluates to, before it becomes live. Throws `PushError` (a message for the person) when it cannot. */
export interface EvaluatedPush {
  push: Push;
  authProviders: AuthProvider[];
  /** `schema.export()` of the bundle, parsed; null without a schema. */
  schema: Json;
  /** Per module path: its functions in the shape that the CLI's `analyzedFunction` expects, plus http routes and crons. */
  analysis: Record<string, Json>;
}

/** A request to `http.ts`, and its answer, in plain data. */
export interface HttpCall {
  method: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
}
export interface HttpAnswer {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** A refusal that a person can act on. `code` is stable; the message says what to do. */
export class EngineError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "EngineError";
    this.code = code;
  }
}

/** Everything the server needs of the engine. One call at a time touches the store; the engine queues them itself. */
export interface Engine {
  /** Runs one public (or, for an admin, internal) query at the latest snapshot. */
  runQuery(path: string, args: Json, caller: Caller, journal?: string | null): Promise<QueryRun>;
  /** Runs several queries at one snapshot, for one Transition. */
  runQueries(
    calls: { path: string; args: Json; journal: string | null }[],
    caller: Caller,
  ): Promise<{ ts: bigint; runs: QueryRun[] }>;
  /**
   * Runs one mutation. With `request`, the outcome is stored in the same transaction under (sessionId, requestId), and a
   * resend gets the stored outcome without running again.
   */
  runMutation(
    path: string,
    args: Json,
    caller: Caller,
    request?: { sessionId: string; requestId: number },
  ): Promise<{ outcome: Outcome; ts: bigint }>;
  runAction(path: string, args: Json, caller: Caller): Promise<Outcome>;
  /** "query" | "mutation" | "action", or null when there is no such function (for `POST /api/function` and `npx convex run`). */
  functionType(path: string): "query" | "mutation" | "action" | null;
  /** Answers null when no route of http.ts matches. */
  runHttpAction(call: HttpCall, identity: Identity): Promise<HttpAnswer | null>;

  evaluatePush(push: Push): Promise<EvaluatedPush>;
  /** Makes an evaluated push live after validating every stored document against its schema and building missing indexes; throws EngineError "SchemaMismatch" naming table, document id and field otherwise, leaving the old code live. */
  activatePush(evaluated: EvaluatedPush): Promise<void>;
  /** Providers of the live auth.config.ts. */
  authProviders(): AuthProvider[];
  /** `EvaluatedPush.analysis` of the live push, also after a restart; empty before the first push. */
  analysis(): Record<string, Json>;

  environment(): Record<string, string>;
  setEnvironment(changes: Record<string, string | null>): Promise<void>;

  /** Latest committed ts. */
  now(): bigint;
  onCommit(listener: (commit: Commit) => void): () => void;

  /** Stores a file; answers its `_storage` id. */
  storeFile(
    body: AsyncIterable<Uint8Array>,
    contentType: string | null,
    sha256Claim?: string,
  ): Promise<string>;
  /** Path on disk and type of a stored file by the random uuid-like token of its URL; null when gone. */
  fileByToken(token: string): { path: string; contentType: string | null; size: number } | null;
  /** One-time upload tokens, issued by ctx.storage.generateUploadUrl(); true when it was valid and is now used up. */
  takeUploadToken(token: string): boolean;
  /** Origin that storage URLs are made with, for example http://127.0.0.1:3210. */
  setOrigins(origins: { api: string; site: string }): void;

  /** Every table with its documents in `_creationTime` order, system tables included, streamed table by table. */
  exportSnapshot(): AsyncIterable<{ table: string; documents: Json[] }>;

  /** Starts due scheduled functions and crons, also those that came due while the process was down. */
  startScheduler(): void;
  close(): Promise<void>;
}
