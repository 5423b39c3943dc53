import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import { everything, message, messages, openBackend, session, signIn, text } from "./test.setup";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Filter = Omit<typeof api.sessions.list._args, "paginationOpts">;
type Change = typeof api.organise.update._args.change;

/** Ann with the sessions a, b and c, in this order. */
async function start() {
  const backend = openBackend();
  const ann = await signIn(backend);
  const ids: Id<"sessions">[] = [];
  for (const key of ["a", "b", "c"]) {
    vi.advanceTimersByTime(1_000);
    const header = session({ key, title: `Session ${key}` });
    const { sessionId } = await ann.mutation(api.sessions.record, {
      session: header,
      messages: [],
    });
    ids.push(sessionId);
  }
  const change = async (key: string, fields: Change) =>
    await ann.mutation(api.organise.update, {
      ...{ sessionIds: [ids["abc".indexOf(key)]!], change: fields },
    });
  const keys = async (filter: Filter = {}) => {
    const paginationOpts = { numItems: 10, cursor: null };
    const { page } = await ann.query(api.sessions.list, { paginationOpts, ...filter });
    return page.map(({ key }) => key);
  };
  const get = async (key: string) =>
    (await ann.query(api.sessions.getByKey, { agent: "opencode", key }))!;
  return { backend, ann, ids, change, keys, get };
}

describe("what a person says of a session", () => {
  test("a title wins over the site's later ones, and the rest of a capture still counts", async () => {
    const { ann, change, get } = await start();
    await change("a", { title: "My own" });
    const later = session({ key: "a", title: "The site's", model: "m2" });
    await ann.mutation(api.sessions.record, { session: later, messages: await messages(1) });
    expect(await get("a")).toMatchObject({ title: "My own", model: "m2", messageCount: 1 });
    await ann.mutation(api.sessions.record, {
      session: session({ key: "b", title: "The site's" }),
      messages: [],
    });
    expect((await get("b")).title).toBe("The site's");
  });

  test("archived sessions are in the list of the archived ones only", async () => {
    const { change, keys } = await start();
    await change("b", { isArchived: true });
    expect(await keys()).toEqual(["c", "a"]);
    expect(await keys({ agent: "opencode" })).toEqual(["c", "a"]);
    expect(await keys({ isArchived: true })).toEqual(["b"]);
    expect(await keys({ isArchived: true, agent: "claude" })).toEqual([]);
    await change("b", { isArchived: false });
    expect(await keys()).toEqual(["c", "b", "a"]);
  });

  test("lists by star, by tag and by readiness for evaluations", async () => {
    const { change, keys, get } = await start();
    await change("a", { isStarred: true, tags: [" Work ", "Work", ""] });
    await change("c", { tags: ["Work", "later"], isEvalReady: true });
    expect(await keys({ isStarred: true })).toEqual(["a"]);
    expect(await keys({ tag: "Work" })).toEqual(["c", "a"]);
    expect(await keys({ tag: "work" })).toEqual([]);
    expect(await keys({ isEvalReady: true })).toEqual(["c"]);
    expect((await get("a")).tags).toEqual(["Work"]);
    await change("c", { tags: ["later"], isEvalReady: false });
    expect(await keys({ tag: "Work" })).toEqual(["a"]);
    expect(await keys({ isEvalReady: true })).toEqual([]);
  });

  test("an empty value takes away, an absent one leaves", async () => {
    const { change, get } = await start();
    const given = { evalStatus: "golden", evalNotes: "n", evalTags: ["t"], expectedOutput: "o" };
    await change("a", given as Change);
    await change("a", { isStarred: true });
    expect(await get("a")).toMatchObject({ ...given, isStarred: true });
    await change("a", { evalStatus: null, evalNotes: "", evalTags: [], expectedOutput: "" });
    const row = await get("a");
    for (const field of Object.keys(given)) expect(row).not.toHaveProperty(field);
  });

  test.each<[string, Change]>([
    ["no title", { title: "  " }],
    ["a title that is too long", { title: "x".repeat(5_000) }],
    ["half a character", { evalNotes: "\ud800" }],
    ["half a character in a tag", { tags: ["\udc00"] }],
    ["too many tags", { tags: Array.from({ length: 51 }, (_, index) => `t${index}`) }],
    ["a tag that is too long", { tags: ["x".repeat(65)] }],
  ])("refuses %s and changes nothing", async (_name, change) => {
    const { backend, ann, ids } = await start();
    const before = await everything(backend);
    const call = ann.mutation(api.organise.update, { sessionIds: ids, change });
    await expect(call).rejects.toMatchObject({ data: { code: "invalid-change" } });
    expect(await everything(backend)).toEqual(before);
  });
});

