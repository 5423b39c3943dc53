/**
 * Search in the user's own messages and titles. Any of the words may occur, the last one also as the beginning of a word; more and
 * rarer words rank higher. Pages have at most 50 rows and reach over the best 200; what is written meanwhile is in no later page.
 * Throws `invalid-search` for a cursor that is none.
 */
import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalQuery } from "./_generated/server";
import { userAction, userQuery } from "./functions";
import { contextFor, vContextItem } from "./model/context";
import { findByMeaning, nearestTo, vMeaning, vMode, vNearest } from "./model/meaning";
import { emptyPage } from "./model/pages";
import { type MessageHit, messageHit, searchMessages, vMessageHit, vSearch } from "./model/search";
import { termsOf } from "./model/searchText";
import { searchSessions, vSessionHit } from "./model/sessionSearch";

const args = { search: vSearch, paginationOpts: paginationOptsValidator };

/** Messages, each with a snippet, the places of the words in it, and its session. To nobody: an empty last page. */
export const messages = userQuery({
  args,
  returns: paginationResultValidator(vMessageHit),
  handler: async (ctx, { search, paginationOpts }) =>
    ctx.user === null
      ? emptyPage()
      : await searchMessages(ctx, ctx.user._id, search, paginationOpts),
});

/** Sessions by their titles and the best 100 messages. To nobody: an empty last page. */
export const sessions = userQuery({
  args,
  returns: paginationResultValidator(vSessionHit),
  handler: async (ctx, { search, paginationOpts }) =>
    ctx.user === null
      ? emptyPage()
      : await searchSessions(ctx, ctx.user._id, search, paginationOpts),
});

/** Up to 20 pieces of messages with their provenance, to hand to an agent. To nobody: none. */
export const context = userQuery({
  args: { search: vSearch, limit: v.number() },
  returns: v.array(vContextItem),
  handler: async (ctx, { search, limit }) =>
    ctx.user === null ? [] : await contextFor(ctx, ctx.user._id, search, limit),
});

const vMeaningHits = v.object({
  hits: v.array(vMessageHit),
  /** Whether meaning took part; where it did not, the hits are those of the words. */
  meaning: vMeaning,
});

/**
 * Messages by meaning, or by meaning and words: the best 50 at most, the best first. Where search by meaning is off or its provider
 * does not answer, by words alone. To nobody: none.
 */
export const byMeaning = userAction({
  args: { search: vSearch, mode: vMode },
  returns: vMeaningHits,
  handler: async (ctx, { search, mode }) => {
    const { userId } = ctx;
    if (userId === null) return { hits: [], meaning: "off" as const };
    const nearest = await nearestTo(ctx, userId, search.text);
    const asked = { userId, search, mode, nearest };
    const hits: MessageHit[] = await ctx.runQuery(internal.search.nearHits, asked);
    return { hits, meaning: nearest.meaning };
  },
});

/** The messages behind what the vector index found, together with those that have the words. */
export const nearHits = internalQuery({
  args: { userId: v.id("users"), search: vSearch, mode: vMode, nearest: vNearest },
  returns: v.array(vMessageHit),
  handler: async (ctx, { userId, search, mode, nearest }) => {
    const found = await findByMeaning(ctx, userId, search, mode, nearest);
    const terms = termsOf(search.text);
    return found.map((one) => messageHit(one, terms));
  },
});
