import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "./_generated/api";
import { erasers } from "./model/eraseUser";
import schema from "./schema";
import {
  type Backend,
  everything,
  message,
  messages,
  openBackend,
  session,
  signIn,
  text,
  tokenOf,
} from "./test.setup";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** Tables that name no user: the user's own row and buckets go with the last step, and a tombstone names nobody. */
const withoutUser = ["users", "rateLimits", "erasedAccounts"];

test("every table whose rows name a user is erased, and every other one is known", () => {
  for (const [table, { validator }] of Object.entries(schema.tables)) {
    const hasUser = "userId" in (validator as { fields: object }).fields;
    expect([table, hasUser]).toEqual([table, !withoutUser.includes(table)]);
    expect([table, table in erasers]).toEqual([table, hasUser]);
  }
});

/** One person with something in every kind of place. */
async function fill(backend: Backend, subject: string) {
  const client = await signIn(backend, subject);
  const storageId = await backend.run((ctx) => ctx.storage.store(new Blob(["[]"])));
  const upload = { storageId, bytes: 2, preview: "in a file" };
  const list = [
    ...(await messages(60)),
    await message({ key: "large", position: 900, parts: text("x".repeat(300_000)) }),
    { ...(await message({ key: "file", position: 901, parts: [] })), hash: "h", upload },
  ];
  for (const key of ["s1", "s2"]) {
    const batch = key === "s1" ? list : list.slice(0, 20);
    const header = session({ key });
    const { sessionId } = await client.mutation(api.sessions.record, {
      session: header,
      messages: batch,
    });
    await client.mutation(api.organise.update, {
      sessionIds: [sessionId],
      change: { tags: ["t"], isStarred: true },
    });
    await client.mutation(api.shares.create, { sessionId, isFrozen: key === "s1" });
  }
  await client.mutation(api.organise.block, { agent: "opencode", key: "no", isBlocked: true });
  await client.mutation(api.keys.create, { name: "Laptop", scopes: ["read"] });
  const { id: userId } = (await client.query(api.users.me, {}))!;
  await backend.run(async (ctx) => {
    const request = { method: "GET", path: "/api/sessions", status: 200, durationMs: 1 };
    await ctx.db.insert("accessLogs", { userId, ...request });
    const row = (await ctx.db
      .query("messages")
      .withIndex("by_user_session_key", (q) => q.eq("userId", userId))
      .first())!;
    const where = { userId, sessionId: row.sessionId, messageId: row._id };
    await ctx.db.insert("embeddings", { ...where, model: "m", vector: Array(1536).fill(0.1) });
    await ctx.db.insert("embeddingQueue", where);
    await ctx.db.insert("embeddingJobs", { userId, dueAt: 1, failures: 0 });
    await ctx.db.insert("rateLimits", { name: "bytesRead", key: userId, value: 1, ts: 1 });
  });
  return { client, userId, storageId };
}

async function start() {
  const backend = openBackend();
  const [ann, bob] = [await fill(backend, "user_ann"), await fill(backend, "user_bob")];
  const all = await everything(backend);
  for (const table of Object.keys(schema.tables)) {
    if (table !== "erasedAccounts") expect([table, all[table]!.length > 1]).toEqual([table, true]);
  }
  return { backend, ann, bob };
}

/** The rows, without those that speak of one of these ids. */
function rowsWithout(rows: Record<string, unknown[]>, ids: string[]) {
  const isAbout = (row: unknown) => ids.some((id) => JSON.stringify(row).includes(id));
  return Object.fromEntries(
    Object.entries(rows).map(([table, list]) => [table, list.filter((row) => !isAbout(row))]),
  );
}

const finish = async (backend: Backend) =>
  await backend.finishAllScheduledFunctions(vi.runAllTimers);

describe("erasing all data", () => {
  test("leaves nothing but the account, and the others as they were", async () => {
    const { backend, ann } = await start();
    const before = await everything(backend);
    await ann.client.mutation(api.erase.start, { scope: "data" });
    expect(await ann.client.query(api.erase.progress, {})).toMatchObject({
      ...{ state: "erasing", scope: "data", deleted: 3 },
    });
    await finish(backend);
    const after = await everything(backend);
    const users = after.users as { _id: string }[];
    expect({ ...after, users: users.filter(({ _id }) => _id !== ann.userId) }).toEqual(
      rowsWithout(before, [ann.userId, ann.storageId]),
    );
    expect(await ann.client.query(api.users.me, {})).toMatchObject({ workosId: "user_ann" });
    expect(await ann.client.query(api.erase.progress, {})).toMatchObject({ state: "erased" });
  });

  test("refuses every write meanwhile, and keys and links work no more at once", async () => {
    const { backend, ann } = await start();
    const slug = (await everything(backend)).shares!.find(
      (row) => (row as { userId: string }).userId === ann.userId,
    ) as { slug: string };
    await ann.client.mutation(api.erase.start, { scope: "data" });
    expect((await backend.fetch(`/s/${slug.slug}`)).status).toBe(404);
    expect(await ann.client.query(api.keys.list, {})).toEqual([]);
    for (const call of [
      () => ann.client.mutation(api.sessions.record, { session: session(), messages: [] }),
      () => ann.client.mutation(api.keys.create, { name: "x", scopes: ["read"] }),
      () => ann.client.mutation(api.users.setEnabledAgents, { enabledAgents: [] }),
    ]) {
      await expect(call()).rejects.toMatchObject({ data: { code: "erasing" } });
    }
    await ann.client.mutation(api.erase.start, { scope: "data" });
    await finish(backend);
  });

  test("refuses what comes late from before, takes what is new, and old things when asked to", async () => {
    const { backend, ann } = await start();
    const erasedFrom = Date.now();
    await ann.client.mutation(api.erase.start, { scope: "data" });
    vi.advanceTimersByTime(1_000);
    await finish(backend);
    const old = await message({ createdAt: erasedFrom - 5_000 });
    const late = { session: session(), messages: [old] };
    await expect(ann.client.mutation(api.sessions.record, late)).rejects.toMatchObject({
      data: { code: "session-erased" },
    });
    const headerOnly = { session: session({ updatedAt: erasedFrom - 5_000 }), messages: [] };
    await expect(ann.client.mutation(api.sessions.record, headerOnly)).rejects.toMatchObject({
      data: { code: "session-erased" },
    });
    vi.advanceTimersByTime(60_000);
    const fresh = await message({ key: "m2", position: 1, createdAt: Date.now() });
    const both = { session: session(), messages: [old, fresh] };
    const { results } = await ann.client.mutation(api.sessions.record, both);
    expect(results.map(({ outcome }) => outcome)).toEqual(["refused", "stored"]);
    await ann.client.mutation(api.erase.readmit, {});
    const again = await ann.client.mutation(api.sessions.record, late);
    expect(again.results).toEqual([{ key: "m1", outcome: "stored" }]);
  });

  test("goes on where it was after a crash between two steps", async () => {
    const { backend, ann } = await start();
    // The state that a crash leaves: some rows gone, and the next step scheduled but not run.
    await ann.client.mutation(api.erase.start, { scope: "data" });
    const { userId } = ann;
    for (let step = 0; step < 3; step += 1) {
      await backend.mutation(internal.erase.step, { userId });
    }
    const half = await ann.client.query(api.erase.progress, {});
    expect(half).toMatchObject({ state: "erasing" });
    await finish(backend);
    const rows = await everything(backend);
    expect(JSON.stringify({ ...rows, users: [] })).not.toContain(userId);
  });
});

