/** What is counted of messages and sessions, and sums of it. Whole numbers only, so that adding and taking away is exact. */
import { type Infer, v } from "convex/values";
import type { Tokens } from "../validators";
import type { PricedTokens } from "./prices";

/**
 * Counts; one that is absent is 0. What agents gave and what was estimated never overlap: the tokens of a session are `total` plus
 * the two estimated ones. Costs are billionths of a US dollar.
 */
export const vAmounts = v.object({
  sessions: v.optional(v.number()),
  messages: v.optional(v.number()),
  /** How long the agent worked on the messages. */
  durationMs: v.optional(v.number()),
  input: v.optional(v.number()),
  output: v.optional(v.number()),
  reasoning: v.optional(v.number()),
  cacheRead: v.optional(v.number()),
  cacheWrite: v.optional(v.number()),
  total: v.optional(v.number()),
  estimatedInput: v.optional(v.number()),
  estimatedOutput: v.optional(v.number()),
  cost: v.optional(v.number()),
  /** Computed from counts that the agent gave. */
  estimatedCost: v.optional(v.number()),
  /** Computed from estimated counts. */
  guessedCost: v.optional(v.number()),
});

export type Amounts = Infer<typeof vAmounts>;

/** What one message or session is counted with, and where. */
export const vCounted = v.object({
  /** Unix ms, the beginning of a quarter of an hour. */
  at: v.number(),
  agent: v.string(),
  model: v.string(),
  amounts: vAmounts,
});

export type Counted = Infer<typeof vCounted>;

const FIELDS = Object.keys(vAmounts.fields) as (keyof Amounts)[];

/** Beyond this no count is believed; sums of very many stay exact. */
const MOST = 1e12;

/** The number as a count: nothing negative, no fraction, no absurdity. */
export function countOf(value: number | undefined): number {
  if (value === undefined || !Number.isFinite(value) || value < 0) return 0;
  return Math.min(Math.round(value), MOST);
}

/** US dollars as billionths. */
export function costCount(dollars: number | undefined): number {
  return dollars === undefined ? 0 : countOf(dollars * 1e9);
}

function compact(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([, value]) => value !== 0));
}

/** `a` plus `b` times `sign`; counts that come to 0 are left out. */
export function sum(a: Amounts, b: Amounts, sign: 1 | -1 = 1): Amounts {
  const added = FIELDS.map((field) => [field, (a[field] ?? 0) + sign * (b[field] ?? 0)]);
  return compact(Object.fromEntries(added) as Amounts);
}

/** Whether nothing is counted. */
export function isNothing(amounts: Amounts): boolean {
  return FIELDS.every((field) => (amounts[field] ?? 0) === 0);
}

/** The counts with their zeros, as prices are asked for. */
export function pricedTokens(amounts: Amounts): PricedTokens {
  const { input = 0, output = 0, reasoning = 0, cacheRead = 0, cacheWrite = 0 } = amounts;
  return { input, output, reasoning, cacheRead, cacheWrite };
}

/** Token counts as an agent gave them. A total that the agent does not give is the sum of the kinds. */
export function givenTokens(tokens: Tokens | undefined): Amounts {
  if (tokens === undefined) return {};
  const kinds = {
    input: countOf(tokens.input),
    output: countOf(tokens.output),
    reasoning: countOf(tokens.reasoning),
    cacheRead: countOf(tokens.cacheRead),
    cacheWrite: countOf(tokens.cacheWrite),
  };
  const total = Object.values(kinds).reduce((all, count) => all + count, 0);
  return compact({ ...kinds, total: countOf(tokens.total) || total });
}
