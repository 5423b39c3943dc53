import { expect, test, vi } from "vitest";
import { api } from "./_generated/api";
import { httpOf, keyOf, openHttp } from "./http.setup";
import { everything, openBackend, signIn } from "./test.setup";
import { isKeyText, makeKey } from "./model/keyText";

const HOUR = 3600 * 1000;

test("a key is osk_, an id, at least 128 random bits and a checksum, and never the same twice", () => {
  const keys = Array.from({ length: 200 }, () => makeKey());
  expect(new Set(keys.map(({ key }) => key)).size).toBe(200);
  for (const { key, prefix, lastFour } of keys) {
    expect(key).toMatch(/^osk_[0-9A-Za-z]{46}$/);
    expect(key.startsWith(prefix)).toBe(true);
    expect(key.endsWith(lastFour)).toBe(true);
    expect(isKeyText(key)).toBe(true);
    expect(isKeyText(`${key.slice(0, -1)}${key.endsWith("a") ? "b" : "a"}`)).toBe(false);
    expect(isKeyText(key.slice(0, -1))).toBe(false);
  }
  const used = new Set(keys.flatMap(({ key }) => [...key.slice(12, 44)]));
  expect(used.size).toBe(62);
});

test("the key is in the answer and nowhere else: not in a row, a list, an error or the log", async () => {
  const lines = ["log", "warn", "error", "info", "debug"].map((level) =>
    vi.spyOn(console, level as "log").mockImplementation(() => undefined),
  );
  const backend = openBackend();
  const ann = await signIn(backend);
  const key = await keyOf(ann);
  const secret = key.slice(12, 44);
  const http = httpOf(backend, `Bearer ${key}`);
  const answers = [
    await http.get("/api/sessions"),
    await http.get("/api/sessions/get?id=nothing"),
    await http.post("/sync/message", { role: key }),
    await httpOf(backend, `Bearer ${key}x`).get("/api/sessions"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 400, 401]);
  expect(JSON.stringify(answers)).not.toContain(secret);
  expect(JSON.stringify(await ann.query(api.keys.list, {}))).not.toContain(secret);
  const rows = await everything(backend);
  expect(rows.apiKeys).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(secret);
  expect(JSON.stringify(lines.map((line) => line.mock.calls))).not.toContain(secret);
});

test("several keys are independent; revoking one ends it with the next call and no other", async () => {
  const backend = openBackend();
  const ann = await signIn(backend);
  const [first, second] = [await keyOf(ann), await keyOf(ann)];
  const [listed] = await ann.query(api.keys.list, {});
  expect(listed).toMatchObject({
    name: "Test",
    prefix: first.slice(0, 12),
    lastFour: first.slice(-4),
  });
  await ann.mutation(api.keys.revoke, { keyId: listed!.id });
  expect((await httpOf(backend, `Bearer ${first}`).get("/api/sessions")).status).toBe(401);
  expect((await httpOf(backend, `Bearer ${second}`).get("/api/sessions")).status).toBe(200);
});

test("a key does only what it may", async () => {
  const backend = openBackend();
  const ann = await signIn(backend);
  const reader = httpOf(backend, `Bearer ${await keyOf(ann, ["read"])}`);
  const writer = httpOf(backend, `Bearer ${await keyOf(ann, ["write"])}`);
  const before = await everything(backend);
  const answers = [
    await reader.post("/sync/session", { externalId: "s1" }),
    await reader.post("/sync/message", { sessionExternalId: "s1", externalId: "m1", role: "user" }),
    await reader.post("/sync/batch", { sessions: [{ externalId: "s1" }] }),
    await writer.get("/api/sessions"),
    await writer.get("/sync/sessions/list"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
  expect(await everything(backend)).toEqual(before);
  expect((await reader.get("/api/sessions")).status).toBe(200);
  expect((await writer.post("/sync/session", { externalId: "s1" })).status).toBe(200);
});

test("a key ends on its day", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const backend = openBackend();
    const ann = await signIn(backend);
    const expiresAt = Date.now() + HOUR;
    const asked = { name: "Short", scopes: ["read" as const], expiresAt };
    const { key } = await ann.mutation(api.keys.create, asked);
    const http = httpOf(backend, `Bearer ${key}`);
    expect((await http.get("/api/sessions")).status).toBe(200);
    vi.setSystemTime(expiresAt);
    expect((await http.get("/api/sessions")).body).toEqual({ error: "Invalid API key" });
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  { name: " ", scopes: ["read" as const] },
  { name: "x".repeat(101), scopes: ["read" as const] },
  { name: "No scope", scopes: [] },
  { name: "Past", scopes: ["read" as const], expiresAt: 1 },
  { name: "Never", scopes: ["read" as const], expiresAt: Infinity },
])("no key is made of $name", async (asked) => {
  const ann = await signIn(openBackend());
  await expect(ann.mutation(api.keys.create, asked)).rejects.toMatchObject({
    data: { code: "invalid-key" },
  });
  expect(await ann.query(api.keys.list, {})).toEqual([]);
});

test("there are at most 50 keys", async () => {
  const ann = await signIn(openBackend());
  for (let count = 0; count < 50; count += 1) await keyOf(ann);
  await expect(keyOf(ann)).rejects.toMatchObject({ data: { code: "too-many-keys" } });
});

test("the last use is written at most every 10 minutes, however many calls come at once", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const { backend, ann, http } = await openHttp();
    const used = async () => (await ann.query(api.keys.list, {}))[0]!.lastUsedAt;
    expect(await used()).toBeUndefined();
    const first = Date.now();
    await Promise.all(Array.from({ length: 40 }, () => http.get("/api/sessions")));
    expect(await used()).toBe(first);
    vi.setSystemTime(first + HOUR / 6 - 1);
    await http.get("/api/sessions");
    expect(await used()).toBe(first);
    vi.setSystemTime(first + HOUR / 6);
    await http.get("/api/sessions");
    expect(await used()).toBe(first + HOUR / 6);
    expect((await everything(backend)).accessLogs).toHaveLength(42);
  } finally {
    vi.useRealTimers();
  }
});
