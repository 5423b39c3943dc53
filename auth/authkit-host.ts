/**
 * Runs authkit-js, unmodified, where there is a DOM: Chrome's offscreen page, Firefox's event page. The sealed store is the truth; what the
 * SDK keeps in localStorage is overwritten from it at every start, and a rotated refresh token is saved there before its access token is
 * handed out. The SDK leaves a client unusable after a failed exchange, and its own memory is one per document, so there is one client at a
 * time, made anew whenever there is doubt.
 */
import { createClient, getClaims, type OnRefreshResponse } from "@workos-inc/authkit-js";
import type { Profile } from "../utils/storage";
import {
  REFRESH_MARGIN_MS,
  type AuthkitHost,
  type ExchangeResult,
  type Grant,
  type HostConfig,
  type SaveRotation,
  type TokenResult,
  type Unavailable,
} from "./host-protocol";
import { watchAuthenticate } from "./watch-authenticate";

type Client = Awaited<ReturnType<typeof createClient>>;

const VERIFIER_KEY = "workos:code-verifier";
const REFRESH_TOKEN_KEY = "workos:refresh-token";

/** Makes the host of this document; call it once. */
export function createAuthkitHost(save: SaveRotation): AuthkitHost {
  const host = new SdkHost(save);
  return inTurn({
    begin: (args) => host.begin(args),
    exchange: (args) => host.exchange(args),
    token: (args) => host.token(args),
    forget: (args) => host.forget(args),
  });
}

class SdkHost implements AuthkitHost {
  readonly #save: SaveRotation;
  readonly #watch = watchAuthenticate(globalThis);
  #client: Client | null = null;
  /** The sign-in that the client has the tokens of. */
  #signInId: string | null = null;
  #grant: Grant | null = null;
  #isSaved = true;

  constructor(save: SaveRotation) {
    this.#save = save;
  }

  async begin({ config, state }: Parameters<AuthkitHost["begin"]>[0]) {
    const client = await this.#open(config, null);
    const url = await client.getSignInUrl({ state });
    return { url, verifier: sessionStorage.getItem(VERIFIER_KEY) ?? "" };
  }

  async exchange(args: Parameters<AuthkitHost["exchange"]>[0]): Promise<ExchangeResult> {
    const { config, signInId, code, verifier } = args;
    sessionStorage.setItem(VERIFIER_KEY, verifier);
    await atAddress(callbackAddress(config.redirectUri, code), () => this.#open(config, null));
    const grant = this.#grant;
    if (grant === null) return this.#unavailable();
    // The caller stores this one itself: until then nobody is signed in.
    this.#isSaved = true;
    this.#signInId = signInId;
    return { outcome: "ok", grant };
  }

  async token(args: Parameters<AuthkitHost["token"]>[0]): Promise<TokenResult> {
    const { config, session, forceRefresh } = args;
    let client = this.#signInId === session.signInId ? this.#client : null;
    const isNew = client === null;
    client ??= await this.#open(config, session.refreshToken);
    this.#signInId = session.signInId;
    if (this.#grant === null) return this.#failed(config.clientId);
    await this.#saveGrant(session.signInId);
    this.#watch.reset();
    // A new client has just refreshed.
    const token = await client
      .getAccessToken({ forceRefresh: forceRefresh && !isNew })
      .catch(() => null);
    if (token === null) return this.#failed(config.clientId);
    await this.#saveGrant(session.signInId);
    return { outcome: "ok", token, expiresAt: this.#grant.expiresAt };
  }

  async forget({ config }: Parameters<AuthkitHost["forget"]>[0]): Promise<null> {
    this.#close(config.clientId);
    return null;
  }

  /** Replaces the client. With a refresh token the SDK refreshes at once, with `?code=` it exchanges; it throws in neither case. */
  async #open(config: HostConfig, refreshToken: string | null): Promise<Client> {
    this.#close(config.clientId);
    if (refreshToken !== null) localStorage.setItem(refreshTokenKey(config.clientId), refreshToken);
    this.#watch.reset();
    this.#client = await createClient(config.clientId, {
      apiHostname: config.apiHostname,
      port: config.port,
      https: config.https,
      redirectUri: config.redirectUri,
      devMode: true,
      refreshBufferInterval: REFRESH_MARGIN_MS / 1000,
      // The offscreen page is never hidden: the default would refresh for ever.
      onBeforeAutoRefresh: () => false,
      onRefresh: (response) => {
        this.#grant = readGrant(config.clientId, response);
        this.#isSaved = false;
      },
    });
    return this.#client;
  }

  #close(clientId: string): void {
    this.#client?.dispose();
    this.#client = null;
    this.#signInId = null;
    this.#grant = null;
    this.#isSaved = true;
    localStorage.removeItem(REFRESH_TOKEN_KEY);
    localStorage.removeItem(refreshTokenKey(clientId));
  }

  /** When this rejects, the client stays, and the next call tries again to save. */
  async #saveGrant(signInId: string): Promise<void> {
    if (this.#isSaved || this.#grant === null) return;
    await this.#save({ signInId, grant: this.#grant });
    this.#isSaved = true;
  }

  /** The SDK says "login required" to any 4xx; only WorkOS's own word ends a sign-in. */
  #failed(clientId: string): TokenResult {
    const last = this.#watch.last();
    this.#close(clientId);
    const hasEnded = last?.status === 400 && last.error === "invalid_grant";
    return hasEnded ? { outcome: "ended" } : this.#unavailable();
  }

  #unavailable(): Unavailable {
    const last = this.#watch.last();
    return {
      outcome: "unavailable",
      status: last?.status ?? null,
      error: last?.error ?? null,
      retryAfterMs: last?.retryAfterMs ?? null,
    };
  }
}

function inTurn(host: AuthkitHost): AuthkitHost {
  let turn: Promise<unknown> = Promise.resolve();
  const queue =
    <Args, Result>(call: (args: Args) => Promise<Result>) =>
    (args: Args): Promise<Result> => {
      const result = turn.then(() => call(args));
      turn = result.catch(() => undefined);
      return result;
    };
  return {
    begin: queue(host.begin),
    exchange: queue(host.exchange),
    token: queue(host.token),
    forget: queue(host.forget),
  };
}

/** The SDK reads the code from the document's own address. */
async function atAddress<T>(address: string, run: () => Promise<T>): Promise<T> {
  const before = location.href;
  history.replaceState({}, "", address);
  try {
    return await run();
  } finally {
    history.replaceState({}, "", before);
  }
}

function callbackAddress(redirectUri: string, code: string): string {
  return `${new URL(redirectUri).pathname}?${new URLSearchParams({ code })}`;
}

function refreshTokenKey(clientId: string): string {
  return `${REFRESH_TOKEN_KEY}:${clientId}`;
}

/** The SDK hides the refresh token from its callback, but has already put it into localStorage. */
function readGrant(clientId: string, { user, accessToken }: OnRefreshResponse): Grant {
  const { sid, exp, iat } = getClaims(accessToken);
  const profile: Profile = { id: user.id, email: user.email };
  const name = [user.firstName, user.lastName].filter(Boolean).join(" ");
  if (name !== "") profile.name = name;
  if (user.profilePictureUrl) profile.avatarUrl = user.profilePictureUrl;
  return {
    refreshToken: localStorage.getItem(refreshTokenKey(clientId)) ?? "",
    sessionId: sid ?? null,
    profile,
    accessToken,
    // The difference of two of the server's times: a clock that is off here does not matter.
    expiresAt: Date.now() + (exp - iat) * 1000,
  };
}
