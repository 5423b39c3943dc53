import { randomUUID } from "node:crypto";
import type { WebSocket } from "ws";
import type { Caller, Commit, Outcome } from "../types.ts";
import { TokenRefused } from "./auth.ts";
import type { Functions } from "./functions.ts";
import { CALL_BODY_LIMIT } from "./http.ts";
import { LiveQueries } from "./live-queries.ts";
import { type IdentityParts, SyncIdentity } from "./sync-identity.ts";
import {
  type Authenticate,
  type CallMessage,
  type ClientMessage,
  decodeTimestamp,
  type Modification,
  type ModifyQuerySet,
  parseClientMessage,
  responseFrame,
  type StateVersion,
  transitionFrames,
} from "./sync-messages.ts";
import { ProtocolError, SyncSocket } from "./sync-socket.ts";

/** What a session needs of the server. */
export interface SyncParts extends IdentityParts {
  functions: Functions;
}

/**
 * One sync socket. Messages are taken in order. Mutations run one at a time, each followed by its response and only then
 * by a Transition that shows it, so that an optimistic update is never applied on top of its own result.
 */
export class SyncSession {
  readonly #socket: SyncSocket;
  readonly #parts: SyncParts;
  readonly #queries: LiveQueries;
  readonly #identity: SyncIdentity;
  readonly #mutations: { message: CallMessage; caller: Caller }[] = [];
  #sessionId: string | null = null;
  #clockSkew: number | undefined;
  /** What the client knows. */
  #sent: StateVersion = { querySet: 0, identity: 0, ts: 0n };
  #querySet = 0;
  #removed: number[] = [];
  /** A response was sent whose Transition is still owed. */
  #isOwed = false;
  #isWorking = false;
  #inbox: Promise<void> = Promise.resolve();

