import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "./_generated/api";
import {
  everything,
  message,
  messages,
  openBackend,
  readChunks,
  readMessages,
  session,
  signIn,
  text,
} from "./test.setup";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function start() {
  const backend = openBackend();
  const ann = await signIn(backend);
  const record = async (key: string, agent = "opencode", title = `Session ${key}`) => {
    vi.advanceTimersByTime(1_000);
    const header = session({ key, agent, title });
    return await ann.mutation(api.sessions.record, { session: header, messages: [] });
  };
  const page = async (numItems = 10, cursor: string | null = null, agent?: string) =>
    await ann.query(api.sessions.list, { paginationOpts: { numItems, cursor }, agent });
  return { backend, ann, record, page };
}

describe("the list of sessions", () => {
  test("has the last written first", async () => {
    const { record, page } = await start();
    for (const key of ["a", "b", "c"]) await record(key);
    await record("a", "opencode", "Renamed");
    await record("b");
    expect((await page()).page.map(({ key }) => key)).toEqual(["a", "c", "b"]);
  });

  test("comes in pages, and of one agent when asked", async () => {
    const { record, page } = await start();
    for (const key of ["a", "b", "c"]) await record(key);
    await record("d", "claude");
    const first = await page(2);
    const second = await page(2, first.continueCursor);
    expect([...first.page, ...second.page].map(({ key }) => key)).toEqual(["d", "c", "b", "a"]);
    expect((await page(10, null, "claude")).page.map(({ key }) => key)).toEqual(["d"]);
    expect(await page(10, null, "nobody")).toMatchObject({ page: [], isDone: true });
  });

  test("gives at most 200 rows, and at least one, whatever is asked", async () => {
    const { record, page } = await start();
    for (let index = 0; index < 201; index += 1) await record(`s${index}`);
    expect((await page(1e9)).page).toHaveLength(200);
    expect((await page(Number.NaN)).page).toHaveLength(1);
  });

  test("has no message text", async () => {
    const { ann, page } = await start();
    const secret = await message({ parts: text("only-in-the-message") });
    await ann.mutation(api.sessions.record, { session: session(), messages: [secret] });
    expect(JSON.stringify(await page())).not.toContain("only-in-the-message");
  });
});

describe("one session", () => {
  test("is found by its id and by the site's own key", async () => {
    const { ann, record } = await start();
    const { sessionId } = await record("a");
    const byId = await ann.query(api.sessions.get, { sessionId });
    const byKey = await ann.query(api.sessions.getByKey, { agent: "opencode", key: "a" });
    expect(byId).toMatchObject({ id: sessionId, key: "a", messageCount: 0 });
    expect(byKey).toEqual(byId);
    expect(await ann.query(api.sessions.getByKey, { agent: "claude", key: "a" })).toBeNull();
  });

  test("gives its messages by position, at most 100 per page", async () => {
    const { ann } = await start();
    const [early, late] = [await messages(100), await messages(20, 100)];
    await ann.mutation(api.sessions.record, { session: session(), messages: late });
    const { sessionId } = await ann.mutation(api.sessions.record, {
      session: session(),
      messages: early.reverse(),
    });
    const page = await ann.query(api.messages.list, {
      sessionId,
      paginationOpts: { numItems: 1e9, cursor: null },
    });
    expect(page.page.map(({ position }) => position)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
    expect(page.isDone).toBe(false);
    const rows = await readMessages(ann, sessionId, 50);
    expect(rows.map(({ position }) => position)).toEqual(Array.from({ length: 120 }, (_, i) => i));
  });
});

describe("removing a session", () => {
  /** Ann's session s1 has more of everything than one portion of erasing takes; s2 and Bob's have a little of it. */
  async function fill() {
    const { backend, ann, page } = await start();
    const bob = await signIn(backend, "user_bob");
    const large = text("x".repeat(300_000));
    const body = JSON.stringify(text("y".repeat(1_200_000)));
    for (const client of [ann, bob]) {
      for (const key of ["s1", "s2"]) {
        const isTarget = client === ann && key === "s1";
        const largeKeys = Array.from({ length: isTarget ? 10 : 1 }, (_, index) => `large${index}`);
        const storageId = await backend.run((ctx) => ctx.storage.store(new Blob([body])));
        const upload = { storageId, bytes: body.length, preview: "y" };
        const batches = [
          await messages(isTarget ? 100 : 2),
          await Promise.all(largeKeys.map((key) => message({ key, position: 900, parts: large }))),
          [{ ...(await message({ key: "file", position: 901, parts: [] })), hash: "h", upload }],
        ];
        for (const batch of batches) {
          const header = session({ key });
          await client.mutation(api.sessions.record, { session: header, messages: batch });
        }
      }
    }
    return { backend, ann, bob, page };
  }

  test("hides it at once, erases all of it, and nothing else", async () => {
    const { backend, ann, page } = await fill();
    const before = await everything(backend);
    const target = (await ann.query(api.sessions.getByKey, { agent: "opencode", key: "s1" }))!;
    const large = (await readMessages(ann, target.id)).find(({ key }) => key === "large9")!;
    expect(await ann.mutation(api.sessions.remove, { sessionId: target.id })).toBeNull();

    expect((await page()).page.map(({ key }) => key)).toEqual(["s2"]);
    expect(await ann.query(api.sessions.get, { sessionId: target.id })).toBeNull();
    expect(await readMessages(ann, target.id)).toEqual([]);
    expect(await readChunks(ann, large)).toBe("");

    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    const after = await everything(backend);
    const isKept = (row: unknown) =>
      (row as { sessionId?: string }).sessionId !== target.id &&
      (row as { _id: string })._id !== target.id;
    for (const table of ["sessions", "messages", "messageChunks", "files"]) {
      expect(after[table]).toEqual(before[table]!.filter(isKept));
      expect(after[table]!.length).toBeLessThan(before[table]!.length);
    }
    const claimed = (after.files as { storageId: string }[]).map(({ storageId }) => storageId);
    const stored = (after._storage as { _id: string }[]).map(({ _id }) => _id);
    expect(stored.sort()).toEqual(claimed.sort());
  });

  test("lets a later capture store it again, whole, even while it is being erased", async () => {
    const { backend, ann } = await fill();
    const target = (await ann.query(api.sessions.getByKey, { agent: "opencode", key: "s1" }))!;
    await ann.mutation(api.sessions.remove, { sessionId: target.id });
    const batch = await messages(100);
    const again = await ann.mutation(api.sessions.record, { session: session(), messages: batch });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    expect(again.sessionId).not.toBe(target.id);
    const stored = await ann.query(api.sessions.get, { sessionId: again.sessionId });
    expect(stored?.messageCount).toBe(100);
    expect(await readMessages(ann, again.sessionId)).toHaveLength(100);
  });

  test("twice does nothing the second time", async () => {
    const { backend, ann } = await fill();
    const target = (await ann.query(api.sessions.getByKey, { agent: "opencode", key: "s1" }))!;
    await ann.mutation(api.sessions.remove, { sessionId: target.id });
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    const before = await everything(backend);
    await ann.mutation(api.sessions.remove, { sessionId: target.id });
    expect(await everything(backend)).toEqual(before);
  });
});
