import { describe, expect, it } from "vitest";
import { hostConfig } from "./endpoints";
import type { ExchangeResult } from "./host-protocol";
import { readRedirect, runSignIn, type SignInFlowDeps } from "./sign-in-flow";
import { REDIRECT_URI, ScriptedHost, setRedirectUri } from "./test-support";

setRedirectUri();
const config = hostConfig("client_1");

describe("readRedirect", () => {
  const state = encodeURIComponent(JSON.stringify({ nonce: "nonce-1" }));
  const read = (query: string) => readRedirect(`${REDIRECT_URI}?${query}`, "nonce-1");

  it("takes one code with our state", () => {
    expect(read(`code=abc&state=${state}`)).toEqual({ code: "abc" });
  });

  it.each([
    ["another state", `code=abc&state=${encodeURIComponent('{"nonce":"nonce-2"}')}`],
    ["our nonce in another form", "code=abc&state=nonce-1"],
    ["more in the state", `code=abc&state=${encodeURIComponent('{"nonce":"nonce-1","x":1}')}`],
    ["no state", "code=abc"],
    ["an empty state", "code=abc&state="],
    ["our state twice", `code=abc&state=${state}&state=${state}`],
    ["our state and another", `code=abc&state=${state}&state=x`],
    ["no code", `state=${state}`],
    ["an empty code", `code=&state=${state}`],
    ["two codes", `code=abc&code=def&state=${state}`],
    ["nothing", ""],
  ])("refuses %s", (_what, query) => {
    const answer = read(query);
    expect(answer).toMatchObject({ trouble: { code: "sign-in-refused" } });
    expect(JSON.stringify(answer)).toContain("does not belong to this sign-in");
  });

  it.each([
    ["error=access_denied", "sign-in-cancelled"],
    [`error=access_denied&state=${state}&code=abc`, "sign-in-cancelled"],
    [`error=server_error&state=${state}`, "sign-in-refused"],
    ["error=server_error", "sign-in-refused"],
  ])("knows %s", (query, code) => {
    expect(read(query)).toMatchObject({ trouble: { code } });
  });

  it("shows WorkOS's code of an error, but nothing that somebody else could have written", () => {
    const shown = (query: string) => JSON.stringify(read(query));
    expect(shown(`error=sso_required&state=${state}`)).toContain("sso_required");
    expect(shown("error=sso_required")).not.toContain("sso_required");
    expect(shown(`error=${encodeURIComponent("Call 555-0100 now")}&state=${state}`)).not.toContain(
      "555",
    );
  });
});

/** A window that sends back what `answer` makes of the state. */
function depsWith(changes: Partial<SignInFlowDeps>): SignInFlowDeps & { host: ScriptedHost } {
  return {
    host: new ScriptedHost(),
    fetch: async () => new Response("a login page"),
    hasPermission: async () => true,
    openWindow: async (url) => `${REDIRECT_URI}?${new URL(url).searchParams}&code=abc`,
    timeoutMs: 1000,
    ...changes,
  } as SignInFlowDeps & { host: ScriptedHost };
}

const rejectWith = (message: string) => async () => {
  throw new Error(message);
};

describe("runSignIn", () => {
  it("exchanges the code with the verifier of its own attempt", async () => {
    const deps = depsWith({});
    const result = await runSignIn(config, "sign-in-1", deps);
    expect(result).toMatchObject({ grant: { accessToken: "access-1" } });
    expect(deps.host.calls.at(-1)).toEqual({
      name: "exchange",
      args: { config, signInId: "sign-in-1", code: "abc", verifier: "verifier" },
    });
  });

  it("uses a new state for each attempt", async () => {
    const deps = depsWith({});
    await runSignIn(config, "a", deps);
    await runSignIn(config, "b", deps);
    const nonces = deps.host.calls
      .filter(({ name }) => name === "begin")
      .map(({ args }) => (args as { state: { nonce: string } }).state.nonce);
    expect(new Set(nonces).size).toBe(2);
  });

  it.each([
    ["The user did not approve access.", "sign-in-cancelled"],
    ["User cancelled or denied access.", "sign-in-cancelled"],
    ["Only one web auth flow is allowed at a time.", "sign-in-busy"],
    ["Authorization page could not be loaded.", "sign-in-unreachable"],
    ["Something else.", "unexpected"],
  ])("tells apart the browser's sentence %j", async (sentence, code) => {
    const deps = depsWith({ openWindow: rejectWith(sentence) });
    expect(await runSignIn(config, "a", deps)).toMatchObject({ trouble: { code } });
    expect(deps.host.count("exchange")).toBe(0);
  });

  it("gives up a window that never answers", async () => {
    const deps = depsWith({ openWindow: () => new Promise(() => undefined), timeoutMs: 20 });
    expect(await runSignIn(config, "a", deps)).toMatchObject({
      trouble: { code: "sign-in-timeout" },
    });
  });

  it.each<[string, SignInFlowDeps["fetch"], string]>([
    ["is down", rejectWith("Failed to fetch"), "cannot be reached"],
    ["has a problem", async () => new Response("", { status: 503 }), "answered with 503"],
    [
      "refuses the client id",
      async () => new Response("Invalid client ID", { status: 400 }),
      "does not know the client id",
    ],
    [
      "refuses the redirect URI",
      async () => Response.json({ code: "invalid_redirect_uri" }, { status: 400 }),
      REDIRECT_URI,
    ],
  ])("opens no window when WorkOS %s", async (_what, fetch, said) => {
    let isOpened = false;
    const openWindow = async () => {
      isOpened = true;
      return REDIRECT_URI;
    };
    const result = await runSignIn(config, "a", depsWith({ fetch, openWindow }));
    expect(JSON.stringify(result)).toContain(said);
    expect(isOpened).toBe(false);
  });

  it("opens the window although the browser withholds the host permission", async () => {
    const deps = depsWith({
      fetch: async (_url, init) => {
        if (init?.mode !== "no-cors") throw new TypeError("Failed to fetch");
        return new Response("");
      },
      hasPermission: async () => false,
    });
    expect(await runSignIn(config, "a", deps)).toHaveProperty("grant");
  });

  const failedExchange = (status: number | null, error: string | null): ExchangeResult => ({
    outcome: "unavailable",
    status,
    error,
    retryAfterMs: null,
  });

  it.each([
    [null, null, true, "sign-in-unreachable"],
    [null, null, false, "permission-missing"],
    [503, null, true, "sign-in-unreachable"],
    [429, null, true, "sign-in-unreachable"],
    [400, "invalid_client", true, "sign-in-refused"],
    [400, "invalid_grant", true, "sign-in-refused"],
  ])("explains an exchange that ended with %j %j", async (status, error, isAllowed, code) => {
    const deps = depsWith({ hasPermission: async () => isAllowed });
    deps.host.onExchange = async () => failedExchange(status, error);
    expect(await runSignIn(config, "a", deps)).toMatchObject({ trouble: { code } });
  });
});
