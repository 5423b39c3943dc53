import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { userMutation, userQuery } from "./functions";
import { removeLater } from "./model/erase";
import { refusal } from "./model/errors";
import { checkChange, MAX_SESSIONS_PER_CALL, organise, setBlocked } from "./model/organise";
import { emptyPage, pageOf } from "./model/pages";
import { ownSession } from "./model/sessions";
import { vEvalStatus } from "./validators";

const MAX_PAGE = 200;

function checkCount(ids: string[]): void {
  if (ids.length <= MAX_SESSIONS_PER_CALL) return;
  throw refusal(
    "invalid-change",
    `Nothing was changed: a call may name at most ${MAX_SESSIONS_PER_CALL} sessions, this one named ${ids.length}.`,
  );
}

/**
 * Changes what the person says of up to 100 sessions. Absent fields stay; an empty text or list, `false`, or null for the status
 * takes a value away. A title set here is never replaced by the site's. Sessions that are not there, or another's, are passed over.
 * Throws `unauthenticated`, `user-missing`, `erasing`, `invalid-change`; then nothing was written.
 */
export const update = userMutation({
  args: {
    sessionIds: v.array(v.id("sessions")),
    change: v.object({
      title: v.optional(v.string()),
      isStarred: v.optional(v.boolean()),
      isArchived: v.optional(v.boolean()),
      tags: v.optional(v.array(v.string())),
      isEvalReady: v.optional(v.boolean()),
      evalStatus: v.optional(v.union(vEvalStatus, v.null())),
      evalNotes: v.optional(v.string()),
      evalTags: v.optional(v.array(v.string())),
      expectedOutput: v.optional(v.string()),
    }),
  },
  returns: v.null(),
  handler: async (ctx, { sessionIds, change }) => {
    checkCount(sessionIds);
    const checked = checkChange(change);
    for (const id of new Set(sessionIds)) {
      const session = await ownSession(ctx, ctx.user, id);
      if (session !== null) await organise(ctx, session, checked);
    }
    return null;
  },
});

/**
 * Deletes up to 100 sessions as `sessions.remove` does, and with `isBlocked` refuses every later capture of them. Sessions that are not
 * there, or another's, are passed over. Throws `unauthenticated`, `user-missing`, `erasing`, `invalid-change`.
 */
export const removeMany = userMutation({
  args: { sessionIds: v.array(v.id("sessions")), isBlocked: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { sessionIds, isBlocked }) => {
    checkCount(sessionIds);
    for (const id of new Set(sessionIds)) {
      const session = await ownSession(ctx, ctx.user, id);
      if (session === null) continue;
      const { agent, key } = session;
      if (isBlocked) await setBlocked(ctx, ctx.user._id, { agent, key, isBlocked });
      await removeLater(ctx, session);
    }
    return null;
  },
});

/**
 * Says whether a session may be captured, stored or not. What is stored of it stays.
 * Throws `unauthenticated`, `user-missing`, `erasing`, `invalid-change`.
 */
export const block = userMutation({
  args: { agent: v.string(), key: v.string(), isBlocked: v.boolean() },
  returns: v.null(),
  handler: async (ctx, session) => {
    await setBlocked(ctx, ctx.user._id, session);
    return null;
  },
});

/** Sessions that are never captured, at most 200 per page. To nobody: an empty last page. */
export const blocked = userQuery({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(v.object({ agent: v.string(), key: v.string() })),
  handler: async (ctx, { paginationOpts }) => {
    if (ctx.user === null) return emptyPage();
    const userId = ctx.user._id;
    const result = await ctx.db
      .query("blockedSessions")
      .withIndex("by_user_agent_key", (q) => q.eq("userId", userId))
      .paginate(pageOf(paginationOpts, MAX_PAGE));
    return { ...result, page: result.page.map(({ agent, key }) => ({ agent, key })) };
  },
});
