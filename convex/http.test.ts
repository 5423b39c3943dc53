/** The contract of the HTTP API: who may call, what comes back, and what never does. */
import { expect, test, vi } from "vitest";
import { internal } from "./_generated/api";
import { LOG_LIFETIME_MS } from "./model/accessLog";
import { limits } from "./model/limits";
import { routes } from "./routes/all";
import { httpOf, keyOf, openHttp } from "./http.setup";
import { everything, openBackend, signIn, tokenOf } from "./test.setup";

const closed = routes.filter(({ access }) => access !== "open");

test("health says that the deployment is up, to any origin", async () => {
  const answer = await openBackend().fetch("/health", { method: "GET" });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(await answer.json()).toEqual({ status: "ok", timestamp: expect.any(Number) });
});

test.each([...routes.map(({ path }) => path), "/none/such"])("preflight of %s", async (path) => {
  const answer = await openBackend().fetch(path, { method: "OPTIONS" });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("Access-Control-Allow-Methods")).toBe("GET, POST, DELETE, OPTIONS");
  expect(answer.headers.get("Access-Control-Allow-Headers")).toBe("Authorization, Content-Type");
  expect(answer.headers.has("Access-Control-Allow-Credentials")).toBe(false);
});

test.each(closed)("$method $path answers nobody with 401 and OpenSync's words", async (route) => {
  const backend = openBackend();
  const call = async (authorization?: string) => {
    const body = route.method === "POST" ? "{}" : undefined;
    const { status, body: answer } = await httpOf(backend, authorization).send(route.path, {
      ...{ method: route.method, body },
    });
    return [status, answer];
  };
  const missing = [401, { error: "Missing Authorization header" }];
  expect(await call()).toEqual(missing);
  expect(await call("Basic abc")).toEqual(missing);
  expect(await call("Bearer")).toEqual(missing);
  expect(await call("Bearer x.y.z")).toEqual([401, { error: "Invalid or expired token" }]);
  expect(await call("Bearer osk_short")).toEqual([401, { error: "Invalid API key format" }]);
  const unknown = "osk_AAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
  const { makeKey } = await import("./model/keyText");
  expect(await call(`Bearer ${unknown}`)).toEqual([401, { error: "Invalid API key format" }]);
  expect(await call(`Bearer ${makeKey().key}`)).toEqual([401, { error: "Invalid API key" }]);
  expect((await everything(backend)).users).toEqual([]);
});

test("a sign-in's token opens every route, and makes its user at the first call", async () => {
  const backend = openBackend();
  const stranger = httpOf(tokenOf(backend, "user_new"), "Bearer token");
  expect((await stranger.get("/sync/sessions/list")).body).toEqual({ sessionIds: [] });
  expect((await stranger.post("/sync/session", { externalId: "s1" })).status).toBe(200);
  expect((await stranger.get("/sync/sessions/list")).body).toEqual({ sessionIds: ["s1"] });
  expect((await everything(backend)).users).toHaveLength(1);
});

test("what is not a route is 404, and a route's other methods 405, both readable from any origin", async () => {
  const http = httpOf(openBackend());
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
    expect((await http.send("/none", { method })).status).toBe(404);
  }
  const { status, headers, body } = await http.send("/sync/session", { method: "DELETE" });
  expect([status, headers.get("Allow"), body]).toEqual([
    ...[405, "POST", { error: "This address answers POST only." }],
  ]);
});

test("a body that is too large is 413, and nothing of it is read or written", async () => {
  const { backend, http } = await openHttp();
  const textContent = "x".repeat(12 * 1024 * 1024);
  const message = { sessionExternalId: "s1", externalId: "m1", role: "user", textContent };
  expect((await http.post("/sync/message", message)).status).toBe(413);
  const items = Array.from({ length: 5_001 }, () => ({}));
  expect((await http.post("/sync/batch", { messages: items })).status).toBe(413);
  expect((await everything(backend)).sessions).toEqual([]);
});

const user = (externalId: string) => ({ sessionExternalId: "s1", externalId, role: "user" });

