/**
 * Every public function with arguments of every kind: what is not as described is refused before anything runs, and what is, is
 * answered or refused with a code for clients and a sentence for people. Nothing in between, and nothing written by half.
 */
import fc from "fast-check";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "./_generated/api";
import {
  type Client,
  everything,
  message,
  modules,
  openBackend,
  readMessages,
  session,
  signIn,
  text,
} from "./test.setup";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout"] }));
afterEach(() => void vi.useRealTimers());

type Json = { type: string; value?: unknown; tableName?: string };
type Registered = {
  isPublic?: boolean;
  isQuery?: boolean;
  isAction?: boolean;
  exportArgs?: () => string;
};
type Target = { name: string; kind: "query" | "mutation" | "action"; args: Json };

async function publicFunctions(): Promise<Target[]> {
  const found: Target[] = [];
  for (const [path, load] of Object.entries(modules)) {
    if (path.includes("_generated") || path.includes("auth.config")) continue;
    for (const [name, value] of Object.entries((await load()) as Record<string, Registered>)) {
      if (!value?.isPublic || value.exportArgs === undefined) continue;
      found.push({
        name: `${path.replace(/^\.\/|\.ts$/g, "")}:${name}`,
        kind: value.isQuery ? "query" : value.isAction ? "action" : "mutation",
        args: JSON.parse(value.exportArgs()) as Json,
      });
    }
  }
  return found;
}

const functions = await publicFunctions();

const nasty = fc.constantFrom(
  ...["", " ", "\u0000", "\ud800", "a\udc00", "\ufeff", "😀", "$ref", "__proto__", "constructor"],
  ...["x".repeat(70_000), "../../etc/passwd", "'; DROP TABLE users;--", "<script>", "=1+1"],
);

/** A value as the validator describes it, from the edges of what it allows. */
function fits(json: Json, ids: Record<string, string>): fc.Arbitrary<unknown> {
  switch (json.type) {
    case "string":
      return fc.oneof(nasty, fc.string({ unit: "binary", maxLength: 20 }));
    case "number":
      return fc.oneof(
        fc.constantFrom(0, -0, -1, 1, 1.5, NaN, Infinity, -Infinity, 1e308, 2 ** 53, 5e-324),
        fc.double(),
      );
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "literal":
      return fc.constant(json.value);
    case "id":
      return fc.constant(ids[json.tableName ?? ""] ?? Object.values(ids)[0]);
    case "array":
      return fc.array(fits(json.value as Json, ids), { maxLength: 3 });
    case "union":
      return fc.oneof(...(json.value as Json[]).map((member) => fits(member, ids)));
    case "object": {
      const fields = json.value as Record<string, { fieldType: Json; optional: boolean }>;
      const shape = Object.entries(fields).map(([name, { fieldType }]) => [
        name,
        fits(fieldType, ids),
      ]);
      const requiredKeys = Object.keys(fields).filter((name) => !fields[name]!.optional);
      return fc.record<Record<string, unknown>>(Object.fromEntries(shape), {
        requiredKeys,
        noNullPrototype: true,
      });
    }
    default:
      throw new Error(`The public functions have a validator of the unexpected type ${json.type}.`);
  }
}

