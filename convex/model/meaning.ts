/** Search by meaning: the messages whose vectors lie nearest to the search's, alone or together with the full text's ranking. */
import { getConvexSize, type Infer, v } from "convex/values";
import { internal } from "../_generated/api";
import type { Doc, Id } from "../_generated/dataModel";
import type { ActionCtx, QueryCtx } from "../_generated/server";
import { embed, embeddingProvider } from "./embeddingProvider";
import { findMessages, type Found, passes, type Search, sessionReader } from "./search";
import { rankScore } from "./sessionSearch";
import { termsOf } from "./searchText";

/** Nearest messages that are looked at, before filters. */
const NEAREST = 128;

/** Most messages of an answer. */
const MAX_FOUND = 50;

/** Bytes of messages that are read for their nearness; the search by words and the sessions need the rest of 16 MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

/** `semantic`: by meaning alone; `hybrid`: by meaning and by words. */
export const vMode = v.union(v.literal("semantic"), v.literal("hybrid"));

/** Whether meaning took part: the provider or the person has not switched it on, or the provider did not answer. */
export const vMeaning = v.union(v.literal("used"), v.literal("off"), v.literal("unavailable"));

/** What the vector index found: ids, the nearest first, or none where meaning did not take part. */
export const vNearest = v.object({ meaning: vMeaning, ids: v.array(v.id("embeddings")) });

export type Nearest = Infer<typeof vNearest>;

/** Asks the provider and the vector index. Only vectors of the user are looked at. */
export async function nearestTo(
  ctx: ActionCtx,
  userId: Id<"users">,
  text: string,
): Promise<Nearest> {
  const provider = embeddingProvider();
  const isOn: boolean = await ctx.runQuery(internal.embeddings.isOn, { userId });
  if (provider === null || !isOn || text.trim() === "") return { meaning: "off", ids: [] };
  const mayAsk: boolean = await ctx.runMutation(internal.callers.maySearchByMeaning, { userId });
  if (!mayAsk) return { meaning: "unavailable", ids: [] };
  const [vector] = (await embed(provider, [text.slice(0, 2_000).trim()])) ?? [];
  if (vector === undefined) return { meaning: "unavailable", ids: [] };
  const nearest = await ctx.vectorSearch("embeddings", "by_vector", {
    ...{ vector, limit: NEAREST },
    filter: (q) => q.eq("userId", userId),
  });
  return { meaning: "used", ids: nearest.map(({ _id }) => _id) };
}

async function findNearest(
  ctx: QueryCtx,
  userId: Id<"users">,
  search: Search,
  ids: Id<"embeddings">[],
): Promise<Found[]> {
  const readSession = sessionReader(ctx, userId);
  const model = embeddingProvider()?.model;
  const found: Found[] = [];
  let bytes = 0;
  for (const id of ids) {
    if (found.length >= MAX_FOUND || bytes >= MAX_BYTES) break;
    const embedding = await ctx.db.get("embeddings", id);
    // Vectors of another model lie in another space.
    if (embedding?.userId !== userId || embedding.model !== model) continue;
    const message: Doc<"messages"> | null = await ctx.db.get("messages", embedding.messageId);
    if (message === null) continue;
    bytes += getConvexSize(message);
    if (!passes(message, search)) continue;
    const session = await readSession(message.sessionId);
    if (session !== null) found.push({ message, session });
  }
  return found;
}

/** Both rankings as one. */
function fused(rankings: Found[][]): Found[] {
  const scores = new Map<string, { found: Found; score: number }>();
  for (const ranking of rankings) {
    for (const [rank, found] of ranking.entries()) {
      const { score = 0 } = scores.get(found.message._id) ?? {};
      scores.set(found.message._id, { found, score: score + rankScore(rank) });
    }
  }
  return [...scores.values()].sort((a, b) => b.score - a.score).map(({ found }) => found);
}

/**
 * The messages that fit, the best first, at most 50. By words alone where meaning did not take part, whatever was asked for: an answer
 * is better than none.
 */
export async function findByMeaning(
  ctx: QueryCtx,
  userId: Id<"users">,
  search: Search,
  mode: Infer<typeof vMode>,
  { meaning, ids }: Nearest,
): Promise<Found[]> {
  const near = await findNearest(ctx, userId, search, ids);
  if (mode === "semantic" && meaning === "used") return near;
  if (termsOf(search.text).length === 0) return near;
  const limits = { most: MAX_FOUND, until: Date.now() };
  const { found } = await findMessages(ctx, userId, search, limits);
  return fused([near, found]).slice(0, MAX_FOUND);
}