test("too much at once is 429 with Retry-After, writes nothing, and passes after the wait; others are not held up", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const { backend, http } = await openHttp();
    const bob = httpOf(backend, `Bearer ${await keyOf(await signIn(backend, "user_bob"))}`);
    const batch = { messages: Array.from({ length: 5_000 }, () => ({})) };
    for (let sent = 0; sent < limits.messagesWritten.capacity; sent += 5_000) {
      expect((await http.post("/sync/batch", batch)).status).toBe(400);
    }
    const written = ({ sessions, messages, rateLimits }: Record<string, unknown[]>) => ({
      ...{ sessions, messages, rateLimits },
    });
    const before = written(await everything(backend));
    for (const [path, body] of [
      ["/sync/message", { ...user("m1"), textContent: "hi" }],
      ["/sync/batch", { sessions: [{ externalId: "s1" }], messages: [user("m1")] }],
    ] as const) {
      const { status, headers } = await http.post(path, body);
      expect([status, headers.get("Retry-After")]).toEqual([429, "1"]);
    }
    expect(written(await everything(backend))).toEqual(before);
    expect((await bob.post("/sync/message", user("m1"))).status).toBe(200);
    vi.setSystemTime(Date.now() + 1_000);
    expect((await http.post("/sync/message", user("m1"))).status).toBe(200);
  } finally {
    vi.useRealTimers();
  }
}, 60_000);

test("bytes count too, and a refused write is not counted", async () => {
  const { backend, http } = await openHttp();
  const bucket = async () =>
    (await everything(backend)).rateLimits!.map((row) => (row as { name: string }).name);
  const late = { externalId: "x".repeat(600) };
  expect((await http.post("/sync/session", late)).status).toBe(400);
  expect(await bucket()).toEqual([]);
  await http.post("/sync/session", { externalId: "s1" });
  expect(await bucket()).toContain("bytesWritten");
});

test("reading is held up after much was read", async () => {
  const { backend, ann, http } = await openHttp();
  await http.get("/api/sessions");
  await ann.run(async (ctx) => {
    const rows = await ctx.db.query("rateLimits").collect();
    const read = rows.find(({ name }) => name === "bytesRead")!;
    await ctx.db.patch("rateLimits", read._id, { value: -1024 * 1024 * 128 });
  });
  const { status, headers } = await http.get("/api/sessions");
  expect(status).toBe(429);
  expect(Number(headers.get("Retry-After"))).toBeGreaterThan(50);
  const logged = (await everything(backend)).accessLogs as { status: number }[];
  expect(logged.map((row) => row.status)).toEqual([200, 429]);
});

test("a fault of ours is a 500 that tells a number and nothing else", async () => {
  const { backend, ann, http } = await openHttp();
  const line = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await ann.run(async (ctx) => {
    const [row] = await ctx.db.query("apiKeys").collect();
    const twice = {
      userId: row!.userId,
      agent: "opencode",
      key: "s1",
      updatedAt: 1,
      messageCount: 0,
    };
    await ctx.db.insert("sessions", twice);
    await ctx.db.insert("sessions", twice);
  });
  const body = { externalId: "s1", source: "opencode", title: "private words" };
  const answer = await http.post("/sync/session", body);
  expect(answer.status).toBe(500);
  expect(answer.body).toEqual({
    error: expect.stringMatching(/^Something went wrong .* report request [0-9a-f-]{36}\.$/),
  });
  const [written] = line.mock.calls.flat() as string[];
  expect(written).toMatch(/^request [0-9a-f-]{36} failed: /);
  expect(written).not.toContain("private words");
  expect((await everything(backend)).sessions).toHaveLength(2);
});

test("the access log tells who asked what and when, no content, for 30 days", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const { backend, http } = await openHttp();
    await http.post("/sync/session", { externalId: "secret-id", title: "secret title" });
    await http.get("/api/sessions/get?id=secret-id");
    const logged = (await everything(backend)).accessLogs as { path: string; status: number }[];
    expect(logged.map(({ path, status }) => [path, status])).toEqual([
      ["/sync/session", 200],
      ["/api/sessions/get", 404],
    ]);
    expect(JSON.stringify(logged)).not.toContain("secret");
    vi.setSystemTime(Date.now() + LOG_LIFETIME_MS - 60_000);
    await backend.mutation(internal.callers.forget, {});
    expect((await everything(backend)).accessLogs).toHaveLength(2);
    vi.setSystemTime(Date.now() + 120_000);
    await backend.mutation(internal.callers.forget, {});
    expect((await everything(backend)).accessLogs).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test("S12: searches by meaning are counted; beyond that words alone answer, and the provider is not asked", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.stubEnv("OPENAI_API_KEY", "key");
  const provider = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("no network"));
  try {
    const { ann, http } = await openHttp();
    await ann.run(async (ctx) => {
      const [row] = await ctx.db.query("users").collect();
      await ctx.db.patch("users", row!._id, { hasSemanticSearch: true });
    });
    const { capacity } = limits.searchesByMeaning;
    for (let asked = 0; asked < capacity + 5; asked += 1) {
      expect((await http.get("/api/search?q=zebra&type=semantic")).status).toBe(200);
    }
    expect(provider).toHaveBeenCalledTimes(capacity);
  } finally {
    vi.unstubAllEnvs();
    provider.mockRestore();
    vi.useRealTimers();
  }
}, 60_000);
