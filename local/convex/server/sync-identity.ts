import type { Caller } from "../types.ts";
import { CLOCK_TOLERANCE, TokenRefused, type TokenVerifier } from "./auth.ts";
import { actingAs, type Callers, NOBODY, wrongAdminKey } from "./callers.ts";
import type { Authenticate } from "./sync-messages.ts";

const MAX_TIMER = 2 ** 31 - 1;

/** How a session's caller is verified. */
export interface IdentityParts {
  verifier: TokenVerifier;
  callers: Callers;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Who is at the other end of one socket, and since which version; tells when the token runs out. */
export class SyncIdentity {
  readonly #parts: IdentityParts;
  readonly #onExpired: () => void;
  #expiry: NodeJS.Timeout | undefined;
  #isStopped = false;
  caller: Caller = NOBODY;
  version = 0;

  constructor(parts: IdentityParts, onExpired: () => void) {
    this.#parts = parts;
    this.#onExpired = onExpired;
  }

  /** Takes on the identity of the message; throws TokenRefused, leaving everything as it was. */
  async adopt(message: Authenticate): Promise<void> {
    const { caller, expires } = await this.#verify(message);
    clearTimeout(this.#expiry);
    if (expires !== null) this.#expireAt((expires + CLOCK_TOLERANCE) * 1000);
    this.caller = caller;
    this.version += 1;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#expiry);
  }

  async #verify(message: Authenticate): Promise<{ caller: Caller; expires: number | null }> {
    switch (message.tokenType) {
      case "None":
        return { caller: NOBODY, expires: null };
      case "User": {
        const { identity, expires } = await this.#parts.verifier.verify(message.value);
        return { caller: { identity, isAdmin: false }, expires };
      }
      case "Admin": {
        if (!this.#parts.callers.isAdminKey(message.value)) {
          throw new TokenRefused(wrongAdminKey().message);
        }
        const identity = message.impersonating ? actingAs(message.impersonating) : null;
        return { caller: { identity, isAdmin: true }, expires: null };
      }
    }
  }

  #expireAt(time: number): void {
    if (this.#isStopped) return;
    const left = time - this.#parts.now();
    const check = () => (left > MAX_TIMER ? this.#expireAt(time) : this.#onExpired());
    this.#expiry = setTimeout(check, Math.min(left, MAX_TIMER));
  }
}
