import { ConvexHttpClient } from "convex/browser";
import { ConvexError } from "convex/values";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { files, Fixture, notes } from "./testing.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.pushed();
}, 120_000);
afterAll(() => fixture.close());

const client = () => new ConvexHttpClient(fixture.convex.url, { logger: false });
const bearer = async (subject: string) => ({
  Authorization: `Bearer ${await fixture.token(subject)}`,
});

describe("ConvexHttpClient", () => {
  it("runs queries, mutations and actions", async () => {
    const http = client();
    await http.mutation(notes.add, { room: "http", text: "a", order: 1 });
    await http.action(notes.addTwice, { room: "http", text: "b", order: 2 });
    expect(await http.query(notes.list, { room: "http" })).toEqual(["a", "b", "b"]);
  });

  it("carries every kind of value both ways", async () => {
    const value = {
      integer: 9007199254740993n,
      bytes: new Uint8Array([0, 255, 7]).buffer,
      float: [NaN, Infinity, -Infinity, -0, 1.5],
      text: "ünïcødé 🎉",
      nested: { list: [null, true, []] },
    };
    expect(await client().query(notes.echo, { value })).toEqual(value);
  });

  it("passes the data of a ConvexError on and rolls back", async () => {
    const refused = client().mutation(notes.refuse, { room: "rollback" });
    await expect(refused).rejects.toThrow(ConvexError);
    await expect(refused).rejects.toMatchObject({ data: { code: "refused", count: 7n } });
    expect(await client().query(notes.list, { room: "rollback" })).toEqual([]);
  });

  it("is told of arguments that do not fit", async () => {
    const call = client().mutation(notes.add, { room: 1, text: "x", order: 1 });
    await expect(call).rejects.toThrow(/ArgumentValidationError|Validator/);
  });

  it("names the caller by token, by nobody, and by an admin's choice", async () => {
    const http = client();
    expect(await http.query(notes.whoAmI, {})).toBeNull();
    http.setAuth(await fixture.token("ada"));
    expect(await http.query(notes.whoAmI, {})).toMatchObject({ subject: "ada" });
    const claims = { subject: "grace", issuer: "test", tokenIdentifier: "test|grace" };
    (http as unknown as { setAdminAuth(key: string, as: object): void }).setAdminAuth(
      fixture.convex.adminKey,
      claims,
    );
    expect(await http.query(notes.whoAmI, {})).toMatchObject(claims);
  });

  it("reads several queries at one timestamp, and is told when that has passed", async () => {
    const http = client();
    const read = () => http.consistentQuery(notes.list, { room: "consistent" });
    expect(await read()).toEqual([]);
    await client().mutation(notes.add, { room: "other", text: "x", order: 1 });
    await expect(read()).rejects.toThrow(/SnapshotNotHosted/);
  });
});

