/** What nobody and somebody else get from every public function: no data, no write, and no difference between "not yours" and "not there". */
import { omit } from "convex-helpers";
import { type DefaultFunctionArgs, getFunctionName, makeFunctionReference } from "convex/server";
import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import {
  type Backend,
  type Client,
  everything,
  message,
  modules,
  openBackend,
  session,
  signIn,
  text,
  tokenOf,
} from "./test.setup";

const paginationOpts = { numItems: 10, cursor: null };
const emptyPage = expect.objectContaining({ page: [], isDone: true });

/** Ann's rows, and rows of hers that were deleted again. */
type Target = {
  sessionId: string;
  messageId: string;
  storageId: string;
  keyId: string;
  slug: string;
};

type Case = {
  /** Arguments that name the target. */
  args: (target: Target) => DefaultFunctionArgs;
  /** What a user gets who owns none of it, and a query's answer to nobody; "own" when the call only touches the caller. */
  answer: unknown;
};

/** One entry per public function; a new one without an entry fails the first test. */
const cases: Record<string, Case> = {
  "users:me": { args: () => ({}), answer: "own" },
  "users:getOrCreate": { args: () => ({ name: "Mallory" }), answer: "own" },
  "users:setEnabledAgents": { args: () => ({ enabledAgents: ["claude"] }), answer: "own" },
  "files:generateUploadUrl": { args: () => ({}), answer: "own" },
  "sessions:record": {
    args: ({ storageId }) => ({
      session: session({ title: "Taken over" }),
      messages: [
        {
          ...{ key: "m1", role: "user", position: 0, state: "final", parts: [], hash: "other" },
          upload: { storageId, bytes: 2, preview: "" },
        },
      ],
    }),
    answer: {
      sessionId: expect.any(String),
      results: [{ key: "m1", outcome: "refused", reason: expect.stringMatching(/not there/) }],
    },
  },
  "sessions:list": { args: () => ({ paginationOpts }), answer: emptyPage },
  "sessions:get": { args: ({ sessionId }) => ({ sessionId }), answer: null },
  "sessions:getByKey": { args: () => ({ agent: "opencode", key: "s1" }), answer: null },
  "sessions:remove": { args: ({ sessionId }) => ({ sessionId }), answer: null },
  "messages:list": { args: ({ sessionId }) => ({ sessionId, paginationOpts }), answer: emptyPage },
  "keys:create": { args: () => ({ name: "Laptop", scopes: ["read"] }), answer: "own" },
  "keys:list": { args: () => ({}), answer: [] },
  "keys:revoke": { args: ({ keyId }) => ({ keyId }), answer: null },
  "organise:update": {
    args: ({ sessionId }) => ({ sessionIds: [sessionId], change: { title: "Mine", tags: ["x"] } }),
    answer: null,
  },
  "organise:removeMany": {
    args: ({ sessionId }) => ({ sessionIds: [sessionId], isBlocked: true }),
    answer: null,
  },
  "organise:block": {
    args: () => ({ agent: "opencode", key: "s1", isBlocked: true }),
    answer: "own",
  },
  "organise:blocked": { args: () => ({ paginationOpts }), answer: emptyPage },
  "shares:preview": { args: ({ sessionId }) => ({ sessionId }), answer: null },
  "shares:create": { args: ({ sessionId }) => ({ sessionId, isFrozen: true }), answer: null },
  "shares:list": { args: ({ sessionId }) => ({ sessionId }), answer: [] },
  "shares:revoke": { args: ({ slug }) => ({ slug }), answer: null },
  "evals:page": { args: () => ({ format: "openai", paginationOpts }), answer: emptyPage },
  "exports:session": {
    args: ({ sessionId }) => ({ sessionId, format: "json", cursor: null }),
    answer: { text: "", isDone: true, continueCursor: "" },
  },
  "exports:csv": {
    args: () => ({ paginationOpts }),
    answer: expect.objectContaining({ isDone: true, text: expect.not.stringContaining("Fix") }),
  },
  "imports:session": {
    args: () => ({
      session: { ...session({ title: "Taken over" }), isRenamed: true, storedAt: 1 },
      messages: [],
    }),
    answer: { sessionId: expect.any(String), results: [] },
  },
  "erase:start": { args: () => ({ scope: "account" }), answer: "own" },
  "erase:progress": { args: () => ({}), answer: "own" },
  "erase:readmit": { args: () => ({}), answer: "own" },
  "stats:overview": { args: () => ({}), answer: "own" },
  "stats:daily": { args: () => ({ range: { from: "2026-11-01", to: "2026-11-30" } }), answer: [] },
  "stats:byAgent": { args: () => ({}), answer: [] },
  "stats:byModel": { args: () => ({}), answer: [] },
  "search:messages": {
    args: () => ({ search: { text: "own words" }, paginationOpts }),
    answer: emptyPage,
  },
  "search:sessions": {
    args: () => ({ search: { text: "own bug" }, paginationOpts }),
    answer: emptyPage,
  },
  "search:context": { args: () => ({ search: { text: "own words" }, limit: 5 }), answer: [] },
  "search:byMeaning": {
    args: () => ({ search: { text: "own words" }, mode: "hybrid" }),
    answer: { hits: [], meaning: "off" },
  },
  "embeddings:status": { args: () => ({}), answer: "own" },
  "embeddings:setOn": { args: () => ({ isOn: false }), answer: null },
  "messages:chunk": { args: ({ messageId }) => ({ messageId, index: 0 }), answer: null },
};

