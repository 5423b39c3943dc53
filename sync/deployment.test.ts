// @vitest-environment node
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createCaller } from "./convex-caller";
import { retryAfter } from "./convex-errors";
import { checkDeployment, normaliseDeployment } from "./deployment";

const now = () => 1_000_000;
const servers: Server[] = [];

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that answers every function call like this. */
const convexThat = (status: number, body: string, headers: Record<string, string> = {}) =>
  serve((request, response) => {
    if (request.url === "/version") return response.end("1.2.3");
    return response.writeHead(status, headers).end(body);
  });

const functionError = (errorMessage: string) =>
  JSON.stringify({ status: "error", errorMessage, logLines: [] });

async function freeUrl(): Promise<string> {
  const url = await serve(() => undefined);
  const server = servers.pop()!;
  await new Promise((resolve) => server.close(resolve));
  return url;
}

/** A token for `sub`; nobody checks its signature here. */
const token = `x.${btoa(JSON.stringify({ sub: "user_me" }))}.x`;

/** How a mutation that a deployment answers in some way ends for the drain. */
function outcomeOf(url: string) {
  const call = createCaller({
    getToken: () => Promise.resolve({ kind: "token", token }),
    fetch,
    now,
  });
  return call(url, "user_me", (client) => client.mutation("x:y" as never, {} as never));
}

describe("a deployment's answer", () => {
  const missing =
    "Could not find public function for 'x:y'. Did you forget to run `npx convex dev`?";
  it.each([
    ["is missing functions", 200, functionError(missing), "deployment-outdated"],
    ["fails inside", 200, functionError("[Request ID: 1] Server Error"), "unexpected"],
    ["fails inside, with Convex's own status", 560, functionError("Oops"), "unexpected"],
    ["is a login page", 200, "<html>Welcome to the hotel</html>", "deployment-invalid"],
    ["is some other JSON", 200, '{"hello":"world"}', "deployment-invalid"],
    ["is not found", 404, "Not Found", "deployment-invalid"],
    ["is a proxy's error", 502, "Bad Gateway", "deployment-unreachable"],
    ["refuses the token", 401, '{"code":"Unauthenticated"}', "token-refused"],
  ])("that %s makes everything wait: %i", async (_what, status, body, code) => {
    const outcome = await outcomeOf(await convexThat(status, body));
    expect(outcome).toMatchObject({ kind: "later", trouble: { code } });
    expect(JSON.stringify(outcome)).not.toMatch(/Server Error|hotel|Request ID/);
  });

  it("that asks to slow down says for how long", async () => {
    const url = await convexThat(429, "slow", { "Retry-After": "30" });
    expect(await outcomeOf(url)).toMatchObject({
      kind: "later",
      after: 30_000,
      trouble: { code: "rate-limited" },
    });
  });

  it("that finds a request too large refuses it", async () => {
    expect(await outcomeOf(await convexThat(413, ""))).toMatchObject({ kind: "refused" });
  });

  const refused = (code: string) =>
    JSON.stringify({ status: "error", errorMessage: "x", errorData: { code, message: "Why." } });

  it("that is erasing the person's data makes everything wait", async () => {
    const outcome = await outcomeOf(await convexThat(560, refused("erasing")));
    expect(outcome).toMatchObject({ kind: "later" });
  });

  it.each([
    ["session-blocked", true],
    ["session-erased", false],
    ["account-erased", false],
  ])("%s refuses for good, with the deployment's reason", async (code, isSession) => {
    const outcome = await outcomeOf(await convexThat(560, refused(code)));
    expect(outcome).toMatchObject({ kind: "refused", reason: "Why.", isSession });
  });

  it("that is none makes everything wait", async () => {
    expect(await outcomeOf(await freeUrl())).toMatchObject({
      kind: "later",
      trouble: { code: "deployment-unreachable" },
    });
    const hangingUp = await serve((request) => request.socket.destroy());
    expect(await outcomeOf(hangingUp)).toMatchObject({
      trouble: { code: "deployment-unreachable" },
    });
  });
});

describe("Retry-After", () => {
  it.each([
    [null, undefined],
    ["120", 120_000],
    [new Date(now() + 60_000).toUTCString(), 60_000],
    [new Date(0).toUTCString(), 0],
    ["soon", undefined],
  ])("%s", (header, after) => {
    expect(retryAfter(header, now())).toBe(after);
  });
});

describe("checkDeployment", () => {
  const check = (url: string) => checkDeployment(url, { fetch, now });

  it("is fine when nobody is answered null", async () => {
    const url = await convexThat(200, '{"status":"success","value":null,"logLines":[]}');
    expect(await check(url)).toEqual({ ok: true, value: { version: "1.2.3" } });
  });

  it("tells the ways apart in which it is not", async () => {
    const outdated = functionError("Could not find public function for 'users:me'.");
    const cases: [string, string][] = [
      [await freeUrl(), "deployment-unreachable"],
      [await serve((_request, response) => response.end("<html>")), "deployment-invalid"],
      [await serve((_request, response) => response.writeHead(404).end()), "deployment-invalid"],
      [await convexThat(200, outdated), "deployment-outdated"],
      [await convexThat(401, "Log in first"), "deployment-invalid"],
      [await convexThat(200, functionError("ArgumentValidationError: x")), "deployment-outdated"],
    ];
    for (const [url, code] of cases) {
      expect(await check(url)).toMatchObject({ ok: false, trouble: { code } });
    }
  });

  it.each([
    ["not a url", "with https://"],
    ["ftp://a.convex.cloud", "with https://"],
    ["http://a.convex.cloud", "for this machine only"],
    ["https://happy-animal-123.convex.site", ".convex.cloud"],
    ["https://me:secret@a.convex.cloud", "without one"],
  ])("refuses %s and says what to enter", async (typed, next) => {
    expect(await check(typed)).toMatchObject({
      ok: false,
      trouble: { code: "deployment-invalid", next: expect.stringContaining(next) as string },
    });
  });

  it.each([
    [" https://happy-animal-123.convex.cloud/ ", "https://happy-animal-123.convex.cloud"],
    ["https://x.test/convex//?a=1#b", "https://x.test/convex"],
    ["http://localhost:3210", "http://localhost:3210"],
  ])("takes %s", (typed, value) => {
    expect(normaliseDeployment(typed, 0)).toEqual({ ok: true, value });
  });
});
