import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { internal } from "../_generated/api";
import { forgetVectors } from "./embeddings";
import { deleteFile, type Owner } from "./largeParts";
import { eraseTags } from "./organise";
import { revokeShares } from "./shares";
import { count, type UsageChange, writeUsage } from "./usage";

/** Messages and files deleted in one mutation, which may read 16 MiB: these messages have at most 6.5 MiB. */
const ROWS_PER_PASS = 50;

/** Chunks deleted in one mutation: 4 MiB. */
const CHUNKS_PER_PASS = 16;

/**
 * Deletes a session. Its row goes at once, so it is in no list and no link any more, and a new capture of the same session starts
 * afresh under a new id; its messages, chunks and files follow in as many mutations as they need.
 */
export async function removeSession(ctx: MutationCtx, session: Doc<"sessions">): Promise<void> {
  await hideSession(ctx, session);
  await eraseContent(ctx, { userId: session.userId, sessionId: session._id });
}

/** As `removeSession`, but all that the session had follows in mutations of its own: for many sessions in one call. */
export async function removeLater(ctx: MutationCtx, session: Doc<"sessions">): Promise<void> {
  await hideSession(ctx, session);
  const owner = { userId: session.userId, sessionId: session._id };
  await ctx.scheduler.runAfter(0, internal.sessions.eraseRemoved, owner);
}

async function hideSession(ctx: MutationCtx, session: Doc<"sessions">): Promise<void> {
  await eraseTags(ctx, session);
  await revokeShares(ctx, session);
  const usage: UsageChange = new Map();
  count(usage, session.counted, -1);
  await writeUsage(ctx, session.userId, usage);
  await ctx.db.delete("sessions", session._id);
}

/** Deletes one portion of what belonged to a removed session and schedules the next until nothing is left. */
export async function eraseContent(ctx: MutationCtx, owner: Owner): Promise<void> {
  const deleted = [
    await eraseMessages(ctx, owner),
    await eraseChunks(ctx, owner),
    await eraseFiles(ctx, owner),
  ];
  const { userId, sessionId } = owner;
  if (deleted.some((isFull) => isFull) || (await forgetVectors(ctx, userId, sessionId))) {
    await ctx.scheduler.runAfter(0, internal.sessions.eraseRemoved, owner);
  }
}

async function eraseMessages(ctx: MutationCtx, { userId, sessionId }: Owner): Promise<boolean> {
  const rows = await ctx.db
    .query("messages")
    .withIndex("by_user_session_position", (q) => q.eq("userId", userId).eq("sessionId", sessionId))
    .take(ROWS_PER_PASS);
  const usage: UsageChange = new Map();
  for (const row of rows) {
    count(usage, row.counted, -1);
    await ctx.db.delete("messages", row._id);
  }
  await writeUsage(ctx, userId, usage);
  return rows.length === ROWS_PER_PASS;
}

async function eraseChunks(ctx: MutationCtx, { userId, sessionId }: Owner): Promise<boolean> {
  const rows = await ctx.db
    .query("messageChunks")
    .withIndex("by_user_session", (q) => q.eq("userId", userId).eq("sessionId", sessionId))
    .take(CHUNKS_PER_PASS);
  for (const row of rows) await ctx.db.delete("messageChunks", row._id);
  return rows.length === CHUNKS_PER_PASS;
}

async function eraseFiles(ctx: MutationCtx, { userId, sessionId }: Owner): Promise<boolean> {
  const rows = await ctx.db
    .query("files")
    .withIndex("by_user_session", (q) => q.eq("userId", userId).eq("sessionId", sessionId))
    .take(ROWS_PER_PASS);
  for (const row of rows) await deleteFile(ctx, row);
  return rows.length === ROWS_PER_PASS;
}
