/**
 * Vectors of messages, for those who switched on search by meaning. The guarantee: a message whose text changed is in the queue in
 * the same mutation, and leaves it only when the vector of that very text is stored, or the message has no text or is gone.
 */
import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { cutUtf8 } from "../utf8";
import type { Owner } from "./largeParts";

/** A job waits this long, so that a session that is being written costs one request and not one per message. */
const DELAY_MS = 3_000;

/** A job that should have run this long ago has died. */
const DEAD_AFTER_MS = 15 * 60 * 1000;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 3_600_000;

/** Messages in one request to the provider. */
const BATCH = 32;

/** Providers take 8,191 tokens per text, and no token is shorter than a byte. */
const MAX_TEXT_BYTES = 8_000;
const BACKLOG_PAGE = 50;
const ROWS_PER_PASS = 200;
const MOST_COUNTED = 1_000;

/** One message to make a vector of. `hash` is that of the version whose text this is; null: nothing to embed. */
export const vEmbeddingTask = v.object({
  queueId: v.id("embeddingQueue"),
  messageId: v.id("messages"),
  hash: v.union(v.string(), v.null()),
  text: v.string(),
});

export type EmbeddingTask = Infer<typeof vEmbeddingTask>;

/** A vector that was made for a task; null when there was nothing to embed. */
export const vEmbedded = v.object({
  queueId: v.id("embeddingQueue"),
  messageId: v.id("messages"),
  hash: v.union(v.string(), v.null()),
  vector: v.union(v.array(v.float64()), v.null()),
});

/** Output of tools is noise to a search by meaning, and most of the text. */
function embeddedText({ role, text }: Doc<"messages">): string {
  return role === "tool" ? "" : cutUtf8(text.trim(), MAX_TEXT_BYTES);
}

async function findJob(ctx: QueryCtx, userId: Id<"users">): Promise<Doc<"embeddingJobs"> | null> {
  return await ctx.db
    .query("embeddingJobs")
    .withIndex("by_user", (q) => q.eq("userId", userId))
    .unique();
}

async function findEmbedding(ctx: QueryCtx, { userId, sessionId, messageId }: QueueKey) {
  return await ctx.db
    .query("embeddings")
    .withIndex("by_user_session_message", (q) =>
      q.eq("userId", userId).eq("sessionId", sessionId).eq("messageId", messageId),
    )
    .unique();
}

type QueueKey = Owner & { messageId: Id<"messages"> };

async function enqueue(ctx: MutationCtx, key: QueueKey): Promise<void> {
  const { userId, sessionId, messageId } = key;
  const queued = await ctx.db
    .query("embeddingQueue")
    .withIndex("by_user_session_message", (q) =>
      q.eq("userId", userId).eq("sessionId", sessionId).eq("messageId", messageId),
    )
    .unique();
  if (queued === null) await ctx.db.insert("embeddingQueue", key);
}

/** Starts a job unless one is on its way. */
async function startJob(ctx: MutationCtx, userId: Id<"users">): Promise<void> {
  const job = await findJob(ctx, userId);
  const now = Date.now();
  if (job !== null && job.dueAt > now - DEAD_AFTER_MS) return;
  const dueAt = now + DELAY_MS;
  if (job === null) await ctx.db.insert("embeddingJobs", { userId, dueAt, failures: 0 });
  else await ctx.db.patch("embeddingJobs", job._id, { dueAt });
  await ctx.scheduler.runAfter(DELAY_MS, internal.embeddings.work, { userId });
}

/** Notes that these messages of a session have new texts. Does nothing for who has not switched it on. */
export async function textsChanged(
  ctx: MutationCtx,
  user: Doc<"users">,
  sessionId: Id<"sessions">,
  messageIds: Iterable<Id<"messages">>,
): Promise<void> {
  if (!user.hasSemanticSearch) return;
  let isAny = false;
  for (const messageId of messageIds) {
    await enqueue(ctx, { userId: user._id, sessionId, messageId });
    isAny = true;
  }
  if (isAny) await startJob(ctx, user._id);
}

/** The next messages to make vectors of. */
export async function nextTasks(ctx: QueryCtx, userId: Id<"users">): Promise<EmbeddingTask[]> {
  const queue = await ctx.db
    .query("embeddingQueue")
    .withIndex("by_user_session_message", (q) => q.eq("userId", userId))
    .take(BATCH);
  return await Promise.all(
    queue.map(async ({ _id: queueId, messageId }) => {
      const message = await ctx.db.get("messages", messageId);
      const text = message === null ? "" : embeddedText(message);
      return { queueId, messageId, hash: message?.hash ?? null, text };
    }),
  );
}

