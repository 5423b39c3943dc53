/** What can go wrong with the sign-in, as a person reads it. */
import type { Trouble } from "../utils/errors";
import { WORKOS_API_URL } from "./endpoints";

/** A trouble without its time, which the caller stamps on it. */
export type Untimed = Omit<Trouble, "at">;

const NOT_SIGNED_IN = "You are not signed in, and nothing was changed.";

/** The window was closed, or the person said no. */
export const cancelled: Untimed = {
  code: "sign-in-cancelled",
  message: `The sign-in window was closed before signing in was finished. ${NOT_SIGNED_IN}`,
  next: "Sign in again when you are ready. If the window showed an error, open Options and check the client id there.",
};

/** The browser ended the background, and with it the attempt. */
export const interrupted: Untimed = {
  code: "sign-in-cancelled",
  message: `The browser interrupted signing in. ${NOT_SIGNED_IN}`,
  next: "Close the sign-in window if it is still open, and sign in again.",
};

/** Our own limit: Firefox waits for ever. */
export const timedOut: Untimed = {
  code: "sign-in-timeout",
  message: `Signing in took too long and was given up. ${NOT_SIGNED_IN}`,
  next: "Close the sign-in window if it is still open, and sign in again.",
};

/** One attempt at a time. */
export const busy: Untimed = {
  code: "sign-in-busy",
  message: "A sign-in window is already open, and only one can be open at a time.",
  next: "Finish signing in there, or close that window and sign in again.",
};

/** No client id in the build or the options. */
export const noClientId: Untimed = {
  code: "sign-in-refused",
  message: "No WorkOS client id is set, so there is nobody to sign in with.",
  next: "Open Options and enter the client id from the WorkOS dashboard.",
};

/** A secret where a public id belongs. */
export const secretKey: Untimed = {
  code: "sign-in-refused",
  message: "This is a secret WorkOS API key, not a client id. It was not sent anywhere.",
  next: "Enter the client id, which begins with client_, and keep the API key out of the browser.",
};

/** WorkOS knows no such client. */
export function unknownClientId(clientId: string): Untimed {
  return {
    code: "sign-in-refused",
    message: `WorkOS does not know the client id "${clientId}". ${NOT_SIGNED_IN}`,
    next: "Open Options and enter the client id of your WorkOS environment; the same one must be WORKOS_CLIENT_ID on Convex.",
  };
}

/** The redirect URI is not registered. */
export function redirectRefused(redirectUri: string): Untimed {
  return {
    code: "sign-in-refused",
    message: `WorkOS does not accept this extension's redirect URI. ${NOT_SIGNED_IN}`,
    next: `Add exactly this redirect URI in the WorkOS dashboard: ${redirectUri}`,
  };
}

/** Any other refusal, with WorkOS's own code. */
export function refused(code: string | null): Untimed {
  const why = code === null ? "" : ` (${code})`;
  return {
    code: "sign-in-refused",
    message: `WorkOS refused to sign you in${why}. ${NOT_SIGNED_IN}`,
    next: "Sign in again. If it is refused again, open Options and check the client id.",
  };
}

/** The answer does not belong to the question. */
export const stateMismatch: Untimed = {
  code: "sign-in-refused",
  message: `The answer that came back does not belong to this sign-in and was thrown away, in case somebody else sent it. ${NOT_SIGNED_IN}`,
  next: "Sign in again.",
};

/** No answer, or a server's error. `status` null: no answer at all. */
export function unreachable(status: number | null): Untimed {
  const what =
    status === null
      ? `WorkOS (${WORKOS_API_URL}) cannot be reached.`
      : `WorkOS has a problem of its own and answered with ${status}.`;
  return {
    code: "sign-in-unreachable",
    message: `${what} ${NOT_SIGNED_IN}`,
    next: "Check the network connection, then try again.",
  };
}

/** CORS: no host permission, and WorkOS does not allow the origin. */
export function accessWithheld(permission: string, origin: string): Untimed {
  return {
    code: "permission-missing",
    message: `The browser does not let this extension read WorkOS's answers. ${NOT_SIGNED_IN}`,
    next: `Allow ${permission} in the browser's settings for this extension, or add ${origin} to the allowed web origins in the WorkOS dashboard.`,
  };
}

/** WorkOS ended the sign-in. */
export const ended: Untimed = {
  code: "sign-in-needed",
  message:
    "WorkOS ended your sign-in. Nothing is lost: what was captured waits here until you are back.",
  next: "Sign in again to go on.",
};

/** The sealed sign-in cannot be opened. */
export const unreadable: Untimed = {
  code: "sign-in-needed",
  message:
    "The saved sign-in cannot be read any more, because the browser's data was cleared or changed. What was captured waits here until you are back.",
  next: "Sign in again to go on.",
};

/** Another client id was set. */
export const clientIdChanged: Untimed = {
  code: "sign-in-needed",
  message:
    "You were signed out because the client id was changed. What was captured waits here until its owner is back.",
  next: "Sign in again with the new client id.",
};

/** Signed out here only. */
export const remoteSignOutFailed: Untimed = {
  code: "sign-in-unreachable",
  message:
    "You are signed out here, but WorkOS could not be reached, so your sign-in there goes on until it expires.",
  next: "To end it there too, sign in and out again when WorkOS can be reached.",
};

/** A bug or a full disk: what the browser said helps to report it. */
export function unexpected(error: unknown): Untimed {
  const said = error instanceof Error ? error.message : String(error);
  return {
    code: "unexpected",
    message: `Signing in failed in a way that was not foreseen: ${said}. ${NOT_SIGNED_IN}`,
    next: "Sign in again. If it fails again, restart the browser.",
  };
}