const anyValue = fc.oneof(
  nasty,
  fc.constantFrom<unknown>(null, 1n, [], {}, new ArrayBuffer(1), -1, NaN, true),
  fc.constant(Array.from({ length: 60 }).reduce<unknown>((inner) => [inner], "deep")),
  fc.dictionary(fc.constantFrom("a", "b", "$c", "_d", "é"), fc.jsonValue(), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
);

/** Good arguments with one field gone, one too many, or one of another kind. */
function misfits(args: Json, ids: Record<string, string>): fc.Arbitrary<unknown> {
  const names = Object.keys(args.value as object);
  const good = fits(args, ids) as fc.Arbitrary<Record<string, unknown>>;
  const extra = fc
    .tuple(good, fc.constantFrom("userId", "user", "workosId", "extra"), anyValue)
    .map(([value, name, wrong]) => ({ ...value, [name]: wrong }));
  if (names.length === 0) return extra;
  const wrong = fc
    .tuple(good, fc.constantFrom(...names), anyValue)
    .map(([value, name, other]) => ({ ...value, [name]: other }));
  const missing = fc
    .tuple(good, fc.constantFrom(...names))
    .map(([value, gone]) =>
      Object.fromEntries(Object.entries(value).filter(([name]) => name !== gone)),
    );
  return fc.oneof(extra, wrong, missing);
}

async function openAnn() {
  const backend = openBackend();
  const ann = await signIn(backend);
  const { sessionId } = await ann.mutation(api.sessions.record, {
    ...{ session: session(), messages: [await message({ parts: text("y".repeat(70_000)) })] },
  });
  const { id: apiKeys } = await ann.mutation(api.keys.create, { name: "k", scopes: ["read"] });
  const [row] = await readMessages(ann, sessionId);
  const storage = await backend.run((ctx) => ctx.storage.store(new Blob(["[]"])));
  const ids = { sessions: sessionId, messages: row!.id, apiKeys, _storage: storage };
  return { backend, ann, ids };
}

async function call(client: Client, { name, kind }: Target, args: unknown): Promise<unknown> {
  if (kind === "query")
    return await client.query(makeFunctionReference<"query">(name), args as never);
  if (kind === "action") {
    return await client.action(makeFunctionReference<"action">(name), args as never);
  }
  return await client.mutation(makeFunctionReference<"mutation">(name), args as never);
}

/** Whether the arguments were refused before any function ran: by Convex's value format or by the function's validators. */
function isBeforehand({ stack = "" }: Error): boolean {
  return /validateFunctionArgs|convexToJson/.test(stack);
}

/** How the call ended, when it did not end well; a fault of ours is thrown on. */
function refusalOf(error: unknown): string {
  if (error instanceof ConvexError) {
    const { code, message } = error.data as { code: string; message: string };
    expect([typeof code, message.length > 20]).toEqual(["string", true]);
    return code;
  }
  if (error instanceof Error && isBeforehand(error)) return "arguments";
  // A cursor is the one argument that Convex reads by itself; it answers with an error of its own.
  if (error instanceof Error && /cursor|JSON/i.test(error.message)) return "cursor";
  throw error;
}

test("the public functions are found with their validators", () => {
  expect(functions.length).toBeGreaterThan(25);
  expect(functions.map(({ args }) => args.type)).toEqual(functions.map(() => "object"));
});

describe.each(functions.map((target) => [target.name, target] as const))("%s", (_name, target) => {
  test("answers what it describes or refuses it for a reason, and a refusal writes nothing", async () => {
    const { backend, ann, ids } = await openAnn();
    await fc.assert(
      fc.asyncProperty(fits(target.args, ids), async (args) => {
        const before = await everything(backend);
        try {
          await call(ann, target, args);
          if (target.kind === "query") expect(await everything(backend)).toEqual(before);
        } catch (error) {
          refusalOf(error);
          expect(await everything(backend)).toEqual(before);
        }
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  test("refuses whatever it does not describe and writes nothing", async () => {
    const { backend, ann, ids } = await openAnn();
    await fc.assert(
      fc.asyncProperty(misfits(target.args, ids), async (args) => {
        const before = await everything(backend);
        const answer = await call(ann, target, args).then(
          () => "answered",
          (error: unknown) => refusalOf(error),
        );
        // Another kind of value may happen to be one that fits.
        if (answer !== "answered" || target.kind === "query") {
          expect(await everything(backend)).toEqual(before);
        }
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});

test("a text that is stored comes back equal, whatever is in it", async () => {
  const { ann } = await openAnn();
  let position = 10;
  await fc.assert(
    fc.asyncProperty(fc.oneof(nasty, fc.string({ unit: "binary" })), async (content) => {
      position += 1;
      const input = JSON.stringify({ $ref: content, é: { $deep: [content] } });
      const tool = { type: "tool-call" as const, toolCallId: "c", toolName: content, input };
      const one = await message({
        ...{ key: `f${position}`, position, parts: [...text(content), tool] },
      });
      const { sessionId, results } = await ann.mutation(api.sessions.record, {
        ...{ session: session({ key: "fuzz" }), messages: [one] },
      });
      const stored = (await readMessages(ann, sessionId)).find(({ key }) => key === one.key);
      const [{ outcome, reason }] = results as [(typeof results)[number]];
      if (outcome === "refused") {
        expect([stored, reason]).toEqual([undefined, expect.stringMatching(/^Not stored: /)]);
        expect(content).toMatch(/\p{Surrogate}/u);
      } else {
        expect(stored?.large ?? stored?.parts).toEqual(stored?.large ?? one.parts);
      }
    }),
    { numRuns: 60 },
  );
});
