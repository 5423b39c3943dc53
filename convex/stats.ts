/**
 * What the user's sessions come to. All answers come from sums that are kept when messages are written. Without a `range` they are
 * about everything; with one, about at most 100 days of a time zone. Throws `invalid-range` for days or zones that are none.
 */
import { v } from "convex/values";
import { userQuery } from "./functions";
import { PRICES_AS_OF } from "./model/prices";
import { byAgentOf, byModelOf, dailyOf, overviewOf, vRange, vUsage } from "./model/stats";

const range = v.optional(vRange);

/** The whole, with the day on which the prices of estimated costs were looked up. To nobody: null. */
export const overview = userQuery({
  args: { range },
  returns: v.union(v.object({ ...vUsage.fields, pricesAsOf: v.string() }), v.null()),
  handler: async (ctx, { range }) =>
    ctx.user && { ...(await overviewOf(ctx, ctx.user._id, range)), pricesAsOf: PRICES_AS_OF },
});

/** One row per day and agent, in that order; days without anything have none. To nobody: none. */
export const daily = userQuery({
  args: { range: vRange },
  returns: v.array(v.object({ day: v.string(), agent: v.string(), ...vUsage.fields })),
  handler: async (ctx, { range }) =>
    ctx.user === null ? [] : await dailyOf(ctx, ctx.user._id, range),
});

/** One row per agent. To nobody: none. */
export const byAgent = userQuery({
  args: { range },
  returns: v.array(v.object({ agent: v.string(), ...vUsage.fields })),
  handler: async (ctx, { range }) =>
    ctx.user === null ? [] : await byAgentOf(ctx, ctx.user._id, range),
});

/** One row per model; "unknown" where no agent named one. To nobody: none. */
export const byModel = userQuery({
  args: { range },
  returns: v.array(v.object({ model: v.string(), ...vUsage.fields })),
  handler: async (ctx, { range }) =>
    ctx.user === null ? [] : await byModelOf(ctx, ctx.user._id, range),
});
