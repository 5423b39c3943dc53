/** What the HTTP API and MCP look up. Internal: the routes are the only callers, and have found out who calls. */
import { v } from "convex/values";
import { internalQuery } from "./_generated/server";
import { contextFor, vContextItem } from "./model/context";
import { searchMessages, vMessageHit, vSearch } from "./model/search";
import { searchSessions } from "./model/sessionSearch";
import { statsOf, vUsage } from "./model/stats";
import { foundSession, vFoundSession } from "./model/wireRows";

const page = { cursor: v.union(v.string(), v.null()), limit: v.number() };
const search = { userId: v.id("users"), search: vSearch, ...page };
const cursor = v.optional(v.string());

/** Sessions by their titles and messages, the best first. */
export const sessions = internalQuery({
  args: search,
  returns: v.object({ results: v.array(vFoundSession), cursor }),
  handler: async (ctx, { userId, search, cursor, limit: numItems }) => {
    const found = await searchSessions(ctx, userId, search, { numItems, cursor });
    const results = await Promise.all(found.page.map((hit) => foundSession(ctx, hit)));
    return { results, ...(!found.isDone && { cursor: found.continueCursor }) };
  },
});

/** Messages, the best first. */
export const messages = internalQuery({
  args: search,
  returns: v.object({ results: v.array(vMessageHit), cursor }),
  handler: async (ctx, { userId, search, cursor, limit: numItems }) => {
    const found = await searchMessages(ctx, userId, search, { numItems, cursor });
    return { results: found.page, ...(!found.isDone && { cursor: found.continueCursor }) };
  },
});

/** Pieces of messages with their provenance. */
export const context = internalQuery({
  args: { userId: v.id("users"), search: vSearch, limit: v.number() },
  returns: v.array(vContextItem),
  handler: async (ctx, { userId, search, limit }) => await contextFor(ctx, userId, search, limit),
});

/** What all sessions come to. */
export const stats = internalQuery({
  args: { userId: v.id("users") },
  returns: v.object({
    all: vUsage,
    byModel: v.array(v.object({ ...vUsage.fields, model: v.string() })),
  }),
  handler: async (ctx, { userId }) => await statsOf(ctx, userId),
});
