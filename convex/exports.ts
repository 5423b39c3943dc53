/**
 * Exports in pages: the texts of all pages joined are the file, so no size is too large, and an export that was interrupted goes on
 * from the last cursor. The ZIP of everything is `GET /api/export/archive`.
 */
import { paginationOptsValidator } from "convex/server";
import { v } from "convex/values";
import { internalQuery, type QueryCtx } from "./_generated/server";
import { userQuery } from "./functions";
import { fileOfMessage, readMessages, type ReadMessage } from "./model/export";
import {
  csvHead,
  csvLine,
  exportedSession,
  type ExportedMessage,
  messageLine,
  messageMarkdown,
  sessionHead,
  sessionLine,
  vExportedMessage,
  vExportedSession,
} from "./model/exportText";
import { pageOf } from "./model/pages";
import { ownSession } from "./model/sessions";

const MAX_CSV_PAGE = 1_000;

const vTextPage = v.object({
  text: v.string(),
  isDone: v.boolean(),
  continueCursor: v.string(),
});

const nothing = { text: "", isDone: true, continueCursor: "" };

/** The message with the address of its file, which anybody who knows it can read. */
async function withAddress(
  ctx: QueryCtx,
  { message, fileOf }: ReadMessage,
): Promise<ExportedMessage> {
  const row = fileOf && (await ctx.db.get("messages", fileOf));
  if (!row?.large || !("storageId" in row.large)) return message;
  return { ...message, file: (await ctx.storage.getUrl(row.large.storageId)) ?? "" };
}

/**
 * One session as `markdown`, `jsonl` (the header, then a line per message) or `json` (`{ session, messages }`), 10 messages per
 * page. The parts of a message above 1 MiB are not in the text: `file` is the URL of their JSON. To nobody, and of a session that is
 * not there or another's: an empty last page.
 */
export const session = userQuery({
  args: {
    sessionId: v.id("sessions"),
    format: v.union(v.literal("markdown"), v.literal("json"), v.literal("jsonl")),
    cursor: v.union(v.string(), v.null()),
  },
  returns: vTextPage,
  handler: async (ctx, { sessionId, format, cursor }) => {
    const row = await ownSession(ctx, ctx.user, sessionId);
    if (row === null) return nothing;
    const { userId } = row;
    const { page, isDone, continueCursor } = await readMessages(
      ctx,
      { userId, sessionId },
      { cursor },
    );
    const messages = await Promise.all(page.map((one) => withAddress(ctx, one)));
    const header = exportedSession(row);
    const isFirst = cursor === null;
    if (format === "markdown") {
      const text = `${isFirst ? sessionHead(header) : ""}${messages.map(messageMarkdown).join("")}`;
      return { text, isDone, continueCursor };
    }
    if (format === "jsonl") {
      const text = `${isFirst ? sessionLine(header) : ""}${messages.map(messageLine).join("")}`;
      return { text, isDone, continueCursor };
    }
    const begin = isFirst ? `{"session":${JSON.stringify(header)},"messages":[` : "";
    const rows = messages.map(
      (one, index) => `${isFirst && index === 0 ? "" : ","}\n${JSON.stringify(one)}`,
    );
    return { text: `${begin}${rows.join("")}${isDone ? "\n]}\n" : ""}`, isDone, continueCursor };
  },
});

/**
 * All sessions as a CSV file (RFC 4180, no message text), at most 1,000 per page; texts that a spreadsheet would take for a formula
 * begin with an apostrophe. To nobody: an empty last page.
 */
export const csv = userQuery({
  args: { paginationOpts: paginationOptsValidator },
  returns: vTextPage,
  handler: async (ctx, { paginationOpts }) => {
    if (ctx.user === null) return nothing;
    const userId = ctx.user._id;
    const { page, isDone, continueCursor } = await ctx.db
      .query("sessions")
      .withIndex("by_user_agent_key", (q) => q.eq("userId", userId))
      .paginate(pageOf(paginationOpts, MAX_CSV_PAGE));
    const head = paginationOpts.cursor === null ? csvHead : "";
    return { text: `${head}${page.map(csvLine).join("")}`, isDone, continueCursor };
  },
});

/** The session after a cursor in an export of all; null at the end. */
export const nextSession = internalQuery({
  args: { userId: v.id("users"), cursor: v.union(v.string(), v.null()) },
  returns: v.union(
    v.null(),
    v.object({ id: v.id("sessions"), header: vExportedSession, continueCursor: v.string() }),
  ),
  handler: async (ctx, { userId, cursor }) => {
    const { page, continueCursor } = await ctx.db
      .query("sessions")
      .withIndex("by_user_agent_key", (q) => q.eq("userId", userId))
      .paginate({ numItems: 1, cursor });
    const row = page[0];
    return row === undefined ? null : { id: row._id, header: exportedSession(row), continueCursor };
  },
});

/** One page of a session's messages in an export of all. */
export const nextMessages = internalQuery({
  args: {
    userId: v.id("users"),
    sessionId: v.id("sessions"),
    cursor: v.union(v.string(), v.null()),
  },
  returns: v.object({
    page: v.array(v.object({ message: vExportedMessage, fileOf: v.optional(v.id("messages")) })),
    isDone: v.boolean(),
    continueCursor: v.string(),
  }),
  handler: async (ctx, { userId, sessionId, cursor }) =>
    await readMessages(ctx, { userId, sessionId }, { cursor }),
});

/** Where the file of a message is in an export of all; null when it is not the user's, or has none. */
export const fileOf = internalQuery({
  args: { userId: v.id("users"), messageId: v.id("messages") },
  returns: v.union(v.id("_storage"), v.null()),
  handler: async (ctx, { userId, messageId }) => await fileOfMessage(ctx, userId, messageId),
});
