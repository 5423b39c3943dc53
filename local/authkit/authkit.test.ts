import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAuthkit, type Authkit, type AuthkitOptions } from "./server.ts";

const CLIENT = "client_test";
const REDIRECT = "https://abcdefghijklmnop.chromiumapp.org/callback";
const VERIFIER = randomBytes(32).toString("base64url");

let dataDir: string;
let authkit: Authkit;

const start = (options: Partial<AuthkitOptions> = {}) =>
  startAuthkit({
    dataDir,
    clientId: CLIENT,
    redirectHosts: ["abcdefghijklmnop.chromiumapp.org", "0a1b.extensions.allizom.org"],
    ...options,
  });

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "authkit-"));
  authkit = await start();
});
afterEach(async () => {
  await authkit.close();
  rmSync(dataDir, { recursive: true });
});

function authorizeUrl(change: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    client_id: CLIENT,
    redirect_uri: REDIRECT,
    response_type: "code",
    provider: "authkit",
    state: "s1",
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
    code_challenge_method: "S256",
    ...change,
  });
  return `${authkit.url}/user_management/authorize?${query}`;
}

async function submit(fields: Record<string, string>, url = authorizeUrl()): Promise<Response> {
  return fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
}

function returned(response: Response): URLSearchParams {
  expect(response.status).toBe(303);
  const target = new URL(response.headers.get("location") ?? "");
  expect(target.href.startsWith(REDIRECT)).toBe(true);
  return target.searchParams;
}

interface Granted {
  user: { id: string; email: string; first_name: string };
  access_token: string;
  refresh_token: string;
}

