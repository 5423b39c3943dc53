/**
 * Search in the user's own messages and titles. Any of the words may occur, the last one also as the beginning of a word; more and
 * rarer words rank higher. Pages have at most 50 rows and reach over the best 200; what is written meanwhile is in no later page.
 * Throws `invalid-search` for a cursor that is none.
 */
import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { userQuery } from "./functions";
import { contextFor, vContextItem } from "./model/context";
import { emptyPage } from "./model/pages";
import { searchMessages, vMessageHit, vSearch } from "./model/search";
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
