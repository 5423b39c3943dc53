/** What OpenSync's HTTP API reads and writes. Internal: the routes are the only callers, and have found out who calls. */
import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { internalMutation, internalQuery } from "./_generated/server";
import { readChunkedJson } from "./model/largeParts";
import { countWritten } from "./model/limits";
import { emptyPage } from "./model/pages";
import { recordWire, vWireMessage, vWireReading, vWireResult } from "./model/wire";
import { messageRow, ownRow, sessionRow, vMessageRow, vSessionRow } from "./model/wireRows";

const vLoad = v.object({ messages: v.number(), bytes: v.number() });

/** Stores one session's header and messages; `load` is what the limiter counts. */
export const record = internalMutation({
  args: {
    userId: v.id("users"),
    session: vWireReading,
    messages: v.array(vWireMessage),
    load: vLoad,
  },
  returns: v.object({ sessionId: v.id("sessions"), results: v.array(vWireResult) }),
  handler: async (ctx, { userId, session, messages, load }) =>
    await recordWire(ctx, userId, session, messages, load),
});

/** Counts a batch that takes several mutations, before the first of them. */
export const admit = internalMutation({
  args: { userId: v.id("users"), load: vLoad },
  returns: v.null(),
  handler: async (ctx, { userId, load }) => {
    await countWritten(ctx, userId, load);
    return null;
  },
});

/** The user's sessions, the last written first, of one agent or of all. */
export const sessions = internalQuery({
  args: {
    userId: v.id("users"),
    agent: v.optional(v.string()),
    paginationOpts: paginationOptsValidator,
  },
  returns: paginationResultValidator(vSessionRow),
  handler: async (ctx, { userId, agent, paginationOpts }) => {
    const rows = ctx.db.query("sessions");
    const ordered =
      agent === undefined
        ? rows.withIndex("by_user_updated", (q) => q.eq("userId", userId))
        : rows.withIndex("by_user_agent_updated", (q) => q.eq("userId", userId).eq("agent", agent));
    const result = await ordered.order("desc").paginate(paginationOpts);
    return { ...result, page: await Promise.all(result.page.map((row) => sessionRow(ctx, row))) };
  },
});

/** The clients' own ids of the user's sessions, in the order of the ids. */
export const sessionKeys = internalQuery({
  args: { userId: v.id("users"), paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(v.string()),
  handler: async (ctx, { userId, paginationOpts }) => {
    const result = await ctx.db
      .query("sessions")
      .withIndex("by_user_key", (q) => q.eq("userId", userId))
      .paginate(paginationOpts);
    return { ...result, page: result.page.map(({ key }) => key) };
  },
});

/** One session; null when the id is none, or it is another's. */
export const session = internalQuery({
  args: { userId: v.id("users"), id: v.string() },
  returns: v.union(vSessionRow, v.null()),
  handler: async (ctx, { userId, id }) => {
    const row = await ownRow(ctx, userId, id);
    return row && (await sessionRow(ctx, row));
  },
});

/** A session's messages by position; an empty last page when there is no such session. */
export const messages = internalQuery({
  args: { userId: v.id("users"), sessionId: v.string(), paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(vMessageRow),
  handler: async (ctx, { userId, sessionId, paginationOpts }) => {
    const session = await ownRow(ctx, userId, sessionId);
    if (session === null) return emptyPage();
    const result = await ctx.db
      .query("messages")
      .withIndex("by_user_session_position", (q) =>
        q.eq("userId", userId).eq("sessionId", session._id),
      )
      .paginate(paginationOpts);
    return { ...result, page: result.page.map(messageRow) };
  },
});

/** The JSON of the parts that lie in a message's chunks; null when there are none, or it is another's. */
export const chunkedParts = internalQuery({
  args: { userId: v.id("users"), messageId: v.id("messages") },
  returns: v.union(v.string(), v.null()),
  handler: async (ctx, { userId, messageId }) => {
    const message = await ctx.db.get("messages", messageId);
    if (message?.userId !== userId || !message.large || !("chunkIds" in message.large)) return null;
    return await readChunkedJson(ctx, message.large.chunkIds);
  },
});