/** Answers that differ at every call. */
const alwaysNew = ["files:generateUploadUrl", "keys:create"];

type Exported = { isPublic?: boolean; isQuery?: boolean; isMutation?: boolean; isAction?: boolean };
type Kind = "query" | "mutation" | "action" | "other";

function kindOf({ isQuery, isMutation, isAction }: Exported): Kind {
  if (isQuery) return "query";
  return isMutation ? "mutation" : isAction ? "action" : "other";
}

/** Every public function that a push would register, with its kind. */
async function publicFunctions(): Promise<Map<string, Kind>> {
  const found = new Map<string, Kind>();
  for (const [path, load] of Object.entries(modules)) {
    if (path.includes("_generated") || path.includes("auth.config")) continue;
    for (const [name, value] of Object.entries((await load()) as Record<string, Exported>)) {
      if (!value?.isPublic) continue;
      found.set(`${path.replace(/^\.\/|\.ts$/g, "")}:${name}`, kindOf(value));
    }
  }
  return found;
}

const functions = await publicFunctions();

async function call(client: Client, name: string, args: DefaultFunctionArgs): Promise<unknown> {
  const kind = functions.get(name);
  if (kind === "query") return await client.query(makeFunctionReference<"query">(name), args);
  if (kind === "action") return await client.action(makeFunctionReference<"action">(name), args);
  return await client.mutation(makeFunctionReference<"mutation">(name), args);
}

/** Ann with a chunked message and one in a file. */
async function fillAnn(backend: Backend): Promise<Target> {
  const ann = await signIn(backend, "user_ann");
  const storageId = await backend.run((ctx) => ctx.storage.store(new Blob(["[]"])));
  const upload = { storageId, bytes: 2, preview: "Ann's own words" };
  const { sessionId } = await ann.mutation(api.sessions.record, {
    session: session(),
    messages: [
      await message({ parts: text("Ann's own words ".repeat(10_000)) }),
      { ...(await message({ key: "m2", position: 1, parts: [] })), upload },
    ],
  });
  const { page } = await ann.query(api.messages.list, { sessionId, paginationOpts });
  expect(await ann.query(api.messages.chunk, { messageId: page[0]!.id, index: 0 })).not.toBeNull();
  const { id: keyId } = await ann.mutation(api.keys.create, { name: "Ann's", scopes: ["read"] });
  await ann.mutation(api.organise.update, {
    ...{ sessionIds: [sessionId], change: { isEvalReady: true, tags: ["hers"] } },
  });
  const { slug } = (await ann.mutation(api.shares.create, { sessionId, isFrozen: false }))!;
  return { sessionId, messageId: page[0]!.id, storageId, keyId, slug };
}