describe("deleting many", () => {
  test("takes their tags, links and messages with them, and leaves the others", async () => {
    const { backend, ann, ids, change, keys } = await start();
    const large = await message({ key: "large", parts: text("x".repeat(200_000)), position: 500 });
    for (const key of ["a", "b"]) {
      const header = session({ key });
      const list = [...(await messages(60)), large];
      await ann.mutation(api.sessions.record, { session: header, messages: list });
      await change(key, { tags: ["t"] });
    }
    for (const sessionId of ids) {
      await ann.mutation(api.shares.create, { sessionId, isFrozen: true });
    }
    const [kept] = await ann.query(api.shares.list, { sessionId: ids[2]! });
    await ann.mutation(api.organise.removeMany, {
      ...{ sessionIds: [ids[0]!, ids[1]!, ids[0]!], isBlocked: false },
    });
    expect(await keys()).toEqual(["c"]);
    expect(await keys({ tag: "t" })).toEqual([]);
    await backend.finishAllScheduledFunctions(vi.runAllTimers);
    const rows = await everything(backend);
    for (const table of ["messages", "messageChunks", "sessionTags", "files"]) {
      expect(rows[table]).toEqual([]);
    }
    expect(rows.shares).toMatchObject([{ slug: kept!.slug }]);
    expect(rows.shareChunks).toHaveLength(1);
  });

  test("refuses more than 100 at once", async () => {
    const { ann, ids } = await start();
    const sessionIds = Array.from({ length: 101 }, () => ids[0]!);
    const call = ann.mutation(api.organise.removeMany, { sessionIds, isBlocked: false });
    await expect(call).rejects.toMatchObject({ data: { code: "invalid-change" } });
  });
});

describe("never capturing a session again", () => {
  test("refuses it with a reason until it is allowed again", async () => {
    const { ann, ids, keys } = await start();
    await ann.mutation(api.organise.removeMany, { sessionIds: [ids[0]!], isBlocked: true });
    const again = { session: session({ key: "a" }), messages: await messages(1) };
    await expect(ann.mutation(api.sessions.record, again)).rejects.toMatchObject({
      data: { code: "session-blocked", message: expect.stringMatching(/never to capture/) },
    });
    expect(await keys()).toEqual(["c", "b"]);
    const paginationOpts = { numItems: 10, cursor: null };
    const { page } = await ann.query(api.organise.blocked, { paginationOpts });
    expect(page).toEqual([{ agent: "opencode", key: "a" }]);
    await ann.mutation(api.organise.block, { agent: "opencode", key: "a", isBlocked: false });
    await ann.mutation(api.sessions.record, again);
    expect(await keys()).toEqual(["a", "c", "b"]);
  });

  test("concerns one person and one agent", async () => {
    const { backend, ann } = await start();
    await ann.mutation(api.organise.block, { agent: "opencode", key: "z", isBlocked: true });
    const z = { session: session({ key: "z" }), messages: [] };
    const bob = await signIn(backend, "user_bob");
    await expect(bob.mutation(api.sessions.record, z)).resolves.toBeDefined();
    const other = { session: session({ key: "z", agent: "claude" }), messages: [] };
    await expect(ann.mutation(api.sessions.record, other)).resolves.toBeDefined();
  });
});
