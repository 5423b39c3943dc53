/**
 * Search by meaning, off until the deployment has a provider (OPENAI_API_KEY; OPENAI_BASE_URL and EMBEDDING_MODEL say which other one)
 * and the person has switched it on. Then the first 8 KB of every message's text go to that provider, in batches, once per text.
 */
import { v } from "convex/values";
import { internal } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import {
  type ActionCtx,
  internalAction,
  internalMutation,
  internalQuery,
} from "./_generated/server";
import { userMutation, userQuery } from "./functions";
import { embed, embeddingProvider } from "./model/embeddingProvider";
import {
  type EmbeddingTask,
  endRound,
  forgetVectors,
  nextTasks,
  queueBacklog,
  storeVectors,
  vEmbedded,
  vEmbeddingTask,
  waitingVectors,
} from "./model/embeddings";
import { refusal } from "./model/errors";

/** Batches of one action; then it is scheduled again, far from an action's time limit. */
const BATCHES_PER_ROUND = 20;

/** Whether search by meaning can be and is switched on, and how many messages (up to 1,000) wait for it. To nobody: null. */
export const status = userQuery({
  args: {},
  returns: v.union(
    v.null(),
    v.object({ isAvailable: v.boolean(), isOn: v.boolean(), waiting: v.number() }),
  ),
  handler: async (ctx) => {
    if (ctx.user === null) return null;
    const isOn = ctx.user.hasSemanticSearch === true;
    const waiting = isOn ? await waitingVectors(ctx, ctx.user._id) : 0;
    return { isAvailable: embeddingProvider() !== null, isOn, waiting };
  },
});

/**
 * Switches search by meaning on or off. On: what is stored already follows in the background. Off: all vectors are deleted. Throws
 * `unauthenticated`, `user-missing`, `erasing`, `no-embedding-provider`.
 */
export const setOn = userMutation({
  args: { isOn: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { isOn }) => {
    const { _id: userId, hasSemanticSearch = false } = ctx.user;
    if (isOn === hasSemanticSearch) return null;
    const provider = embeddingProvider();
    if (isOn && provider === null) {
      throw refusal(
        "no-embedding-provider",
        "Search by meaning was not switched on: this deployment has no provider for it. Searching by words works as ever.",
      );
    }
    await ctx.db.patch("users", userId, { hasSemanticSearch: isOn, updatedAt: Date.now() });
    if (isOn && provider !== null) {
      await ctx.scheduler.runAfter(0, internal.embeddings.backlog, {
        ...{ userId, model: provider.model, cursor: null },
      });
    } else {
      await ctx.scheduler.runAfter(0, internal.embeddings.forget, { userId });
    }
    return null;
  },
});

/** Whether the person has it on. */
export const isOn = internalQuery({
  args: { userId: v.id("users") },
  returns: v.boolean(),
  handler: async (ctx, { userId }) => {
    const user = await ctx.db.get("users", userId);
    return user?.hasSemanticSearch === true && user.erasure === undefined;
  },
});

/** Queues a page of what was stored before it was switched on. */
export const backlog = internalMutation({
  args: { userId: v.id("users"), model: v.string(), cursor: v.union(v.string(), v.null()) },
  returns: v.null(),
  handler: async (ctx, { userId, model, cursor }) => {
    await queueBacklog(ctx, userId, model, cursor);
    return null;
  },
});

/** Deletes a portion of the vectors of somebody who switched it off. */
export const forget = internalMutation({
  args: { userId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, { userId }) => {
    const user = await ctx.db.get("users", userId);
    if (user?.hasSemanticSearch) return null;
    await endRound(ctx, userId, "stopped");
    if (await forgetVectors(ctx, userId)) {
      await ctx.scheduler.runAfter(0, internal.embeddings.forget, { userId });
    }
    return null;
  },
});

/** The next batch of messages. */
export const tasks = internalQuery({
  args: { userId: v.id("users") },
  returns: v.array(vEmbeddingTask),
  handler: async (ctx, { userId }) => await nextTasks(ctx, userId),
});

/** Stores a batch of vectors. */
export const store = internalMutation({
  args: { userId: v.id("users"), model: v.string(), embedded: v.array(vEmbedded) },
  returns: v.null(),
  handler: async (ctx, { userId, model, embedded }) => {
    await storeVectors(ctx, userId, model, embedded);
    return null;
  },
});

/** Ends a round of `work` and says when the next one is. */
export const finish = internalMutation({
  args: {
    userId: v.id("users"),
    outcome: v.union(v.literal("done"), v.literal("failed"), v.literal("stopped")),
  },
  returns: v.null(),
  handler: async (ctx, { userId, outcome }) => {
    await endRound(ctx, userId, outcome);
    return null;
  },
});

/** Makes the vectors of one batch. Tells whether there was one, or why there are none. */
async function embedBatch(
  ctx: ActionCtx,
  userId: Id<"users">,
): Promise<"more" | "done" | "failed" | "stopped"> {
  const provider = embeddingProvider();
  const isOn: boolean = await ctx.runQuery(internal.embeddings.isOn, { userId });
  if (provider === null || !isOn) return "stopped";
  const tasks: EmbeddingTask[] = await ctx.runQuery(internal.embeddings.tasks, { userId });
  if (tasks.length === 0) return "done";
  const texts = tasks.map(({ text }) => text).filter((text) => text !== "");
  const vectors = await embed(provider, texts);
  if (vectors === null) return "failed";
  const rest = vectors.values();
  const embedded = tasks.map(({ text, queueId, messageId, hash }) => {
    const vector = text === "" ? null : (rest.next().value ?? null);
    return { queueId, messageId, hash, vector };
  });
  await ctx.runMutation(internal.embeddings.store, { userId, model: provider.model, embedded });
  return "more";
}

/** Makes the vectors of what is queued, batch by batch. */
export const work = internalAction({
  args: { userId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, { userId }) => {
    let outcome: Awaited<ReturnType<typeof embedBatch>> = "more";
    for (let batch = 0; batch < BATCHES_PER_ROUND && outcome === "more"; batch += 1) {
      outcome = await embedBatch(ctx, userId);
    }
    await ctx.runMutation(internal.embeddings.finish, {
      ...{ userId, outcome: outcome === "more" ? "done" : outcome },
    });
    return null;
  },
});
