import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { internalMutation } from "./_generated/server";
import { userMutation, userQuery } from "./functions";
import { eraseContent, removeSession } from "./model/erase";
import { emptyPage, pageOf } from "./model/pages";
import { recordSession } from "./model/record";
import { listSessions } from "./model/lists";
import { findSession, ownSession, sessionView, vSession } from "./model/sessions";
import { vMessage, vRecordResult, vSessionReading } from "./validators";

const MAX_PAGE = 200;

/**
 * Stores a session's header and messages: at most 100 messages and 4 MiB of parts per call. `results` has one answer per message,
 * in order: `stored`, `same` (equal content, nothing written), `older` (a partial version of a message that is stored as final) or
 * `refused` with a reason for people; a refused message keeps no other from being stored. Fields that the header does not have
 * blank nothing. `batch-too-large` also comes when what the call replaces is too large for one mutation: send fewer
 * messages, one always passes. Throws `unauthenticated`, `user-missing`, `too-many-messages`, `batch-too-large`, `invalid-session`,
 * `session-blocked` (never to be captured), `session-erased` (from before all data was erased), `erasing`; then nothing was written.
 */
export const record = userMutation({
  args: { session: vSessionReading, messages: v.array(vMessage) },
  returns: v.object({ sessionId: v.id("sessions"), results: v.array(vRecordResult) }),
  handler: async (ctx, { session, messages }) =>
    await recordSession(ctx, ctx.user, session, messages),
});

/**
 * Session headers, at most 200 per page: of one agent or of all, the last written first, without the archived ones; with
 * `isArchived` the archived ones only, with `isStarred` or `isEvalReady` those marked so, archived or not, with `tag` those that
 * carry it, the last tagged first. Only one of these, and `agent` with none or with `isArchived`. To nobody: an empty last page.
 */
export const list = userQuery({
  args: {
    paginationOpts: paginationOptsValidator,
    agent: v.optional(v.string()),
    isArchived: v.optional(v.literal(true)),
    isStarred: v.optional(v.literal(true)),
    isEvalReady: v.optional(v.literal(true)),
    tag: v.optional(v.string()),
  },
  returns: paginationResultValidator(vSession),
  handler: async (ctx, { paginationOpts, ...filter }) => {
    if (ctx.user === null) return emptyPage();
    const page = pageOf(paginationOpts, MAX_PAGE);
    const result = await listSessions(ctx, ctx.user._id, filter, page);
    return { ...result, page: result.page.map(sessionView) };
  },
});

/** One session's header; null when there is none with this id, or it is another's. */
export const get = userQuery({
  args: { sessionId: v.id("sessions") },
  returns: v.union(vSession, v.null()),
  handler: async (ctx, { sessionId }) => {
    const session = await ownSession(ctx, ctx.user, sessionId);
    return session && sessionView(session);
  },
});

/** One session's header by its agent and the site's own id; null when it is not stored. */
export const getByKey = userQuery({
  args: { agent: v.string(), key: v.string() },
  returns: v.union(vSession, v.null()),
  handler: async (ctx, { agent, key }) => {
    const session = ctx.user && (await findSession(ctx, ctx.user._id, agent, key));
    return session && sessionView(session);
  },
});

/**
 * Deletes a session with its messages and files. It is gone from every answer at once; large ones are erased in the background.
 * A later capture of the same session stores it again. Does nothing when there is no such session or it is another's.
 * Throws `unauthenticated`, `user-missing`.
 */
export const remove = userMutation({
  args: { sessionId: v.id("sessions") },
  returns: v.null(),
  handler: async (ctx, { sessionId }) => {
    const session = await ownSession(ctx, ctx.user, sessionId);
    if (session !== null) await removeSession(ctx, session);
    return null;
  },
});

/** Erases the next portion of a removed session. */
export const eraseRemoved = internalMutation({
  args: { userId: v.id("users"), sessionId: v.id("sessions") },
  returns: v.null(),
  handler: async (ctx, owner) => {
    await eraseContent(ctx, owner);
    return null;
  },
});
