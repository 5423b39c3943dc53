/** The queue of search by meaning; the vectors themselves are tested where a vector index and a provider run. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api, internal } from "./_generated/api";
import { type Backend, message, openBackend, session, signIn, text } from "./test.setup";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Ann, for whom it is on. */
async function startAnn(backend: Backend) {
  const ann = await signIn(backend);
  const userId = (await ann.query(api.users.me, {}))!.id;
  await backend.run((ctx) => ctx.db.patch("users", userId, { hasSemanticSearch: true }));
  return { ann, userId };
}

const rowsOf = (backend: Backend) =>
  backend.run(async (ctx) => ({
    queue: await ctx.db.query("embeddingQueue").collect(),
    jobs: await ctx.db.query("embeddingJobs").collect(),
    vectors: await ctx.db.query("embeddings").collect(),
  }));

test("a message is queued once, when its text is new or another, and not when only its state changes", async () => {
  const backend = openBackend();
  const { ann, userId } = await startAnn(backend);
  const send = async (words: string, state: "partial" | "final") =>
    await ann.mutation(api.sessions.record, {
      session: session(),
      messages: [await message({ parts: text(words), state })],
    });
  await send("a beginning", "partial");
  await send("a beginning and an end", "partial");
  expect((await rowsOf(backend)).queue).toHaveLength(1);
  expect((await rowsOf(backend)).jobs).toHaveLength(1);
  const [task] = await backend.query(internal.embeddings.tasks, { userId });
  expect(task!.text).toBe("a beginning and an end");
  const embedded = [{ ...task!, vector: Array.from({ length: 1536 }, () => 0.5) }].map(
    ({ queueId, messageId, hash, vector }) => ({ queueId, messageId, hash, vector }),
  );
  await backend.mutation(internal.embeddings.store, { userId, model: "m", embedded });
  expect(await rowsOf(backend)).toMatchObject({ queue: [], vectors: [{ model: "m" }] });
  await send("a beginning and an end", "final");
  expect((await rowsOf(backend)).queue).toEqual([]);
});

test("the vector of a text that was replaced meanwhile is not stored", async () => {
  const backend = openBackend();
  const { ann, userId } = await startAnn(backend);
  const send = async (words: string) =>
    await ann.mutation(api.sessions.record, {
      session: session(),
      messages: [await message({ parts: text(words) })],
    });
  await send("old words");
  const [task] = await backend.query(internal.embeddings.tasks, { userId });
  const { queueId, messageId, hash } = task!;
  await send("new words");
  const vector = Array.from({ length: 1536 }, () => 0.5);
  const embedded = [{ queueId, messageId, hash, vector }];
  await backend.mutation(internal.embeddings.store, { userId, model: "m", embedded });
  expect(await rowsOf(backend)).toMatchObject({ queue: [{ messageId }], vectors: [] });
});

test("a provider that fails is asked again later and later, and the queue waits", async () => {
  const backend = openBackend();
  const { ann, userId } = await startAnn(backend);
  const messages = [await message()];
  await ann.mutation(api.sessions.record, { session: session(), messages });
  const waits: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    await backend.mutation(internal.embeddings.finish, { userId, outcome: "failed" });
    waits.push(((await rowsOf(backend)).jobs[0]!.dueAt - Date.now()) / 1000);
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
  expect((await rowsOf(backend)).queue).toHaveLength(1);
});

test("a job that died is started again by the next message", async () => {
  const backend = openBackend();
  const { ann } = await startAnn(backend);
  const send = async (key: string) =>
    await ann.mutation(api.sessions.record, {
      session: session(),
      messages: [await message({ key })],
    });
  await send("m1");
  const jobsScheduled = () =>
    backend.run(
      async (ctx) => (await ctx.db.system.query("_scheduled_functions").collect()).length,
    );
  expect(await jobsScheduled()).toBe(1);
  await send("m2");
  expect(await jobsScheduled()).toBe(1);
  vi.setSystemTime(Date.now() + 3_600_000);
  await send("m3");
  expect(await jobsScheduled()).toBe(2);
});

test("removing a session removes its vectors and what is queued of it, and nothing else's", async () => {
  const backend = openBackend();
  const { ann, userId } = await startAnn(backend);
  const send = async (key: string) =>
    await ann.mutation(api.sessions.record, {
      session: session({ key }),
      messages: [await message(), await message({ key: "m2", position: 1 })],
    });
  const { sessionId } = await send("gone");
  const kept = await send("kept");
  await backend.run(async (ctx) => {
    const vector = Array.from({ length: 1536 }, () => 0.5);
    for (const row of await ctx.db.query("messages").collect()) {
      const { sessionId, _id: messageId } = row;
      await ctx.db.insert("embeddings", { userId, sessionId, messageId, model: "m", vector });
    }
  });
  await ann.mutation(api.sessions.remove, { sessionId });
  const { queue, vectors } = await rowsOf(backend);
  expect(queue.map((row) => row.sessionId)).toEqual([kept.sessionId, kept.sessionId]);
  expect(vectors.map((row) => row.sessionId)).toEqual([kept.sessionId, kept.sessionId]);
});
