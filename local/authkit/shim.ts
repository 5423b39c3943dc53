import type { Emulator } from "./emulator.ts";
import type { FailureQueue } from "./failures.ts";
import type { Person } from "./people.ts";

/** What the handlers of one running emulator share. */
export interface Shim {
  emulator: Emulator;
  failures: FailureQueue;
  people: readonly Person[];
  /** Its own address, without a slash at the end. */
  url: string;
  /** The only client id that it knows. */
  clientId: string;
  /** The hosts besides loopback that a sign-in may return to. */
  redirectHosts: readonly string[];
  /** False: authorize signs in at once, without the login page. */
  isInteractive: boolean;
  /** The lifetime of access tokens. */
  tokenSeconds: number;
}
