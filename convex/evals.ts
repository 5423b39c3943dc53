import {
  type PaginationOptions,
  paginationOptsValidator,
  paginationResultValidator,
} from "convex/server";
import { type Infer, v } from "convex/values";
import type { Doc, Id } from "./_generated/dataModel";
import { internalQuery, type QueryCtx } from "./_generated/server";
import { userQuery } from "./functions";
import { type EvalOptions, evalOptionFields, vEvalOptions } from "./model/evalCases";
import { evalItems, type EvalFormat, vEvalFormat } from "./model/evals";
import { emptyPage, pageOf } from "./model/pages";
import { sessionUsage } from "./model/usage";
import { vEvalStatus } from "./validators";

const filterFields = {
  agent: v.optional(v.string()),
  model: v.optional(v.string()),
  status: v.optional(vEvalStatus),
  /** The session has one of these as an eval tag. */
  tags: v.optional(v.array(v.string())),
  /** Fewest tokens of the session, estimates counted. */
  minTokens: v.optional(v.number()),
  /** Unix ms, of the session's last change. */
  from: v.optional(v.number()),
  /** Unix ms, of the session's last change. */
  to: v.optional(v.number()),
};

const vFilter = v.object(filterFields);

const vItems = v.object({
  sessionId: v.id("sessions"),
  /** JSON texts, one per test case. */
  items: v.array(v.string()),
});

type Filter = Infer<typeof vFilter>;

/** All tokens of the session: those that the agent gave, else estimates. */
function tokensOf(session: Doc<"sessions">): number {
  const { total = 0, estimatedInput = 0, estimatedOutput = 0 } = sessionUsage(session);
  return total + estimatedInput + estimatedOutput;
}

function isWanted(
  session: Doc<"sessions">,
  { agent, model, status, tags, minTokens }: Filter,
): boolean {
  return (
    (agent === undefined || session.agent === agent) &&
    (model === undefined || session.model === model) &&
    (status === undefined || session.evalStatus === status) &&
    (tags === undefined || tags.some((tag) => session.evalTags?.includes(tag))) &&
    (minTokens === undefined || tokensOf(session) >= minTokens)
  );
}

async function evalPage(
  ctx: QueryCtx,
  userId: Id<"users">,
  format: EvalFormat,
  filter: Filter,
  options: EvalOptions,
  paginationOpts: PaginationOptions,
) {
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = filter;
  const result = await ctx.db
    .query("sessions")
    .withIndex("by_user_eval_updated", (q) =>
      q.eq("userId", userId).eq("isEvalReady", true).gte("updatedAt", from).lte("updatedAt", to),
    )
    .order("desc")
    // One session may take half of what a query can read.
    .paginate(pageOf(paginationOpts, 1));
  const wanted = result.page.filter((session) => isWanted(session, filter));
  const page = await Promise.all(
    wanted.map(async (session) => ({
      sessionId: session._id,
      items: await evalItems(ctx, session, format, options),
    })),
  );
  return { ...result, page };
}

/**
 * The test cases of the eval-ready sessions, one session per page (a page may be empty: go on until `isDone`). All items joined are
 * the file: for `deepeval` and `files` a JSON list, for `openai` and `promptfoo` one line each. To nobody: an empty last page.
 */
export const page = userQuery({
  args: {
    format: vEvalFormat,
    ...filterFields,
    ...evalOptionFields,
    paginationOpts: paginationOptsValidator,
  },
  returns: paginationResultValidator(vItems),
  handler: async (ctx, { format, paginationOpts, ...asked }) => {
    if (ctx.user === null) return emptyPage();
    return await evalPage(ctx, ctx.user._id, format, asked, asked, paginationOpts);
  },
});

/** `page` for the HTTP API, which knows its caller by other means. */
export const pageFor = internalQuery({
  args: {
    userId: v.id("users"),
    format: vEvalFormat,
    filter: vFilter,
    options: vEvalOptions,
    paginationOpts: paginationOptsValidator,
  },
  returns: paginationResultValidator(vItems),
  handler: async (ctx, { userId, format, filter, options, paginationOpts }) =>
    await evalPage(ctx, userId, format, filter, options, paginationOpts),
});
