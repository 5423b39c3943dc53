import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { SyncSession, type SyncParts } from "./sync-session.ts";

/** Clients give up after 60 s of silence. */
const PING_INTERVAL = 15_000;
/** Well above the limit for arguments, so that a call that exceeds it gets an answer instead of a broken connection. */
const MAX_FRAME = 64 * 1024 * 1024;
const GOING_AWAY = 1001;
/** Milliseconds that clients get to answer the close. */
const CLOSE_GRACE = 200;

/** The sync protocol for all live clients: `/api/sync` and `/api/<version of convex>/sync`. */
export class SyncServer {
  readonly #parts: SyncParts;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME });
  readonly #sessions = new Set<SyncSession>();
  readonly #ping: NodeJS.Timeout;
  readonly #unsubscribe: () => void;

  constructor(parts: SyncParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.functions.onCommit((commit) => {
      for (const session of this.#sessions) session.onCommit(commit);
    });
    this.#ping = setInterval(() => {
      for (const session of this.#sessions) session.ping();
    }, PING_INTERVAL);
  }

  static matches(pathname: string): boolean {
    return /^\/api\/([^/]+\/)?sync$/.test(pathname);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new SyncSession(webSocket, this.#parts);
      this.#sessions.add(session);
      webSocket.on("close", () => this.#sessions.delete(session));
    });
  }

  close(): void {
    clearInterval(this.#ping);
    this.#unsubscribe();
    for (const client of this.#sockets.clients) {
      client.close(GOING_AWAY);
      setTimeout(() => client.terminate(), CLOSE_GRACE).unref();
    }
    this.#sockets.close();
  }
}