/** Ids of rows that were Ann's and are gone. */
async function goneTarget(backend: Backend): Promise<Target> {
  return await backend.run(async (ctx) => {
    const message = (await ctx.db.query("messages").first())!;
    const content = omit(message, ["_id", "_creationTime"]);
    const session = (await ctx.db.get("sessions", message.sessionId))!;
    const sessionId = await ctx.db.insert("sessions", {
      ...{ userId: session.userId, agent: "opencode", key: "gone" },
      ...{ updatedAt: 1, messageCount: 0 },
    });
    const messageId = await ctx.db.insert("messages", { ...content, sessionId });
    const storageId = await ctx.storage.store(new Blob(["[]"]));
    const key = (await ctx.db.query("apiKeys").first())!;
    const keyId = await ctx.db.insert("apiKeys", omit(key, ["_id", "_creationTime"]));
    await ctx.db.delete("apiKeys", keyId);
    await ctx.db.delete("sessions", sessionId);
    await ctx.db.delete("messages", messageId);
    await ctx.storage.delete(storageId);
    return { sessionId, messageId, storageId, keyId, slug: "A".repeat(32) };
  });
}

const without = (rows: Record<string, unknown[]>, user: string) =>
  Object.fromEntries(
    Object.entries(rows).map(([table, list]) => [
      table,
      list.filter((row) => {
        const { userId, _id } = row as { userId?: string; _id: string };
        return userId !== user && _id !== user;
      }),
    ]),
  );

test("every public function has an entry here, and no entry is left over", () => {
  expect([...functions.keys()].sort()).toEqual(Object.keys(cases).sort());
  expect([...functions.values()]).not.toContain("other");
  expect(functions.has(getFunctionName(api.sessions.record))).toBe(true);
});

describe.each(Object.entries(cases))("%s", (name, { args, answer }) => {
  test("answers nobody, and somebody without a user, with nothing and writes nothing", async () => {
    const backend = openBackend();
    const target = await fillAnn(backend);
    const before = await everything(backend);
    const stranger = tokenOf(backend, "user_new");
    if (functions.get(name) !== "mutation") {
      const nothing = answer === "own" ? null : answer;
      expect(await call(backend as Client, name, args(target))).toEqual(nothing);
      expect(await call(stranger, name, args(target))).toEqual(nothing);
    } else {
      await expect(call(backend as Client, name, args(target))).rejects.toMatchObject({
        data: { code: "unauthenticated" },
      });
      if (name !== "users:getOrCreate") {
        await expect(call(stranger, name, args(target))).rejects.toMatchObject({
          data: { code: "user-missing" },
        });
      }
    }
    expect(await everything(backend)).toEqual(before);
  });

  test("gives another user nothing of Ann's, writes nothing of hers, and does not tell that it is there", async () => {
    const backend = openBackend();
    const target = await fillAnn(backend);
    const mallory = await signIn(backend, "user_mallory");
    const me = (await mallory.query(api.users.me, {}))!.id;
    const gone = await goneTarget(backend);
    const before = without(await everything(backend), me);
    const notYours = await call(mallory, name, args(target));
    const notThere = await call(mallory, name, args(gone));
    if (answer !== "own") expect(notYours).toEqual(answer);
    if (!alwaysNew.includes(name)) expect(notYours).toEqual(notThere);
    expect(JSON.stringify(notYours)).not.toContain("Ann's own words");
    expect(JSON.stringify(notYours)).not.toContain("user_ann");
    expect(without(await everything(backend), me)).toEqual(before);
  });
});
