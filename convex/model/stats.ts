/** Answers about usage, from the usage rows alone: never from sessions or messages. */
import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { type Amounts, sum } from "./amounts";
import { refusal } from "./errors";
import { ALL_DAYS, QUARTER_MS, utcDay } from "./usage";

const DAY_MS = 24 * 3600 * 1000;

/** Most days of one question: their rows stay far below what a query may read. */
const MAX_DAYS = 100;

/** More agents and models per day than anybody has; keeps a question bounded. */
const MAX_ROWS = 4_000;

/** What something comes to. Estimated figures are part of the others and told apart besides. */
export const vUsage = v.object({
  sessions: v.number(),
  messages: v.number(),
  /** How long the agents worked, as far as they say. */
  durationMs: v.number(),
  tokens: v.object({
    input: v.number(),
    output: v.number(),
    reasoning: v.number(),
    cacheRead: v.number(),
    cacheWrite: v.number(),
    total: v.number(),
    /** How much of `total` was estimated from texts, because the agent gives no counts. */
    estimated: v.number(),
  }),
  /** US dollars. */
  cost: v.number(),
  /** How much of `cost` was computed with the makers' API prices, because the agent gives no cost. */
  estimatedCost: v.number(),
});

export type Usage = Infer<typeof vUsage>;

/** Days from `from` to `to`, both included, as YYYY-MM-DD in a time zone (IANA name; UTC when absent). */
export const vRange = v.object({
  from: v.string(),
  to: v.string(),
  timeZone: v.optional(v.string()),
});

type Range = Infer<typeof vRange>;

/** The amounts as clients see them. A session that was corrected downwards on its first day never shows less than nothing. */
export function usageView(amounts: Amounts): Usage {
  const of = (field: keyof Amounts) => Math.max(0, amounts[field] ?? 0);
  return {
    sessions: of("sessions"),
    messages: of("messages"),
    durationMs: of("durationMs"),
    tokens: {
      input: of("input") + of("estimatedInput"),
      output: of("output") + of("estimatedOutput"),
      reasoning: of("reasoning"),
      cacheRead: of("cacheRead"),
      cacheWrite: of("cacheWrite"),
      total: of("total") + of("estimatedInput") + of("estimatedOutput"),
      estimated: of("estimatedInput") + of("estimatedOutput"),
    },
    cost: (of("cost") + of("estimatedCost") + of("guessedCost")) / 1e9,
    estimatedCost: (of("estimatedCost") + of("guessedCost")) / 1e9,
  };
}

function dayMs(day: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN;
  return Number.isFinite(ms) && utcDay(ms) === day ? ms : NaN;
}

function checkRange({ from, to }: Range): void {
  const days = (dayMs(to) - dayMs(from)) / DAY_MS + 1;
  if (days >= 1 && days <= MAX_DAYS) return;
  throw refusal(
    "invalid-range",
    `The days have to be given as YYYY-MM-DD, the first one first, and at most ${MAX_DAYS} at a time.`,
  );
}

/** Tells the day of a time in a zone. Throws `invalid-range` for a zone that is none. */
function dayTeller(timeZone: string | undefined): (ms: number) => string {
  if (timeZone === undefined || timeZone === "UTC") return utcDay;
  try {
    const options = { timeZone, year: "numeric", month: "2-digit", day: "2-digit" } as const;
    const format = new Intl.DateTimeFormat("en-CA", options);
    return (ms) => format.format(ms);
  } catch {
    throw refusal("invalid-range", "There is no such time zone; give one like Europe/Berlin.");
  }
}

/** Rows of the days in UTC, widened by one on both sides: a zone's day reaches into its neighbours. */
async function readDays(ctx: QueryCtx, userId: Id<"users">, range: Range): Promise<Doc<"usage">[]> {
  const from = utcDay(dayMs(range.from) - DAY_MS);
  const to = utcDay(dayMs(range.to) + DAY_MS);
  return await ctx.db
    .query("usage")
    .withIndex("by_user_day_agent_model", (q) =>
      q.eq("userId", userId).gte("day", from).lte("day", to),
    )
    .take(MAX_ROWS);
}

/** One agent's and model's share of one day. */
type Share = { day: string; agent: string; model: string; amounts: Amounts };

async function sharesOf(
  ctx: QueryCtx,
  userId: Id<"users">,
  range: Range | undefined,
): Promise<Share[]> {
  if (range === undefined) {
    const rows = await ctx.db
      .query("usage")
      .withIndex("by_user_day_agent_model", (q) => q.eq("userId", userId).eq("day", ALL_DAYS))
      .take(MAX_ROWS);
    return rows.flatMap(({ day, agent, model, cells }) =>
      cells.map(({ amounts }) => ({ day, agent, model, amounts })),
    );
  }
  checkRange(range);
  const dayOf = dayTeller(range.timeZone);
  const rows = await readDays(ctx, userId, range);
  return rows
    .flatMap(({ day, agent, model, cells }) =>
      cells.map(({ slot, amounts }) => {
        return { day: dayOf(Date.parse(day) + slot * QUARTER_MS), agent, model, amounts };
      }),
    )
    .filter(({ day }) => day >= range.from && day <= range.to);
}

/** Sums by a key, in the keys' order. */
function summed(shares: Share[], keyOf: (share: Share) => string): [string, Amounts][] {
  const sums = new Map<string, Amounts>();
  for (const share of shares) {
    const key = keyOf(share);
    sums.set(key, sum(sums.get(key) ?? {}, share.amounts));
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
}

const totalOf = (shares: Share[]) => shares.reduce((all, { amounts }) => sum(all, amounts), {});

/** Everything that the user has, or what falls into the days. */
export async function overviewOf(
  ctx: QueryCtx,
  userId: Id<"users">,
  range?: Range,
): Promise<Usage> {
  return usageView(totalOf(await sharesOf(ctx, userId, range)));
}

/** One row per day and agent that has any. */
export async function dailyOf(
  ctx: QueryCtx,
  userId: Id<"users">,
  range: Range,
): Promise<(Usage & { day: string; agent: string })[]> {
  const shares = await sharesOf(ctx, userId, range);
  return summed(shares, ({ day, agent }) => `${day} ${agent}`).map(([key, amounts]) => {
    const [day = "", agent = ""] = key.split(" ");
    return { day, agent, ...usageView(amounts) };
  });
}

/** One row per agent. */
export async function byAgentOf(
  ctx: QueryCtx,
  userId: Id<"users">,
  range?: Range,
): Promise<(Usage & { agent: string })[]> {
  const shares = await sharesOf(ctx, userId, range);
  return summed(shares, ({ agent }) => agent).map(([agent, amounts]) => ({
    agent,
    ...usageView(amounts),
  }));
}

/** One row per model. */
export async function byModelOf(
  ctx: QueryCtx,
  userId: Id<"users">,
  range?: Range,
): Promise<(Usage & { model: string })[]> {
  const shares = await sharesOf(ctx, userId, range);
  return summed(shares, ({ model }) => model).map(([model, amounts]) => ({
    model,
    ...usageView(amounts),
  }));
}

/** Everything at once, for OpenSync's `/api/stats`. */
export async function statsOf(
  ctx: QueryCtx,
  userId: Id<"users">,
): Promise<{ all: Usage; byModel: (Usage & { model: string })[] }> {
  const byModel = await byModelOf(ctx, userId);
  return { all: await overviewOf(ctx, userId), byModel };
}
