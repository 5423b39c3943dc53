// @vitest-environment node
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Window } from "happy-dom";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startAuthkit, type Authkit } from "../local/authkit/server";
import { createAuthkitHost } from "./authkit-host";
import type { AuthkitHost, AuthSession, Grant, HostConfig, Rotation } from "./host-protocol";
import { REDIRECT_URI } from "./test-support";

const CLIENT_ID = "client_host";
const TOKEN_KEY = `workos:refresh-token:${CLIENT_ID}`;

let folder: string;
let authkit: Authkit;
let config: HostConfig;
let host: AuthkitHost;
let saved: Rotation[];
let isDiskFull: boolean;

// Signing keys are made anew for the emulator, which takes a while on a busy machine.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

async function start(): Promise<void> {
  authkit = await startAuthkit({
    dataDir: folder,
    clientId: CLIENT_ID,
    redirectHosts: [new URL(REDIRECT_URI).hostname],
  });
  authkit.control.setInteractive(false);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "opensync-host-"));
  await start();
});

afterAll(async () => {
  await authkit.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  config = {
    clientId: CLIENT_ID,
    redirectUri: REDIRECT_URI,
    apiHostname: "127.0.0.1",
    port: authkit.port,
    https: false,
  };
  saved = [];
  isDiskFull = false;
  // The network is Node's own: a browser's page would need the extension's permissions.
  const window = new Window({ url: "http://localhost/authkit.html" });
  vi.stubGlobal("window", window);
  for (const name of ["document", "location", "history", "localStorage", "sessionStorage"] as const)
    vi.stubGlobal(name, window[name]);
  vi.stubGlobal("fetch", fetch);
  // The SDK reports every failure to the console besides.
  for (const method of ["debug", "error"] as const)
    vi.spyOn(console, method).mockImplementation(() => undefined);
  host = newDocument();
});

afterEach(() => vi.unstubAllGlobals());

/** What is left when the offscreen page was closed and made again. */
function newDocument(): AuthkitHost {
  return createAuthkitHost(async (rotation) => {
    if (isDiskFull) throw new Error("The disk is full.");
    saved.push(rotation);
  });
}

/** What WorkOS sends back for a sign-in URL. */
async function comeBack(url: string): Promise<URLSearchParams> {
  const response = await fetch(url, { redirect: "manual" });
  return new URL(response.headers.get("location")!).searchParams;
}

async function signIn(): Promise<{ session: AuthSession; grant: Grant }> {
  const { url, verifier } = await host.begin({ config, state: { nonce: "n" } });
  const code = (await comeBack(url)).get("code")!;
  const result = await host.exchange({ config, signInId: "sign-in-1", code, verifier });
  if (result.outcome !== "ok") throw new Error(JSON.stringify(result));
  const { refreshToken, sessionId, profile } = result.grant;
  const session = { signInId: "sign-in-1", clientId: CLIENT_ID, refreshToken, sessionId, profile };
  return { session, grant: result.grant };
}

/** The sign-in as the sealed store has it now. */
function latest(session: AuthSession): AuthSession {
  return { ...session, refreshToken: saved.at(-1)?.grant.refreshToken ?? session.refreshToken };
}

describe("a sign-in URL", () => {
  it("asks with PKCE and carries the state as it was given", async () => {
    const { url, verifier } = await host.begin({ config, state: { nonce: "abc" } });
    const query = new URL(url).searchParams;
    expect(query.get("code_challenge_method")).toBe("S256");
    expect(query.get("state")).toBe('{"nonce":"abc"}');
    expect(query.get("redirect_uri")).toBe(REDIRECT_URI);
    expect(verifier.length).toBeGreaterThan(42);
    expect(url).not.toContain(verifier);
  });
});

describe("an exchange", () => {
  it("tells who signed in, and leaves the storing to its caller", async () => {
    const before = location.href;
    const { grant } = await signIn();
    expect(grant.profile).toMatchObject({ id: "user_ada", name: "Ada Lovelace" });
    expect(grant.sessionId).toBe(authkit.control.signIns().at(-1)!.id);
    expect(grant.refreshToken).toBe(localStorage.getItem(TOKEN_KEY));
    expect(Math.abs(grant.expiresAt - Date.now() - 300_000)).toBeLessThan(5000);
    expect(saved).toEqual([]);
    expect(location.href).toBe(before);
  });

  it("works in a new document, with the verifier of the old one", async () => {
    const { url, verifier } = await host.begin({ config, state: { nonce: "n" } });
    const code = (await comeBack(url)).get("code")!;
    sessionStorage.clear();
    const result = await newDocument().exchange({ config, signInId: "s", code, verifier });
    expect(result.outcome).toBe("ok");
  });

  it.each([
    ["another verifier", "x".repeat(64)],
    ["no verifier", ""],
  ])("with %s fails, keeps nothing, and the next sign-in works", async (_what, verifier) => {
    const { url } = await host.begin({ config, state: { nonce: "n" } });
    const code = (await comeBack(url)).get("code")!;
    const result = await host.exchange({ config, signInId: "s", code, verifier });
    expect(result).toMatchObject({ outcome: "unavailable" });
    expect(localStorage.getItem(TOKEN_KEY)).toBeNull();
    expect((await signIn()).grant.profile.id).toBe("user_ada");
  });
});

