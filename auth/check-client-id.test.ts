// @vitest-environment node
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startAuthkit, type Authkit } from "../local/authkit/server";
import type { ProbeDeps } from "./probe";
import { REDIRECT_URI, setRedirectUri } from "./test-support";

const folder = mkdtempSync(join(tmpdir(), "opensync-check-"));
const allowed: ProbeDeps = { fetch, hasPermission: async () => true };
let open: Authkit;
let strict: Authkit;

beforeAll(async () => {
  const start = (name: string, redirectHosts: string[]) =>
    startAuthkit({ dataDir: join(folder, name), clientId: "client_known", redirectHosts });
  open = await start("open", [new URL(REDIRECT_URI).hostname]);
  strict = await start("strict", []);
});

afterAll(async () => {
  await open.close();
  await strict.close();
  rmSync(folder, { recursive: true });
});

/** Checks against the WorkOS at `url`, which a build has fixed. */
async function check(url: string, clientId: string, deps: ProbeDeps = allowed) {
  vi.stubEnv("VITE_WORKOS_API_URL", url);
  setRedirectUri();
  vi.resetModules();
  const { checkClientId } = await import("./check-client-id");
  return await checkClientId(clientId, { ...deps, now: () => 5 });
}

describe("checkClientId", () => {
  it("finds nothing against a client id and a redirect URI that WorkOS knows", async () => {
    expect(await check(open.url, " client_known ")).toEqual({ ok: true, value: null });
  });

  it("names a client id that WorkOS does not know", async () => {
    const answer = await check(open.url, "client_wrong");
    expect(answer).toMatchObject({ ok: false, trouble: { code: "sign-in-refused", at: 5 } });
    expect(JSON.stringify(answer)).toContain("client_wrong");
  });

  it("shows the exact redirect URI that is not registered", async () => {
    const answer = await check(strict.url, "client_known");
    expect(answer).toMatchObject({ ok: false, trouble: { code: "sign-in-refused" } });
    expect(JSON.stringify(answer)).toContain(REDIRECT_URI);
  });

  it("says when WorkOS cannot be reached", async () => {
    // Port 9 is discard: nobody listens.
    const answer = await check("http://127.0.0.1:9", "client_known");
    expect(answer).toMatchObject({ ok: false, trouble: { code: "sign-in-unreachable" } });
  });

  it("says when WorkOS has a problem of its own", async () => {
    open.control.fail({ on: "jwks", status: 503 });
    const answer = await check(open.url, "client_known");
    open.control.clearFailures();
    expect(answer).toMatchObject({ ok: false, trouble: { code: "sign-in-unreachable" } });
    expect(JSON.stringify(answer)).toContain("503");
  });

  it("says when the browser withholds WorkOS's answers", async () => {
    const blocked: ProbeDeps = {
      // As a browser does to a cross-origin answer without CORS headers.
      fetch: async (url, init) => {
        if (init?.mode !== "no-cors") throw new TypeError("Failed to fetch");
        return await fetch(url);
      },
      hasPermission: async () => false,
    };
    const answer = await check(open.url, "client_known", blocked);
    expect(answer).toMatchObject({ ok: false, trouble: { code: "permission-missing" } });
    expect(JSON.stringify(answer)).toContain("http://127.0.0.1/*");
  });

  it("does not take a page in between for WorkOS", async () => {
    const portal: ProbeDeps = { ...allowed, fetch: async () => new Response("<h1>Log in</h1>") };
    expect(await check(open.url, "client_known", portal)).toMatchObject({ ok: false });
  });

  it.each([
    ["nothing", "  ", "No WorkOS client id"],
    ["a secret", "sk_live_1", "secret"],
  ])("refuses %s without asking", async (_what, clientId, said) => {
    const silent: ProbeDeps = {
      fetch: () => {
        throw new Error("asked");
      },
      hasPermission: async () => true,
    };
    expect(JSON.stringify(await check(open.url, clientId, silent))).toContain(said);
  });
});
