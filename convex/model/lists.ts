/** The lists of sessions, each read from an index of its own. */
import type { PaginationOptions, PaginationResult } from "convex/server";
import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";

/** Which sessions; the first of tag, starred, eval-ready that is given decides. */
export type SessionFilter = {
  agent?: string;
  isArchived?: true;
  isStarred?: true;
  isEvalReady?: true;
  tag?: string;
};

async function listTagged(
  ctx: QueryCtx,
  userId: Id<"users">,
  tag: string,
  page: PaginationOptions,
): Promise<PaginationResult<Doc<"sessions">>> {
  const result = await ctx.db
    .query("sessionTags")
    .withIndex("by_user_tag", (q) => q.eq("userId", userId).eq("tag", tag))
    .order("desc")
    .paginate(page);
  const sessions = await Promise.all(
    result.page.map(({ sessionId }) => ctx.db.get("sessions", sessionId)),
  );
  return { ...result, page: sessions.filter((session) => session !== null) };
}

function ordered(ctx: QueryCtx, userId: Id<"users">, filter: SessionFilter) {
  const sessions = ctx.db.query("sessions");
  const { agent, isArchived, isStarred, isEvalReady } = filter;
  if (isStarred) {
    return sessions.withIndex("by_user_starred_updated", (q) =>
      q.eq("userId", userId).eq("isStarred", true),
    );
  }
  if (isEvalReady) {
    return sessions.withIndex("by_user_eval_updated", (q) =>
      q.eq("userId", userId).eq("isEvalReady", true),
    );
  }
  if (agent === undefined) {
    return sessions.withIndex("by_user_archived_updated", (q) =>
      q.eq("userId", userId).eq("isArchived", isArchived),
    );
  }
  return sessions.withIndex("by_user_archived_agent_updated", (q) =>
    q.eq("userId", userId).eq("isArchived", isArchived).eq("agent", agent),
  );
}

/** One page of the user's sessions, the last written (or tagged) first. */
export async function listSessions(
  ctx: QueryCtx,
  userId: Id<"users">,
  filter: SessionFilter,
  page: PaginationOptions,
): Promise<PaginationResult<Doc<"sessions">>> {
  if (filter.tag !== undefined) return await listTagged(ctx, userId, filter.tag, page);
  return await ordered(ctx, userId, filter).order("desc").paginate(page);
}