describe("a token", () => {
  it("is the exchanged one until somebody forces a refresh", async () => {
    const { session, grant } = await signIn();
    const kept = await host.token({ config, session, forceRefresh: false });
    expect(kept).toEqual({ outcome: "ok", token: grant.accessToken, expiresAt: grant.expiresAt });
    expect(saved).toEqual([]);
    const fresh = await host.token({ config, session, forceRefresh: true });
    expect(fresh).toMatchObject({ outcome: "ok", token: saved[0]!.grant.accessToken });
    expect(saved[0]!.signInId).toBe("sign-in-1");
    expect(saved[0]!.grant.refreshToken).not.toBe(session.refreshToken);
  });

  it("costs a new document one refresh, forced or not", async () => {
    const { session } = await signIn();
    for (const forceRefresh of [true, false]) {
      const before = authkit.control.counts().authenticate;
      const result = await newDocument().token({ config, session: latest(session), forceRefresh });
      expect(result.outcome).toBe("ok");
      expect(authkit.control.counts().authenticate).toBe(before + 1);
    }
  });

  it("comes from the sealed store's pair, whatever an old document left behind", async () => {
    const { session } = await signIn();
    localStorage.setItem(TOKEN_KEY, "stale");
    localStorage.setItem("workos:refresh-token", "legacy");
    const result = await newDocument().token({ config, session, forceRefresh: false });
    expect(result.outcome).toBe("ok");
  });

  it("is not handed out before its pair is saved, and the pair is not lost", async () => {
    const { session } = await signIn();
    isDiskFull = true;
    await expect(host.token({ config, session, forceRefresh: true })).rejects.toThrow("full");
    await expect(host.token({ config, session, forceRefresh: false })).rejects.toThrow("full");
    isDiskFull = false;
    const before = authkit.control.counts().authenticate;
    const result = await host.token({ config, session, forceRefresh: false });
    expect(result).toMatchObject({ outcome: "ok", token: saved[0]!.grant.accessToken });
    expect(authkit.control.counts().authenticate).toBe(before);
    expect(
      (await newDocument().token({ config, session: latest(session), forceRefresh: true })).outcome,
    ).toBe("ok");
  });

  it("asked for by many at once is refreshed in turn, and never with a used pair", async () => {
    const { session } = await signIn();
    const document = newDocument();
    const results = await Promise.all(
      Array.from({ length: 10 }, () => document.token({ config, session, forceRefresh: true })),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(10).fill("ok"));
    expect(saved).toHaveLength(10);
  });

  it.each([
    [{ status: 503 }, { status: 503, retryAfterMs: null }],
    [
      { status: 429, retryAfter: 4 },
      { status: 429, retryAfterMs: 4000 },
    ],
    [{ status: 403 }, { status: 403 }],
    [{ error: "invalid_client" }, { status: 400, error: "invalid_client" }],
  ])(
    "is unavailable after %j, in an old document and in a new one, and comes later",
    async (failure, seen) => {
      const { session } = await signIn();
      for (const document of [host, newDocument()]) {
        authkit.control.fail({ on: "authenticate", ...failure });
        const asked = () =>
          document.token({ config, session: latest(session), forceRefresh: true });
        expect(await asked()).toMatchObject({ outcome: "unavailable", ...seen });
        expect((await asked()).outcome).toBe("ok");
      }
    },
  );

  it("is unavailable while nobody answers", async () => {
    const { session } = await signIn();
    await authkit.close();
    const away = { outcome: "unavailable", status: null, error: null, retryAfterMs: null };
    expect(await host.token({ config, session, forceRefresh: true })).toEqual(away);
    expect(await newDocument().token({ config, session, forceRefresh: true })).toEqual(away);
    await start();
    expect((await host.token({ config, session, forceRefresh: true })).outcome).toBe("ok");
  });

  it("ends with the sign-in", async () => {
    const { session } = await signIn();
    authkit.control.revoke(session.sessionId!);
    expect(await host.token({ config, session, forceRefresh: true })).toEqual({ outcome: "ended" });
    expect(localStorage.getItem(TOKEN_KEY)).toBeNull();
    expect(await newDocument().token({ config, session, forceRefresh: false })).toEqual({
      outcome: "ended",
    });
  });
});

describe("forgetting", () => {
  it("leaves no token behind", async () => {
    await signIn();
    await host.forget({ config });
    expect(localStorage.getItem(TOKEN_KEY)).toBeNull();
  });

  it("waits for a refresh under way, whose token would come after it", async () => {
    const { session } = await signIn();
    const before = authkit.control.counts().authenticate;
    authkit.control.fail({ on: "authenticate", delayMs: 200 });
    const refreshing = host.token({ config, session, forceRefresh: true });
    await vi.waitFor(() => expect(authkit.control.counts().authenticate).toBe(before + 1));
    await Promise.all([host.forget({ config }), refreshing]);
    expect(localStorage.getItem(TOKEN_KEY)).toBeNull();
  });
});
