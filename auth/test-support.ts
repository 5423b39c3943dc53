/** Parts that the tests of this room share. */
import { vi } from "vitest";
import type { AuthkitHost, AuthSession, Grant, TokenResult } from "./host-protocol";

/** The address that the sign-in window ends at; the fake browser has no identity API to make one. */
export const REDIRECT_URI = "https://abc.chromiumapp.org/callback";

/** Call it before each test that needs `redirectUri()`. */
export function setRedirectUri(): void {
  vi.stubEnv("VITE_REDIRECT_URI", REDIRECT_URI);
}

/** A sign-in of Ada's. */
export const ada: AuthSession = {
  signInId: "sign-in-1",
  clientId: "client_1",
  refreshToken: "refresh-1",
  sessionId: "session_1",
  profile: { id: "user_ada", email: "ada@example.com" },
};

/** A grant for Ada, valid for five minutes from `now`. */
export function grantFor(now: number, count = 1): Grant {
  return {
    refreshToken: `refresh-${count}`,
    sessionId: "session_1",
    profile: ada.profile,
    accessToken: `access-${count}`,
    expiresAt: now + 300_000,
  };
}

/** WorkOS cannot be reached. */
export const away: TokenResult = {
  outcome: "unavailable",
  status: null,
  error: null,
  retryAfterMs: null,
};

/** A host whose answers a test decides; what it is asked is in `calls`. */
export class ScriptedHost implements AuthkitHost {
  readonly calls: { name: string; args: unknown }[] = [];
  onExchange: AuthkitHost["exchange"] = async () => ({
    outcome: "ok",
    grant: grantFor(Date.now()),
  });
  onToken: AuthkitHost["token"] = async () => away;

  begin: AuthkitHost["begin"] = async (args) => {
    this.calls.push({ name: "begin", args });
    const url = new URL("https://api.workos.com/user_management/authorize");
    url.searchParams.set("state", JSON.stringify(args.state));
    return { url: url.href, verifier: "verifier" };
  };

  exchange: AuthkitHost["exchange"] = async (args) => {
    this.calls.push({ name: "exchange", args });
    return await this.onExchange(args);
  };

  token: AuthkitHost["token"] = async (args) => {
    this.calls.push({ name: "token", args });
    return await this.onToken(args);
  };

  forget: AuthkitHost["forget"] = async (args) => {
    this.calls.push({ name: "forget", args });
    return null;
  };

  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }
}
