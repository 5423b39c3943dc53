import type { Failure, FailingEndpoint } from "./failures.ts";
import type { Shim } from "./shim.ts";

/** How many requests each endpoint has answered since the start. */
export type RequestCounts = Record<FailingEndpoint | "logout", number>;

/** A sign-in that has not ended. */
export interface OpenSignIn {
  /** The `sid` of its tokens. */
  id: string;
  personId: string;
}

/** What tests and the launcher do to the emulator while it runs. */
export interface Control {
  /** The bearer token of `POST /__control`. */
  token: string;
  /** Sets the lifetime of the access tokens made from now on. */
  setTokenSeconds(seconds: number): void;
  /** False: authorize signs in at once, without the login page. */
  setInteractive(isInteractive: boolean): void;
  /** Puts a failure into the queue of its endpoint. */
  fail(failure: Failure): void;
  /** Forgets every failure that is still waiting. */
  clearFailures(): void;
  /** The sign-ins that have not ended. */
  signIns(): OpenSignIn[];
  /** Ends one sign-in as the WorkOS dashboard would: its refresh token is dead at once. */
  revoke(signInId: string): void;
  /** How many requests each endpoint has answered. */
  counts(): RequestCounts;
  /** An access token of a person, made without a sign-in: for reading what is theirs on this machine. */
  tokenFor(personId: string): string;
}

/** The body of `POST /__control`: any of the changes, done in this order. */
export interface ControlRequest {
  tokenSeconds?: number;
  interactive?: boolean;
  clearFailures?: boolean;
  fail?: Failure[];
  revoke?: string;
}

/** Builds the control of one emulator; `changed` is called after what must be kept. */
export function makeControl(
  shim: Shim,
  token: string,
  counts: RequestCounts,
  changed: () => void,
): Control {
  return {
    token,
    setTokenSeconds: (seconds) => {
      shim.tokenSeconds = seconds;
    },
    setInteractive: (isInteractive) => {
      shim.isInteractive = isInteractive;
    },
    fail: (failure) => shim.failures.add(failure),
    clearFailures: () => shim.failures.clear(),
    signIns: () =>
      shim.emulator.store.sessions.all().map((row) => ({ id: row.id, personId: row.user_id })),
    revoke: (signInId) => {
      shim.emulator.store.sessions.delete(signInId);
      changed();
    },
    counts: () => ({ ...counts }),
    tokenFor: (personId) =>
      shim.emulator.signer.sign({ sub: personId, sid: `session_local_${personId}` }),
  };
}

/** Answers `POST /__control` for programs outside this process. */
export async function controlOverHttp(control: Control, request: Request): Promise<Response> {
  if (request.headers.get("authorization") !== `Bearer ${control.token}`) {
    return Response.json({ message: "The control token is missing or wrong." }, { status: 401 });
  }
  const change = (await request.json()) as ControlRequest;
  if (change.tokenSeconds !== undefined) control.setTokenSeconds(change.tokenSeconds);
  if (change.interactive !== undefined) control.setInteractive(change.interactive);
  if (change.clearFailures) control.clearFailures();
  for (const failure of change.fail ?? []) control.fail(failure);
  if (change.revoke !== undefined) control.revoke(change.revoke);
  return Response.json({ signIns: control.signIns(), counts: control.counts() });
}