async function authenticate(body: Record<string, string>): Promise<Response> {
  return fetch(`${authkit.url}/user_management/authenticate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_id: CLIENT, ...body }),
  });
}

async function signIn(email = "ada@example.com"): Promise<Granted> {
  const code = returned(await submit({ person: email })).get("code") ?? "";
  const body = { grant_type: "authorization_code", code, code_verifier: VERIFIER };
  const response = await authenticate(body);
  expect(response.status).toBe(200);
  return (await response.json()) as Granted;
}

const refresh = (token: string) =>
  authenticate({ grant_type: "refresh_token", refresh_token: token });

async function refreshed(token: string): Promise<Granted> {
  const response = await refresh(token);
  expect(response.status).toBe(200);
  return (await response.json()) as Granted;
}

async function expectRefused(response: Response, status: number, error: string): Promise<void> {
  expect(response.status).toBe(status);
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ error, code: error });
  expect(body.error_description).toBe(body.message);
  expect(String(body.message)).not.toBe("");
}

describe("signing in", () => {
  it("shows the seeded people and signs in the one whose button is pressed", async () => {
    const page = await (await fetch(authorizeUrl())).text();
    expect(page).toContain("Ada Lovelace");
    expect(page).toContain("grace@example.com");
    const query = returned(await submit({ person: "grace@example.com" }));
    expect(query.get("state")).toBe("s1");
    const code = query.get("code") ?? "";
    const body = { grant_type: "authorization_code", code, code_verifier: VERIFIER };
    const granted = (await (await authenticate(body)).json()) as Granted;
    expect(granted.user).toMatchObject({ id: "user_grace", first_name: "Grace" });
    const { payload } = await jwtVerify(
      granted.access_token,
      createRemoteJWKSet(new URL(authkit.jwksUrl)),
      { issuer: authkit.issuer, algorithms: ["RS256"] },
    );
    expect(payload).toMatchObject({ sub: "user_grace", sid: expect.stringMatching(/^session_/) });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect(payload.aud).toBeUndefined();
  });

  it("takes an e-mail with its password and refuses a wrong one on the page", async () => {
    const right = { email: "ada@example.com", password: "local-only" };
    expect(returned(await submit(right)).get("code")).toBeTruthy();
    const wrong = await submit({ ...right, password: "nope" });
    expect(wrong.status).toBe(401);
    const page = await wrong.text();
    expect(page).toContain('role="alert"');
    expect(page).toContain('value="ada@example.com"');
    expect((await submit({ person: "mallory@example.com" })).status).toBe(401);
  });

  it("signs in at once when it is not interactive", async () => {
    authkit.control.setInteractive(false);
    const hinted = authorizeUrl({ login_hint: "grace@example.com" });
    const code = returned(await fetch(hinted, { redirect: "manual" })).get("code") ?? "";
    const body = { grant_type: "authorization_code", code, code_verifier: VERIFIER };
    const granted = (await (await authenticate(body)).json()) as Granted;
    expect(granted.user.id).toBe("user_grace");
    const unknown = authorizeUrl({ login_hint: "nobody@example.com" });
    const refused = returned(await fetch(unknown, { redirect: "manual" }));
    expect(refused.get("error")).toBe("user_not_found");
  });

  it("offers a way to cancel that tells the application", async () => {
    const page = await (await fetch(authorizeUrl())).text();
    const cancel = /href="([^"]+)">Cancel/.exec(page)?.[1]?.replaceAll("&#38;", "&") ?? "";
    const query = new URL(cancel).searchParams;
    expect(query.get("error")).toBe("access_denied");
    expect(query.get("state")).toBe("s1");
  });

  it("refuses a wrong verifier, and a code used twice", async () => {
    const code = returned(await submit({ person: "ada@example.com" })).get("code") ?? "";
    const body = { grant_type: "authorization_code", code, code_verifier: "wrong" };
    await expectRefused(await authenticate(body), 400, "invalid_code_verifier");
    expect((await authenticate({ ...body, code_verifier: VERIFIER })).status).toBe(200);
    await expectRefused(
      await authenticate({ ...body, code_verifier: VERIFIER }),
      400,
      "invalid_code",
    );
  });

  it.each([
    "https://other.chromiumapp.org/callback",
    "https://ffff.extensions.allizom.org/callback",
    "http://abcdefghijklmnop.chromiumapp.org/callback",
    "https://abcdefghijklmnop.chromiumapp.org.evil.example/callback",
    "https://user@abcdefghijklmnop.chromiumapp.org/callback",
    "javascript:alert(1)",
    "not a url",
  ])("shows the refused redirect URI %s to the letter", async (uri) => {
    const response = await fetch(authorizeUrl({ redirect_uri: uri }), { redirect: "manual" });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(`<pre tabindex="0">${uri}</pre>`);
    const posted = await submit({ person: "ada@example.com" }, authorizeUrl({ redirect_uri: uri }));
    expect(posted.status).toBe(400);
  });

  it("sends people back to Firefox's address and to loopback too", async () => {
    for (const uri of ["https://0a1b.extensions.allizom.org/callback", "http://localhost:9/back"]) {
      const url = authorizeUrl({ redirect_uri: uri });
      const response = await submit({ person: "ada@example.com" }, url);
      expect(response.headers.get("location")?.startsWith(`${uri}?`)).toBe(true);
    }
  });

  it("refuses an unknown client id everywhere, and shows it as text", async () => {
    const client = "client_<b>";
    const page = await fetch(authorizeUrl({ client_id: client }));
    expect(page.status).toBe(400);
    const text = await page.text();
    expect(text).toContain("Invalid client ID");
    expect(text).toContain("client_&#60;b&#62;");
    const { refresh_token } = await signIn();
    const body = { grant_type: "refresh_token", refresh_token, client_id: client };
    await expectRefused(await authenticate(body), 400, "invalid_client");
    expect((await fetch(`${authkit.url}/sso/jwks/${client}`)).status).toBe(404);
  });
});

describe("staying signed in", () => {
  it("rotates the refresh token, keeps the sid, and refuses a token used twice", async () => {
    const first = await signIn();
    const second = await refreshed(first.refresh_token);
    const third = await refreshed(second.refresh_token);
    const sids = [first, second, third].map(({ access_token }) => decodeJwt(access_token).sid);
    expect(new Set(sids).size).toBe(1);
    expect(new Set([first, second, third].map((g) => g.refresh_token)).size).toBe(3);
    expect(authkit.control.signIns()).toEqual([{ id: sids[0], personId: "user_ada" }]);
    await expectRefused(await refresh(first.refresh_token), 400, "invalid_grant");
    expect((await refresh(third.refresh_token)).status).toBe(200);
  });

  it("lets exactly one of ten refreshes at once with the same token through", async () => {
    const { refresh_token } = await signIn();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refresh_token)));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    const granted = (await answers.find((answer) => answer.ok)?.json()) as Granted;
    expect((await refresh(granted.refresh_token)).status).toBe(200);
  });

  it("gives tokens the lifetime that was set", async () => {
    const { refresh_token } = await signIn();
    authkit.control.setTokenSeconds(7);
    const { exp = 0, iat = 0 } = decodeJwt((await refreshed(refresh_token)).access_token);
    expect(exp - iat).toBe(7);
  });

  it("ends the refresh token with the sign-in, by logout and by revocation", async () => {
    const [ada, grace] = [await signIn(), await signIn("grace@example.com")];
    const sid = String(decodeJwt(ada.access_token).sid);
    const logout = `${authkit.url}/user_management/sessions/logout?session_id=${sid}`;
    const back = await fetch(`${logout}&return_to=${REDIRECT}`, { redirect: "manual" });
    expect(back.headers.get("location")).toBe(REDIRECT);
    await expectRefused(await refresh(ada.refresh_token), 400, "invalid_grant");
    const next = await refreshed(grace.refresh_token);
    const revoked = await fetch(`${authkit.url}/user_management/sessions/revoke`, {
      method: "POST",
      headers: { authorization: "Bearer sk_test_default", "content-type": "application/json" },
      body: JSON.stringify({ session_id: decodeJwt(next.access_token).sid }),
    });
    expect(revoked.status).toBe(200);
    await expectRefused(await refresh(next.refresh_token), 400, "invalid_grant");
    expect(authkit.control.signIns()).toEqual([]);
  });

  it("refuses to send a person elsewhere after logout, and keeps the sign-in then", async () => {
    const { access_token, refresh_token } = await signIn();
    const sid = String(decodeJwt(access_token).sid);
    const elsewhere = `session_id=${sid}&return_to=https://evil.example/`;
    const url = `${authkit.url}/user_management/sessions/logout?${elsewhere}`;
    await expectRefused(await fetch(url, { redirect: "manual" }), 400, "invalid_redirect_uri");
    expect((await refresh(refresh_token)).status).toBe(200);
  });
});

