import { describe, expect, it } from "vitest";
import { parseRetryAfter, watchAuthenticate } from "./watch-authenticate";

const TOKEN_URL = "https://api.workos.com/user_management/authenticate";

function scopeOf(answer: (url: string, init?: RequestInit) => Promise<Response>) {
  const scope: { fetch: typeof fetch } = { fetch: (input, init) => answer(String(input), init) };
  return scope;
}

describe("watchAuthenticate", () => {
  it("remembers what the token endpoint said, and hands on an unread answer", async () => {
    const body = { error: "invalid_grant", error_description: "Session has already ended." };
    const scope = scopeOf(async () => Response.json(body, { status: 400 }));
    const watch = watchAuthenticate(scope);
    const response = await scope.fetch(new URL(TOKEN_URL), { method: "POST" });
    expect(await response.json()).toEqual(body);
    expect(watch.last()).toEqual({ status: 400, error: "invalid_grant", retryAfterMs: null });
    watch.reset();
    expect(watch.last()).toBeNull();
  });

  it("reads Retry-After, and an error page without a code", async () => {
    const headers = { "retry-after": "7" };
    const scope = scopeOf(async () => new Response("<h1>busy</h1>", { status: 429, headers }));
    const watch = watchAuthenticate(scope);
    await scope.fetch(TOKEN_URL);
    expect(watch.last()).toEqual({ status: 429, error: null, retryAfterMs: 7000 });
  });

  it("knows nothing after a failure of the network", async () => {
    const scope = scopeOf(async () => {
      throw new TypeError("Failed to fetch");
    });
    const watch = watchAuthenticate(scope);
    await expect(scope.fetch(TOKEN_URL)).rejects.toThrow("Failed to fetch");
    expect(watch.last()).toBeNull();
  });

  it("gives up a server that does not answer", async () => {
    const scope = scopeOf(
      (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        }),
    );
    watchAuthenticate(scope, 20);
    await expect(scope.fetch(TOKEN_URL)).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("leaves every other request as it is", async () => {
    const seen: unknown[] = [];
    const scope = scopeOf(async (url, init) => {
      seen.push([url, init]);
      return new Response("", { status: 500 });
    });
    const watch = watchAuthenticate(scope);
    const init = { method: "POST" };
    await scope.fetch("https://example.convex.cloud/api/mutation", init);
    expect(seen).toEqual([["https://example.convex.cloud/api/mutation", init]]);
    expect(watch.last()).toBeNull();
  });
});

describe("parseRetryAfter", () => {
  const now = Date.UTC(2026, 10, 21, 12, 0, 0);
  it.each([
    [null, null],
    ["", null],
    ["soon", null],
    ["0", 0],
    ["2.5", 2500],
    ["-3", 0],
    ["Sat, 21 Nov 2026 12:00:30 GMT", 30_000],
    ["Sat, 21 Nov 2026 11:00:00 GMT", 0],
  ])("reads %j", (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms);
  });
});
