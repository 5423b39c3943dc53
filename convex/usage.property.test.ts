/** The guarantee of model/usage.ts: whatever is written and deleted in whatever order, the rows are what the sessions come to. */
import fc from "fast-check";
import { estimateTokenCount } from "tokenx";
import { expect, test } from "vitest";
import { api } from "./_generated/api";
import type { Doc } from "./_generated/dataModel";
import type { Amounts } from "./model/amounts";
import { costOf } from "./model/prices";
import {
  type Backend,
  type Client,
  message,
  openBackend,
  session,
  signIn,
  text,
} from "./test.setup";

const MODEL = "claude-sonnet-4-5";
const DAY_MS = 24 * 3600 * 1000;
const START = Date.UTC(2026, 9, 1, 23, 50);

type Operation =
  | { type: "remove"; key: number }
  | {
      type: "record";
      key: number;
      agent: string;
      header: { tokens?: { input: number }; cost?: number };
      messages: {
        key: number;
        day: number;
        role: "user" | "assistant";
        words: number;
        given: number;
      }[];
    };

const aMessage = fc.record({
  key: fc.nat(4),
  day: fc.nat(3),
  role: fc.constantFrom("user" as const, "assistant" as const),
  words: fc.nat(20),
  given: fc.oneof(fc.constant(0), fc.nat(5_000)),
});

const anOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant("remove" as const), key: fc.nat(2) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("record" as const),
      key: fc.nat(2),
      agent: fc.constantFrom("opencode", "claude"),
      header: fc.record(
        { tokens: fc.record({ input: fc.nat(9_000) }), cost: fc.nat(100).map((n) => n / 7) },
        { requiredKeys: [] },
      ),
      messages: fc.array(aMessage, { maxLength: 5 }),
    }),
  },
);

async function run(ann: Client, operation: Operation): Promise<void> {
  if (operation.type === "remove") {
    const { page } = await ann.query(api.sessions.list, {
      paginationOpts: { numItems: 10, cursor: null },
    });
    const found = page[operation.key];
    if (found !== undefined) await ann.mutation(api.sessions.remove, { sessionId: found.id });
    return;
  }
  const { key, agent, header } = operation;
  const messages = operation.messages.map(({ key, day, role, words, given }) =>
    message({
      ...{ key: `m${key}`, role, position: key, model: MODEL },
      ...{ parts: text("word ".repeat(words)), createdAt: START + day * DAY_MS },
      ...(given > 0 ? { tokens: { input: given, output: given + 1 } } : {}),
    }),
  );
  const { title, ...fields } = session({ agent, key: `s${key}`, model: MODEL, ...header });
  await ann.mutation(api.sessions.record, {
    session: { ...fields, title, createdAt: START },
    messages: await Promise.all(messages),
  });
}

const plus = (a: Amounts, b: Amounts): Amounts => {
  const keys = [...Object.keys(a), ...Object.keys(b)] as (keyof Amounts)[];
  const all = [...new Set(keys)].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)] as const);
  return Object.fromEntries(all.filter(([, count]) => count !== 0));
};

/** What one session comes to, told from its rows alone. */
function expected(header: Doc<"sessions">, rows: Doc<"messages">[]): Amounts {
  const base = { sessions: 1, messages: rows.length };
  const own = header.tokens?.input ?? 0;
  const given = rows.flatMap(({ tokens }) => (tokens ? [tokens] : []));
  const sumOf = (counts: (number | undefined)[]) =>
    counts.reduce<number>((a, b) => a + (b ?? 0), 0);
  const input = own || sumOf(given.map((tokens) => tokens.input));
  const output = own ? 0 : sumOf(given.map((tokens) => tokens.output));
  const guess = (role: string) =>
    sumOf(rows.filter((row) => row.role === role).map((row) => estimateTokenCount(row.text)));
  const isGuess = input + output === 0;
  const tokens = isGuess
    ? { estimatedInput: guess("user"), estimatedOutput: guess("assistant") }
    : { input, output, total: input + output };
  const priced = { ...{ reasoning: 0, cacheRead: 0, cacheWrite: 0 }, input, output };
  const guessedCost = sumOf(rows.map((row) => row.counted!.amounts.guessedCost));
  const estimated = isGuess ? { guessedCost } : { estimatedCost: costOf(MODEL, priced)! };
  const cost = header.cost ? { cost: Math.round(header.cost * 1e9) } : estimated;
  return plus(base, plus(tokens, cost));
}

async function read(backend: Backend) {
  return await backend.run(async (ctx) => {
    const usage = await ctx.db.query("usage").collect();
    const sessions = await ctx.db.query("sessions").collect();
    const messages = await ctx.db.query("messages").collect();
    return { usage, sessions, messages };
  });
}

const total = (rows: Doc<"usage">[]) =>
  rows.flatMap(({ cells }) => cells.map(({ amounts }) => amounts)).reduce(plus, {});

test("rows equal what a fresh count of all sessions gives, per agent, and days add up to all days", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anOperation, { minLength: 1, maxLength: 12 }), async (operations) => {
      const backend = openBackend();
      const ann = await signIn(backend);
      for (const operation of operations) await run(ann, operation);
      const { usage, sessions, messages } = await read(backend);
      for (const agent of ["opencode", "claude"]) {
        const rows = usage.filter((row) => row.agent === agent);
        const all = total(rows.filter(({ day }) => day === "all"));
        const fresh = sessions
          .filter((header) => header.agent === agent)
          .map((header) =>
            expected(
              header,
              messages.filter((row) => row.sessionId === header._id),
            ),
          )
          .reduce(plus, {});
        expect(all).toEqual(fresh);
        expect(total(rows.filter(({ day }) => day !== "all"))).toEqual(all);
      }
      const counted = [...sessions, ...messages].filter(
        (row) => row.counted?.at === START - 5 * 60_000,
      );
      const first = usage.filter(({ day }) => day === "2026-10-01");
      expect(total(first)).toEqual(counted.map((row) => row.counted!.amounts).reduce(plus, {}));
    }),
    { numRuns: 60 },
  );
}, 60_000);
