/** Something that went wrong, told to the person: what happened, what it means for their data, what to do next. */
export interface Trouble {
  /** Stable, for tests and for the UI to offer the right button. */
  code:
    | "sign-in-needed"
    | "sign-in-cancelled"
    | "sign-in-timeout"
    | "sign-in-refused"
    | "sign-in-unreachable"
    | "sign-in-busy"
    | "deployment-missing"
    | "deployment-invalid"
    | "deployment-unreachable"
    | "deployment-outdated"
    | "token-refused"
    | "rate-limited"
    | "agent-unreadable"
    | "permission-missing"
    | "storage-full"
    | "backfill-paused"
    | "unexpected";
  /** One sentence: what happened and what it means for the data. */
  message: string;
  /** One sentence: what to do next. */
  next: string;
  /** Unix ms. */
  at: number;
}

/** The answer of a call that may fail in an expected way. */
export type Answer<T = null> = { ok: true; value: T } | { ok: false; trouble: Trouble };

/** Thrown instead of a token: somebody is signed in, but WorkOS cannot be asked for a token now. */
export class SignInUnavailableError extends Error {
  override name = "SignInUnavailableError";
  /** When WorkOS may be asked again, if it said so. */
  readonly retryAfterMs: number | null;

  constructor(retryAfterMs: number | null) {
    super("WorkOS cannot be reached for a fresh token. You stay signed in, and nothing is lost.");
    this.retryAfterMs = retryAfterMs;
  }
}

/** Also for an error that came as a message from another part of the extension, where it has lost its class. */
export function isSignInUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === "SignInUnavailableError";
}
