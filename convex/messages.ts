/**
 * Reading a message: `list` gives the parts of messages up to 64 KB of JSON. Of a larger one it gives `preview` and `large`; the
 * parts are `JSON.parse` of all `large.chunks` pieces joined (`chunk`, index 0 first; when a piece's `hash` is not that of the listed
 * message, it was replaced meanwhile: list again), or of the body at `large.storageUrl`.
 */
import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { userQuery } from "./functions";
import { messageView, readChunk, vChunk, vMessageView } from "./model/messages";
import { emptyPage, pageOf } from "./model/pages";
import { ownSession } from "./model/sessions";

/** A message row has at most about 128 KB: a page stays under the 16 MiB that a query may read. */
const MAX_PAGE = 100;

/**
 * A session's messages by position, at most 100 per page. An empty last page when there is no such session, it is another's, or
 * nobody is signed in.
 */
export const list = userQuery({
  args: { sessionId: v.id("sessions"), paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vMessageView),
  handler: async (ctx, { sessionId, paginationOpts }) => {
    const session = await ownSession(ctx, ctx.user, sessionId);
    if (session === null) return emptyPage();
    const result = await ctx.db
      .query("messages")
      .withIndex("by_user_session_position", (q) =>
        q.eq("userId", session.userId).eq("sessionId", sessionId),
      )
      .paginate(pageOf(paginationOpts, MAX_PAGE));
    const page = await Promise.all(result.page.map((message) => messageView(ctx, message)));
    return { ...result, page };
  },
});

/**
 * One piece (at most 256 KB) of the JSON of a large message's parts, 0 <= `index` < `large.chunks`; null when there is no such
 * message or piece, or it is another's.
 */
export const chunk = userQuery({
  args: { messageId: v.id("messages"), index: v.number() },
  returns: v.union(vChunk, v.null()),
  handler: async (ctx, { messageId, index }) =>
    ctx.user && (await readChunk(ctx, ctx.user._id, messageId, index)),
});