describe("the HTTP API", () => {
  it("speaks plain JSON too", async () => {
    const value = { text: "plain", list: [1, null] };
    const body = { path: "notes:echo", args: { value }, format: "json" };
    const response = await fixture.call("query", body);
    expect(await response.json()).toMatchObject({ status: "success", value });
    const refused = await fixture.call("mutation", {
      path: "notes:refuse",
      args: { room: "json" },
      format: "json",
    });
    expect(await refused.json()).toMatchObject({
      status: "error",
      errorData: { code: "refused", count: "7" },
    });
  });

  it("refuses field names that plain JSON could smuggle in", async () => {
    const args = { value: { $integer: "AAAAAAAAAAA=" } };
    const response = await fixture.call("query", { path: "notes:echo", args, format: "json" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "BadFieldName" });
  });

  it("keeps internal functions from everyone but the admin", async () => {
    const body = { path: "notes:clear", args: { room: "none" } };
    const refused = await (await fixture.call("mutation", body)).json();
    expect(refused).toMatchObject({ status: "error" });
    expect(refused.errorMessage).toMatch(/Could not find public function/);
    const admin = { Authorization: `Convex ${fixture.convex.adminKey}` };
    expect(await (await fixture.call("function", body, admin)).json()).toMatchObject({
      status: "success",
      value: 0,
    });
  });

  it.each([
    ["Bearer forged", "InvalidAuthHeader"],
    ["Convex wrong", "BadAdminKey"],
    ["Basic YTpi", "AuthorizationNotUnderstood"],
  ])("answers 401 to %s", async (authorization, code) => {
    const headers = { Authorization: authorization };
    const response = await fixture.call("query", { path: "notes:whoAmI", args: {} }, headers);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code, message: expect.any(String) });
  });

  it("answers 401 to an expired token", async () => {
    const headers = { Authorization: `Bearer ${await fixture.token("ada", -60)}` };
    const response = await fixture.call("query", { path: "notes:whoAmI", args: {} }, headers);
    expect(response.status).toBe(401);
    expect((await response.json()).message).toMatch(/expired/);
  });

  it("takes 16 MiB of arguments and refuses more with a clear error", async () => {
    const body = (length: number) => ({ path: "notes:echo", args: { value: "x".repeat(length) } });
    const fits = await fixture.call("query", body(16 * 1024 * 1024 - 100));
    expect(fits.status).toBe(200);
    const tooLarge = await fixture.call("query", body(16 * 1024 * 1024 + 3000));
    expect(tooLarge.status).toBe(413);
    expect((await tooLarge.json()).message).toMatch(/Nothing of it was stored/);
  });

  it("lets pages of any origin call, without cookies", async () => {
    const origin = "chrome-extension://abcdefgh";
    const preflight = await fetch(`${fixture.convex.url}/api/query`, {
      method: "OPTIONS",
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,convex-client",
        "Access-Control-Request-Private-Network": "true",
      },
    });
    expect(preflight.status).toBe(204);
    const headers = Object.fromEntries(preflight.headers);
    expect(headers["access-control-allow-origin"]).toBe("*");
    expect(headers["access-control-allow-headers"]).toContain("authorization");
    expect(headers["access-control-allow-private-network"]).toBe("true");
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
    const answer = await fixture.call("query", { path: "no:such", args: {} }, { Origin: origin });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("names what it does not host", async () => {
    const response = await fixture.call("run_test_function", {});
    expect(response.status).toBe(400);
    expect((await response.json()).message).toMatch(
      /does not host "POST \/api\/run_test_function"/,
    );
    const component = { path: "x:y", args: {}, componentPath: "workflow" };
    expect((await (await fixture.call("query", component)).json()).message).toMatch(
      /hosts no components, and "workflow"/,
    );
  });

  it("answers only under loopback names", async () => {
    const { port } = new URL(fixture.convex.url);
    const { request } = await import("node:http");
    const status = (host: string) =>
      new Promise((resolve) => {
        request({ host: "127.0.0.1", port, path: "/version", headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).end();
      });
    expect(await status(`rebound.example:${port}`)).toBe(403);
    expect(await status(`localhost:${port}`)).toBe(200);
  });
});

describe("file storage", () => {
  it("stores an upload and serves it until it is deleted", async () => {
    const http = client();
    const uploadUrl = (await http.mutation(files.uploadUrl, {})) as string;
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const upload = () =>
      fetch(uploadUrl, { method: "POST", headers: { "Content-Type": "image/png" }, body: bytes });
    const response = await upload();
    expect(response.status).toBe(200);
    const { storageId } = (await response.json()) as { storageId: string };
    const url = (await http.query(files.url, { id: storageId })) as string;
    expect(url.startsWith(`${fixture.convex.url}/api/storage/`)).toBe(true);
    const download = await fetch(url);
    expect(download.headers.get("content-type")).toBe("image/png");
    expect(new Uint8Array(await download.arrayBuffer())).toEqual(bytes);
    expect((await upload()).status).toBe(400);
    await http.mutation(files.remove, { id: storageId });
    expect((await fetch(url)).status).toBe(404);
    expect(await http.query(files.url, { id: storageId })).toBeNull();
  });
});

describe("HTTP actions", () => {
  const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
    fetch(`${fixture.convex.siteUrl}${path}`, { method: "POST", body, headers });
  const note = JSON.stringify({ room: "site", text: "from outside" });

  it("run on their own origin with the caller's identity", async () => {
    const asAda = await post("/notes", note, await bearer("ada"));
    expect(asAda.status).toBe(201);
    expect(await asAda.json()).toMatchObject({ subject: "ada" });
    expect(await client().query(notes.list, { room: "site" })).toEqual(["from outside"]);
  });

  it("decide themselves about bearers that are no token", async () => {
    const withKey = await post("/notes", note, { Authorization: "Bearer osk_key" });
    expect(await withKey.json()).toMatchObject({ subject: null });
  });

  it("take large bodies and answer 404 and 413 where they belong", async () => {
    const size = 19 * 1024 * 1024;
    const large = await post("/echo/a?b=c", new Uint8Array(size));
    expect(await large.json()).toEqual({ size, path: "/echo/a?b=c" });
    expect((await post("/echo/a", new Uint8Array(21 * 1024 * 1024))).status).toBe(413);
    expect((await post("/nowhere", "")).status).toBe(404);
  });
});