  constructor(socket: WebSocket, parts: SyncParts) {
    this.#parts = parts;
    this.#queries = new LiveQueries(parts.functions);
    this.#identity = new SyncIdentity(parts, () =>
      this.#refuseToken("The bearer token has expired. Ask for a new one.", false),
    );
    this.#socket = new SyncSocket(
      socket,
      (frame) => this.#receive(frame),
      () => this.#identity.stop(),
    );
  }

  onCommit(commit: Commit): void {
    if (this.#queries.onCommit(commit)) this.#work();
  }

  ping(): void {
    this.#socket.send({ type: "Ping" });
  }

  #receive(frame: string): void {
    this.#inbox = this.#inbox.then(async () => {
      if (this.#socket.isClosed) return;
      try {
        await this.#handle(parseClientMessage(frame), frame.length);
      } catch (error) {
        this.#socket.fail(error);
      }
    });
  }

  async #handle(message: ClientMessage | null, length: number): Promise<void> {
    if (message === null) throw new ProtocolError("A message was not understood.");
    if (message.type === "Connect") return this.#connect(message);
    if (this.#sessionId === null) throw new ProtocolError("The first message must be Connect.");
    switch (message.type) {
      case "Authenticate":
        return this.#authenticate(message);
      case "ModifyQuerySet":
        return this.#modify(message);
      case "Mutation":
      case "Action":
        return this.#call(message, length);
    }
  }

  #connect(message: Extract<ClientMessage, { type: "Connect" }>): void {
    if (this.#sessionId !== null) throw new ProtocolError("Connect was sent twice.");
    const now = this.#parts.now();
    const observed = message.maxObservedTimestamp;
    const newest = [this.#parts.functions.now(), BigInt(now) * 1_000_000n];
    if (observed !== undefined && newest.every((ts) => ts < decodeTimestamp(observed))) {
      throw new ProtocolError(
        "This page has seen data that is newer than this backend's clock and data. Nothing was lost here: " +
          "correct the machine's clock if it was set back, then reload the page.",
      );
    }
    this.#sessionId = message.sessionId;
    if (message.clientTs !== undefined) this.#clockSkew = message.clientTs - now;
  }

  async #authenticate(message: Authenticate): Promise<void> {
    if (message.baseVersion !== this.#identity.version) {
      throw new ProtocolError("Authenticate came for another version of the identity.");
    }
    try {
      await this.#identity.adopt(message);
    } catch (error) {
      if (error instanceof TokenRefused) return this.#refuseToken(error.message, true);
      throw error;
    }
    this.#queries.invalidate();
    this.#work();
  }

  #refuseToken(error: string, authUpdateAttempted: boolean): void {
    this.#socket.authError(error, this.#identity.version, authUpdateAttempted);
  }

  #modify(message: ModifyQuerySet): void {
    if (message.baseVersion !== this.#querySet) {
      throw new ProtocolError("ModifyQuerySet came for another version of the query set.");
    }
    for (const change of message.modifications) {
      if (change.type === "Remove") {
        this.#queries.remove(change.queryId);
        this.#removed.push(change.queryId);
        continue;
      }
      if (this.#queries.has(change.queryId)) throw new ProtocolError("A query was added twice.");
      refuseComponent(change.componentPath);
      const { queryId: id, udfPath: path, args, journal = null } = change;
      this.#queries.add({ id, path, args: args[0] ?? {}, journal });
    }
    this.#querySet = message.newVersion;
    this.#work();
  }

  #call(message: CallMessage, length: number): void {
    refuseComponent(message.componentPath);
    if (length > CALL_BODY_LIMIT) {
      const errorMessage =
        `The arguments of ${message.udfPath} are larger than 16 MiB. Nothing was stored. ` +
        "Send the data in smaller batches.";
      this.#respond(message, { success: false, errorMessage, logLines: [] });
    } else if (message.type === "Mutation") {
      this.#mutations.push({ message, caller: this.#identity.caller });
    } else {
      this.#runAction(message, this.#identity.caller).catch((error: unknown) =>
        this.#socket.fail(error),
      );
    }
    this.#work();
  }

  /** Runs mutations and sends Transitions until nothing is left to do; one at a time. */
  #work(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#loop().catch((error: unknown) => this.#socket.fail(error));
  }

  async #loop(): Promise<void> {
    try {
      while (!this.#socket.isClosed && (this.#mutations.length > 0 || this.#hasNews)) {
        if (this.#hasNews) await this.#transition();
        const next = this.#mutations.shift();
        if (next !== undefined && !this.#socket.isClosed) await this.#runMutation(next);
      }
    } finally {
      this.#isWorking = false;
    }
  }

  get #hasNews(): boolean {
    return (
      this.#isOwed ||
      this.#querySet !== this.#sent.querySet ||
      this.#identity.version !== this.#sent.identity ||
      this.#queries.isStale
    );
  }

  async #transition(): Promise<void> {
    const querySet = this.#querySet;
    const { version: identity, caller } = this.#identity;
    const removed = this.#removed.splice(0);
    const isOwed = this.#isOwed;
    this.#isOwed = false;
    const start = this.#sent;
    const { ts, modifications } = await this.#queries.refresh(caller);
    const isAsked = isOwed || querySet !== start.querySet || identity !== start.identity;
    if (!isAsked && modifications.length === 0) return;
    const gone = removed.map((queryId): Modification => ({ type: "QueryRemoved", queryId }));
    const end = { querySet, identity, ts };
    this.#sent = end;
    const transition = {
      start,
      end,
      modifications: [...gone, ...modifications],
      clientClockSkew: this.#clockSkew,
    };
    for (const frame of transitionFrames(transition, randomUUID())) this.#socket.sendFrame(frame);
  }

  async #runMutation({ message, caller }: { message: CallMessage; caller: Caller }): Promise<void> {
    const { udfPath, args, requestId } = message;
    const request = { sessionId: this.#sessionId ?? "", requestId };
    const { functions } = this.#parts;
    const { outcome, ts } = await functions.mutation(udfPath, args[0] ?? {}, caller, request);
    this.#respond(message, outcome, ts);
  }

  async #runAction(message: CallMessage, caller: Caller): Promise<void> {
    const { udfPath, args } = message;
    const outcome = await this.#parts.functions.action(udfPath, args[0] ?? {}, caller);
    this.#respond(message, outcome);
    this.#work();
  }

  #respond(message: CallMessage, outcome: Outcome, ts?: bigint): void {
    this.#socket.sendFrame(responseFrame(message, outcome, ts));
    this.#isOwed = true;
  }
}

function refuseComponent(componentPath: string | null | undefined): void {
  if (componentPath) {
    throw new ProtocolError(
      `The embedded Convex backend hosts no components, and "${componentPath}" was called.`,
    );
  }
}