describe("erasing the account", () => {
  test("leaves a tombstone that names nobody; a stale device cannot bring the account back, its owner can", async () => {
    const { backend, ann } = await start();
    const before = await everything(backend);
    await ann.client.mutation(api.erase.start, { scope: "data" });
    await ann.client.mutation(api.erase.start, { scope: "account" });
    await finish(backend);
    const after = await everything(backend);
    expect({ ...after, erasedAccounts: [] }).toEqual(
      rowsWithout(before, [ann.userId, ann.storageId]),
    );
    expect(JSON.stringify(after)).not.toContain("user_ann");
    expect(await ann.client.query(api.erase.progress, {})).toMatchObject({
      ...{ state: "erased", scope: "account" },
    });
    const late = { session: session(), messages: await messages(1) };
    await expect(ann.client.mutation(api.sessions.record, late)).rejects.toMatchObject({
      data: { code: "user-missing" },
    });
    await expect(ann.client.mutation(api.users.getOrCreate, {})).rejects.toMatchObject({
      data: { code: "account-erased" },
    });
    expect(await everything(backend)).toEqual(after);
    await ann.client.mutation(api.users.getOrCreate, { isRestart: true });
    await ann.client.mutation(api.sessions.record, late);
    expect(await ann.client.query(api.erase.progress, {})).toBeNull();
  });

  test("deletes the WorkOS user last, tries again when that fails, and says so", async () => {
    vi.stubEnv("WORKOS_API_KEY", "sk_test_workos");
    vi.stubEnv("WORKOS_API_URL", "http://127.0.0.1:1/");
    const { backend, ann } = await start();
    const requests: string[] = [];
    let status = 500;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const { messages, sessions } = await everything(backend);
      const mine = JSON.stringify({ messages, sessions }).includes(ann.userId);
      requests.push(`${init.method} ${url} ${JSON.stringify(init.headers)} ${mine}`);
      return new Response(null, { status });
    });
    await ann.client.mutation(api.erase.start, { scope: "account" });
    for (let round = 0; requests.length === 0; round += 1) {
      expect(round).toBeLessThan(200);
      vi.advanceTimersByTime(1);
      await backend.finishInProgressScheduledFunctions();
    }
    await backend.finishInProgressScheduledFunctions();
    expect(await ann.client.query(api.erase.progress, {})).toMatchObject({
      ...{ state: "erasing", problem: expect.stringMatching(/refused.*500/) },
    });
    status = 204;
    await finish(backend);
    const request =
      'DELETE http://127.0.0.1:1/user_management/users/user_ann {"Authorization":"Bearer sk_test_workos"} false';
    expect(requests.length).toBeGreaterThan(1);
    expect(new Set(requests)).toEqual(new Set([request]));
    expect(await ann.client.query(api.users.me, {})).toBeNull();
    expect(await ann.client.query(api.erase.progress, {})).toMatchObject({ state: "erased" });
  });

  test("never asks WorkOS without a key", async () => {
    const { backend, ann } = await start();
    const fetched = vi.fn();
    vi.stubGlobal("fetch", fetched);
    await ann.client.mutation(api.erase.start, { scope: "account" });
    await finish(backend);
    expect(fetched).not.toHaveBeenCalled();
    expect(await ann.client.query(api.users.me, {})).toBeNull();
  });
});

test("erasing is nobody's but the person's own", async () => {
  const { backend, ann } = await start();
  const before = await everything(backend);
  const nobody = tokenOf(backend, "user_new");
  await expect(nobody.mutation(api.erase.start, { scope: "account" })).rejects.toMatchObject({
    data: { code: "user-missing" },
  });
  expect(await nobody.query(api.erase.progress, {})).toBeNull();
  expect(await ann.client.query(api.erase.progress, {})).toBeNull();
  expect(await everything(backend)).toEqual(before);
});