it("makes a token of a person for the launcher, which opens no sign-in", async () => {
  const token = authkit.control.tokenFor("user_grace");
  const keys = createRemoteJWKSet(new URL(authkit.jwksUrl));
  const { payload } = await jwtVerify(token, keys, { issuer: authkit.issuer });
  expect(payload.sub).toBe("user_grace");
  expect(authkit.control.signIns()).toEqual([]);
});

describe("injected failures", () => {
  it("answers a 503 and a 429 with Retry-After in order, then works again", async () => {
    const { refresh_token } = await signIn();
    authkit.control.fail({ on: "authenticate", status: 503, times: 2 });
    authkit.control.fail({ on: "authenticate", status: 429, retryAfter: 9 });
    await expectRefused(await refresh(refresh_token), 503, "service_unavailable");
    await expectRefused(await refresh(refresh_token), 503, "service_unavailable");
    const limited = await refresh(refresh_token);
    expect(limited.headers.get("retry-after")).toBe("9");
    await expectRefused(limited, 429, "rate_limit_exceeded");
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  it("answers invalid_grant without ending the sign-in", async () => {
    const { refresh_token } = await signIn();
    authkit.control.fail({ on: "authenticate", error: "invalid_grant" });
    await expectRefused(await refresh(refresh_token), 400, "invalid_grant");
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  it("delays, and keeps each endpoint's failures to itself", async () => {
    authkit.control.fail({ on: "jwks", delayMs: 300 });
    authkit.control.fail({ on: "authorize", status: 500 });
    const startedAt = performance.now();
    expect((await fetch(authkit.jwksUrl)).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    expect((await fetch(authorizeUrl())).status).toBe(500);
    expect((await fetch(authorizeUrl())).status).toBe(200);
    expect(authkit.control.counts()).toMatchObject({ jwks: 1, authorize: 2 });
  });

  it("can be asked for by other programs with the control token only", async () => {
    const ask = (token: string, body: object) =>
      fetch(`${authkit.url}/__control`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    expect((await ask("guess", { tokenSeconds: 1 })).status).toBe(401);
    const { access_token, refresh_token } = await signIn();
    const sid = String(decodeJwt(access_token).sid);
    const answer = await ask(authkit.control.token, {
      tokenSeconds: 5,
      fail: [{ on: "jwks", status: 502 }],
      revoke: sid,
    });
    expect(await answer.json()).toMatchObject({ signIns: [], counts: { authenticate: 1 } });
    expect((await fetch(authkit.jwksUrl)).status).toBe(502);
    await expectRefused(await refresh(refresh_token), 400, "invalid_grant");
    authkit.control.fail({ on: "jwks", status: 502 });
    await ask(authkit.control.token, { clearFailures: true });
    expect((await fetch(authkit.jwksUrl)).status).toBe(200);
  });
});

describe("a restart", () => {
  it("keeps the port, the signing key, the people and the sign-ins, and what was ended stays ended", async () => {
    const [ada, grace] = [await signIn(), await signIn("grace@example.com")];
    authkit.control.revoke(String(decodeJwt(grace.access_token).sid));
    const { url, jwksUrl } = authkit;
    const keys = await (await fetch(jwksUrl)).json();
    await authkit.close();
    authkit = await start();
    expect(authkit.url).toBe(url);
    expect(await (await fetch(jwksUrl)).json()).toEqual(keys);
    const again = await refreshed(ada.refresh_token);
    expect(again.user.id).toBe("user_ada");
    expect(decodeJwt(again.access_token).sid).toBe(decodeJwt(ada.access_token).sid);
    await expectRefused(await refresh(grace.refresh_token), 400, "invalid_grant");
  });

  it("takes another port when last time's is in use, but not instead of one that was asked for", async () => {
    const { port } = authkit;
    const other = mkdtempSync(join(tmpdir(), "authkit-"));
    await expect(start({ dataDir: other, port })).rejects.toThrow(
      `The AuthKit emulator could not start: port ${port} is in use by another program.`,
    );
    const second = await start({ dataDir: other });
    await second.close();
    await authkit.close();
    const thief = await start({ dataDir: other, port });
    authkit = await start();
    expect(authkit.port).not.toBe(port);
    await thief.close();
    rmSync(other, { recursive: true });
  });

  it("refuses a data folder that another start holds", async () => {
    await expect(start()).rejects.toThrow(
      `The data folder ${dataDir} is in use by the AuthKit emulator (process ${process.pid}).`,
    );
  });
});

describe("who can reach it", () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((face) => face && !face.internal && face.family === "IPv4");

  it.runIf(outside)("does not listen on the network", async () => {
    const outcome = await new Promise<string>((resolve) => {
      const socket = connect(authkit.port, outside?.address);
      socket.once("connect", () => resolve("connected"));
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
      socket.once("close", () => socket.destroy());
    });
    expect(outcome).toBe("ECONNREFUSED");
  });

  it("answers to no name but this machine's", async () => {
    const status = await new Promise<string>((resolve, reject) => {
      const socket = connect(authkit.port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("data", (data) => {
        resolve(data.toString().split("\r\n")[0] ?? "");
        socket.destroy();
      });
      socket.write("GET /health HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
    });
    expect(status).toContain("403");
    expect((await fetch(`${authkit.url}/health`)).status).toBe(200);
  });
});
