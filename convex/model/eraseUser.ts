/**
 * Erasing all that is a person's. The guarantee: it ends only when every index of the user is empty, and what it deletes in one
 * mutation it also counts and continues in that mutation, so a crash at any point loses no step.
 */
import type { DataModel, Doc, Id, TableNames } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { deleteFile } from "./largeParts";
import { eraseLimits } from "./limits";
import { rememberErased } from "./erasedAccounts";

/** Rows of one table deleted in one mutation, which may read 16 MiB: message rows have at most 128 KB. */
const ROWS_PER_PASS = 50;

/** Pieces of up to 256 KiB deleted in one mutation. */
const PIECES_PER_PASS = 16;

/** Small rows deleted in one mutation. */
const SMALL_PER_PASS = 400;

/** Every table whose rows name a user. */
export type UserTable = {
  [T in TableNames]: "userId" extends keyof DataModel[T]["document"] ? T : never;
}[TableNames];

type Eraser = (ctx: MutationCtx, userId: Id<"users">) => Promise<number>;

async function deleteAll<T extends UserTable>(
  ctx: MutationCtx,
  table: T,
  rows: { _id: Id<T> }[],
): Promise<number> {
  for (const { _id } of rows) await ctx.db.delete(table, _id);
  return rows.length;
}

/**
 * How a portion of each table's rows is deleted, in this order: what lets others in, then children before parents, and the sums
 * last, because deleting messages of a session that was removed earlier still changes them. A table without an entry is a type
 * error here.
 */
export const erasers: Record<UserTable, Eraser> = {
  apiKeys: async (ctx, userId) => {
    const rows = ctx.db.query("apiKeys").withIndex("by_user", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "apiKeys", await rows.take(SMALL_PER_PASS));
  },
  shares: async (ctx, userId) => {
    const rows = ctx.db.query("shares").withIndex("by_user_session", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "shares", await rows.take(SMALL_PER_PASS));
  },
  shareChunks: async (ctx, userId) => {
    const rows = ctx.db
      .query("shareChunks")
      .withIndex("by_user_share", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "shareChunks", await rows.take(PIECES_PER_PASS));
  },
  embeddingJobs: async (ctx, userId) => {
    const rows = ctx.db.query("embeddingJobs").withIndex("by_user", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "embeddingJobs", await rows.take(SMALL_PER_PASS));
  },
  embeddingQueue: async (ctx, userId) => {
    const rows = ctx.db
      .query("embeddingQueue")
      .withIndex("by_user_session_message", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "embeddingQueue", await rows.take(SMALL_PER_PASS));
  },
  embeddings: async (ctx, userId) => {
    const rows = ctx.db
      .query("embeddings")
      .withIndex("by_user_session_message", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "embeddings", await rows.take(SMALL_PER_PASS));
  },
  files: async (ctx, userId) => {
    const rows = ctx.db.query("files").withIndex("by_user_session", (q) => q.eq("userId", userId));
    const files = await rows.take(ROWS_PER_PASS);
    for (const file of files) await deleteFile(ctx, file);
    return files.length;
  },
  messageChunks: async (ctx, userId) => {
    const rows = ctx.db
      .query("messageChunks")
      .withIndex("by_user_session", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "messageChunks", await rows.take(PIECES_PER_PASS));
  },
  messages: async (ctx, userId) => {
    const rows = ctx.db
      .query("messages")
      .withIndex("by_user_session_key", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "messages", await rows.take(ROWS_PER_PASS));
  },
  sessionTags: async (ctx, userId) => {
    const rows = ctx.db
      .query("sessionTags")
      .withIndex("by_user_tag", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "sessionTags", await rows.take(SMALL_PER_PASS));
  },
  blockedSessions: async (ctx, userId) => {
    const rows = ctx.db
      .query("blockedSessions")
      .withIndex("by_user_agent_key", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "blockedSessions", await rows.take(SMALL_PER_PASS));
  },
  sessions: async (ctx, userId) => {
    const rows = ctx.db
      .query("sessions")
      .withIndex("by_user_agent_key", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "sessions", await rows.take(ROWS_PER_PASS));
  },
  usage: async (ctx, userId) => {
    const rows = ctx.db
      .query("usage")
      .withIndex("by_user_day_agent_model", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "usage", await rows.take(ROWS_PER_PASS));
  },
  accessLogs: async (ctx, userId) => {
    const rows = ctx.db.query("accessLogs").withIndex("by_user", (q) => q.eq("userId", userId));
    return await deleteAll(ctx, "accessLogs", await rows.take(SMALL_PER_PASS));
  },
};

/** Takes away everything that lets others in: keys and links, in the mutation that begins the erasing. */
export async function lockOut(ctx: MutationCtx, userId: Id<"users">): Promise<number> {
  return (await erasers.apiKeys(ctx, userId)) + (await erasers.shares(ctx, userId));
}

/** Deletes one portion and tells how many rows; 0 means that every index of the user is empty. */
export async function erasePortion(ctx: MutationCtx, userId: Id<"users">): Promise<number> {
  for (const erase of Object.values(erasers)) {
    const deleted = await erase(ctx, userId);
    if (deleted > 0) return deleted;
  }
  return 0;
}

/** Ends the erasing of the data: the account stays, and what comes late from before is refused. */
export async function finishData(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  await eraseLimits(ctx, user._id);
  const erasedAt = Date.now();
  await ctx.db.patch("users", user._id, { erasure: undefined, erasedAt, updatedAt: erasedAt });
}

/** Ends the erasing of the account: nothing but a tombstone stays, which names nobody. */
export async function finishAccount(ctx: MutationCtx, user: Doc<"users">): Promise<void> {
  await eraseLimits(ctx, user._id);
  await rememberErased(ctx, user.workosId, user.issuer);
  await ctx.db.delete("users", user._id);
}
