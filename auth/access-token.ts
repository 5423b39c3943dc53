/**
 * Hands out access tokens: the kept one while it is good for another minute, else a fresh one, asked for once however many want it. Only
 * WorkOS's confirmed invalid_grant ends the sign-in; whatever else goes wrong is thrown as SignInUnavailableError.
 */
import { SignInUnavailableError } from "../utils/errors";
import { accessToken, workosNotBefore } from "../utils/storage";
import type { AuthState } from "./auth-state";
import { hostConfig } from "./endpoints";
import {
  REFRESH_MARGIN_MS,
  type AuthkitHost,
  type AuthSession,
  type TokenResult,
} from "./host-protocol";
import * as troubles from "./troubles";

/** The longest wait that is taken from a Retry-After. */
const MAX_WAIT_MS = 5 * 60_000;

/** What handing out tokens needs. */
export interface AccessTokenDeps {
  state: AuthState;
  host: AuthkitHost;
  now: () => number;
  /** How long to wait before a refused refresh is believed. */
  confirmAfterMs: number;
}

/** Null: nobody is signed in. */
export type GetAccessToken = (options?: { forceRefresh?: boolean }) => Promise<string | null>;

/** Makes the one function that hands out tokens. */
export function createGetAccessToken(deps: AccessTokenDeps): GetAccessToken {
  let flight: { signInId: string; isForced: boolean; token: Promise<string | null> } | null = null;

  return async ({ forceRefresh = false } = {}) => {
    const session = await deps.state.current();
    if (session === null) return null;
    if (!forceRefresh) {
      const kept = await keptToken(session, deps.now() + REFRESH_MARGIN_MS);
      if (kept !== null) return kept;
    }
    const canJoin = flight?.signInId === session.signInId && (flight.isForced || !forceRefresh);
    if (flight !== null && canJoin) return await flight.token;
    const token = fetchToken(session, forceRefresh, deps);
    const mine = { signInId: session.signInId, isForced: forceRefresh, token };
    flight = mine;
    try {
      return await token;
    } finally {
      if (flight === mine) flight = null;
    }
  };
}

async function fetchToken(
  session: AuthSession,
  forceRefresh: boolean,
  deps: AccessTokenDeps,
): Promise<string | null> {
  const waitMs = (await workosNotBefore.getValue()) - deps.now();
  if (waitMs > 0) return await makeDo(session, forceRefresh, waitMs, deps);
  let result = await ask(session, forceRefresh, deps);
  if (result.outcome === "ended") {
    const latest = await afterPause(session, deps);
    if (latest === null) return null;
    result = await ask(latest, forceRefresh, deps);
    if (result.outcome === "ended") return await endSignIn(latest, deps);
  }
  if (result.outcome === "ok") return await handOut(session, result, deps);
  const retryAfterMs = result.retryAfterMs && Math.min(result.retryAfterMs, MAX_WAIT_MS);
  if (retryAfterMs) await workosNotBefore.setValue(deps.now() + retryAfterMs);
  return await makeDo(session, forceRefresh, retryAfterMs, deps);
}

async function ask(
  session: AuthSession,
  forceRefresh: boolean,
  { host }: AccessTokenDeps,
): Promise<TokenResult> {
  const config = hostConfig(session.clientId);
  try {
    return await host.token({ config, session, forceRefresh });
  } catch {
    // The page was closed in the middle, or the rotated pair could not be stored: the next call begins from the sealed store.
    return { outcome: "unavailable", status: null, error: null, retryAfterMs: null };
  }
}

async function handOut(
  { signInId }: AuthSession,
  { token, expiresAt }: { token: string; expiresAt: number },
  { state }: AccessTokenDeps,
): Promise<string | null> {
  if ((await state.current())?.signInId !== signInId) return null;
  await accessToken.setValue({ token, expiresAt, signInId });
  return token;
}

/** The sign-in to try once more with, or null when it is over: the same token was refused and nothing newer is stored. */
async function afterPause(
  session: AuthSession,
  deps: AccessTokenDeps,
): Promise<AuthSession | null> {
  await new Promise((resolve) => setTimeout(resolve, deps.confirmAfterMs));
  const latest = await deps.state.reload();
  if (latest === null || latest.signInId !== session.signInId) return null;
  if (latest.refreshToken !== session.refreshToken) return latest;
  await endSignIn(session, deps);
  return null;
}

async function endSignIn({ signInId }: AuthSession, { state }: AccessTokenDeps): Promise<null> {
  if ((await state.current())?.signInId === signInId) await state.end(troubles.ended);
  return null;
}

/** While WorkOS is away a token that has not run out still serves, unless Convex has just refused it. */
async function makeDo(
  session: AuthSession,
  forceRefresh: boolean,
  retryAfterMs: number | null,
  { now }: AccessTokenDeps,
): Promise<string> {
  const kept = forceRefresh ? null : await keptToken(session, now());
  if (kept !== null) return kept;
  throw new SignInUnavailableError(retryAfterMs);
}

async function keptToken({ signInId }: AuthSession, validUntil: number): Promise<string | null> {
  const kept = await accessToken.getValue();
  return kept?.signInId === signInId && kept.expiresAt > validUntil ? kept.token : null;
}
