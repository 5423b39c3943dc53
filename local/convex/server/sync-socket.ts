import type { WebSocket } from "ws";
import { KeysUnreachable } from "./auth.ts";

/** Close codes that the official clients treat as "connect again". */
const CLOSE_NORMAL = 1000;
const CLOSE_TRY_AGAIN = 1011;

/** A message that breaks the protocol; ends the session with a FatalError. */
export class ProtocolError extends Error {}

/** The sending end of one sync socket, and the ways in which a session ends. */
export class SyncSocket {
  readonly #socket: WebSocket;
  readonly #onStop: () => void;
  isClosed = false;

  constructor(socket: WebSocket, onFrame: (frame: string) => void, onStop: () => void) {
    this.#socket = socket;
    this.#onStop = onStop;
    socket.on("message", (data) => onFrame(String(data)));
    socket.on("close", () => this.#stop());
    // A broken connection ends with "close", and the client connects again.
    socket.on("error", () => this.#stop());
  }

  send(message: object): void {
    this.sendFrame(JSON.stringify(message));
  }

  sendFrame(frame: string): void {
    if (!this.isClosed) this.#socket.send(frame);
  }

  /** Ends the session because of a token; the client fetches a new one and connects again. */
  authError(error: string, baseVersion: number, authUpdateAttempted: boolean): void {
    this.send({ type: "AuthError", error, baseVersion, authUpdateAttempted });
    this.#close(CLOSE_NORMAL, "AuthError");
  }

  /** Ends the session because of an error: for good when the client broke the protocol, else the client tries again. */
  fail(error: unknown): void {
    if (this.isClosed) return;
    if (error instanceof ProtocolError) {
      this.send({ type: "FatalError", error: error.message });
      this.#close(CLOSE_NORMAL, "FatalError");
      return;
    }
    if (!(error instanceof KeysUnreachable)) {
      console.error("The embedded Convex backend failed on a live connection:", error);
    }
    this.#close(CLOSE_TRY_AGAIN, "InternalServerError");
  }

  #close(code: number, reason: string): void {
    this.#stop();
    this.#socket.close(code, reason);
  }

  #stop(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#onStop();
  }
}
