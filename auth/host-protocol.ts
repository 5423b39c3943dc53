/**
 * What the background and the place where authkit-js runs say to each other. Every call carries what the host needs to begin from
 * nothing, because Chrome may close the offscreen page, and Firefox the event page, between any two calls.
 */
import type { Profile } from "../utils/storage";

/** A token with less left is refreshed before use: a batch that takes a while must not run out of it. */
export const REFRESH_MARGIN_MS = 60_000;

/** Where WorkOS is, and who asks. */
export interface HostConfig {
  clientId: string;
  redirectUri: string;
  apiHostname: string;
  /** Only where WorkOS is not at the standard port. */
  port?: number;
  https: boolean;
}

/** A sign-in as the sealed store keeps it. */
export interface AuthSession {
  /** Random; stays over refreshes, and keeps late news of an ended sign-in apart from the next one. */
  signInId: string;
  clientId: string;
  refreshToken: string;
  /** WorkOS's `sid`, to end the sign-in there. */
  sessionId: string | null;
  profile: Profile;
}

/** A new pair of tokens: it must be in the sealed store before the access token is used. */
export interface Grant {
  refreshToken: string;
  sessionId: string | null;
  profile: Profile;
  accessToken: string;
  /** Unix ms by this machine's clock. */
  expiresAt: number;
}

/** A grant that a refresh brought, for the sign-in that it belongs to. */
export interface Rotation {
  signInId: string;
  grant: Grant;
}

/** WorkOS could not be reached, or answered with an error that says nothing about the sign-in. */
export interface Unavailable {
  outcome: "unavailable";
  /** The HTTP status, or null when there was no answer. */
  status: number | null;
  /** WorkOS's error code, when it gave one. */
  error: string | null;
  /** From Retry-After. */
  retryAfterMs: number | null;
}

/** The answer of an exchange of a code. */
export type ExchangeResult = { outcome: "ok"; grant: Grant } | Unavailable;

/** The answer to a wish for a token. `ended`: WorkOS said invalid_grant. */
export type TokenResult =
  { outcome: "ok"; token: string; expiresAt: number } | { outcome: "ended" } | Unavailable;

/** What authkit-js is asked for. Calls run one after the other. */
export interface AuthkitHost {
  /** A sign-in URL with PKCE and our `state`; the verifier belongs to it. */
  begin(args: {
    config: HostConfig;
    state: { nonce: string };
  }): Promise<{ url: string; verifier: string }>;
  /** Exchanges the code that came back. Nothing is kept of a failed exchange. */
  exchange(args: {
    config: HostConfig;
    signInId: string;
    code: string;
    verifier: string;
  }): Promise<ExchangeResult>;
  /** A valid access token of the sign-in; a rotated refresh token is saved before this answers. */
  token(args: {
    config: HostConfig;
    session: AuthSession;
    forceRefresh: boolean;
  }): Promise<TokenResult>;
  /** Forgets every sign-in. */
  forget(args: { config: HostConfig }): Promise<null>;
}

/** Puts a rotated pair into the sealed store; rejects when that failed. */
export type SaveRotation = (rotation: Rotation) => Promise<void>;