async function storeOne(
  ctx: MutationCtx,
  model: string,
  { queueId, messageId, hash, vector }: Infer<typeof vEmbedded>,
): Promise<void> {
  const queued = await ctx.db.get("embeddingQueue", queueId);
  const message = await ctx.db.get("messages", messageId);
  // Written again, or erased, while the provider was asked: the next round looks anew.
  if (queued === null || (message?.hash ?? null) !== hash) return;
  await ctx.db.delete("embeddingQueue", queueId);
  const { userId, sessionId } = queued;
  const existing = await findEmbedding(ctx, { userId, sessionId, messageId });
  if (existing !== null) await ctx.db.delete("embeddings", existing._id);
  // The session is gone as soon as it is removed; its messages follow.
  if (vector === null || (await ctx.db.get("sessions", sessionId)) === null) return;
  await ctx.db.insert("embeddings", { userId, sessionId, messageId, model, vector });
}

/** Stores vectors, and says that the job is alive. Nothing when the person has switched it off meanwhile. */
export async function storeVectors(
  ctx: MutationCtx,
  userId: Id<"users">,
  model: string,
  embedded: Infer<typeof vEmbedded>[],
): Promise<void> {
  const user = await ctx.db.get("users", userId);
  if (!user?.hasSemanticSearch || user.erasure !== undefined) return;
  for (const one of embedded) await storeOne(ctx, model, one);
  const job = await findJob(ctx, userId);
  if (job !== null)
    await ctx.db.patch("embeddingJobs", job._id, { dueAt: Date.now(), failures: 0 });
}

/** Ends the job, or lets it go on: at once when there is more to do, later and later while the provider fails. */
export async function endRound(
  ctx: MutationCtx,
  userId: Id<"users">,
  outcome: "done" | "failed" | "stopped",
): Promise<void> {
  const job = await findJob(ctx, userId);
  if (job === null) return;
  const queued = ctx.db
    .query("embeddingQueue")
    .withIndex("by_user_session_message", (q) => q.eq("userId", userId));
  if (outcome === "stopped" || (await queued.first()) === null) {
    await ctx.db.delete("embeddingJobs", job._id);
    return;
  }
  const failures = outcome === "failed" ? job.failures + 1 : 0;
  const retry = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
  const delay = outcome === "failed" ? retry : 0;
  await ctx.db.patch("embeddingJobs", job._id, { dueAt: Date.now() + delay, failures });
  await ctx.scheduler.runAfter(delay, internal.embeddings.work, { userId });
}

/** Queues the messages that have no vector of this model yet, a page at a time. */
export async function queueBacklog(
  ctx: MutationCtx,
  userId: Id<"users">,
  model: string,
  cursor: string | null,
): Promise<void> {
  const user = await ctx.db.get("users", userId);
  if (!user?.hasSemanticSearch || user.erasure !== undefined) return;
  const { page, isDone, continueCursor } = await ctx.db
    .query("messages")
    .withIndex("by_user_session_key", (q) => q.eq("userId", userId))
    .paginate({ cursor, numItems: BACKLOG_PAGE });
  for (const message of page) {
    const { sessionId, _id: messageId } = message;
    const key = { userId, sessionId, messageId };
    if (embeddedText(message) === "") continue;
    if ((await findEmbedding(ctx, key))?.model !== model) await enqueue(ctx, key);
  }
  if (page.length > 0) await startJob(ctx, userId);
  if (isDone) return;
  const next = { userId, model, cursor: continueCursor };
  await ctx.scheduler.runAfter(0, internal.embeddings.backlog, next);
}

/** Deletes a portion of what search by meaning keeps of a session, or of everything; true when there may be more. */
export async function forgetVectors(
  ctx: MutationCtx,
  userId: Id<"users">,
  sessionId?: Id<"sessions">,
): Promise<boolean> {
  const queue = await ctx.db
    .query("embeddingQueue")
    .withIndex("by_user_session_message", (q) =>
      sessionId === undefined
        ? q.eq("userId", userId)
        : q.eq("userId", userId).eq("sessionId", sessionId),
    )
    .take(ROWS_PER_PASS);
  for (const { _id } of queue) await ctx.db.delete("embeddingQueue", _id);
  const rows = await ctx.db
    .query("embeddings")
    .withIndex("by_user_session_message", (q) =>
      sessionId === undefined
        ? q.eq("userId", userId)
        : q.eq("userId", userId).eq("sessionId", sessionId),
    )
    .take(ROWS_PER_PASS);
  for (const { _id } of rows) await ctx.db.delete("embeddings", _id);
  return queue.length === ROWS_PER_PASS || rows.length === ROWS_PER_PASS;
}

/** How many messages wait for a vector, at most 1,000. */
export async function waitingVectors(ctx: QueryCtx, userId: Id<"users">): Promise<number> {
  const queue = ctx.db
    .query("embeddingQueue")
    .withIndex("by_user_session_message", (q) => q.eq("userId", userId));
  return (await queue.take(MOST_COUNTED)).length;
}
