/** What the HTTP API and MCP look up. Internal: the routes are the only callers, and have found out who calls. */
import { v } from "convex/values";
import { internalQuery } from "./_generated/server";
import { contextFor, vContextItem } from "./model/context";
import { findByMeaning, vMode, vNearest } from "./model/meaning";
import { searchMessages, vMessageHit, vSearch } from "./model/search";
import { termsOf } from "./model/searchText";
import { searchSessions, sessionsOf } from "./model/sessionSearch";
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
  args: { userId: v.id("users"), search: vSearch, limit: v.number(), nearest: vNearest },
  returns: v.array(vContextItem),
  handler: async (ctx, { userId, search, limit, nearest }) =>
    await contextFor(ctx, userId, search, limit, nearest),
});

/** Sessions by meaning, or by meaning and words, the best first. */
export const sessionsNear = internalQuery({
  args: {
    userId: v.id("users"),
    search: vSearch,
    limit: v.number(),
    mode: vMode,
    nearest: vNearest,
  },
  returns: v.object({ results: v.array(vFoundSession) }),
  handler: async (ctx, { userId, search, limit, mode, nearest }) => {
    const found = await findByMeaning(ctx, userId, search, mode, nearest);
    const hits = sessionsOf(found, termsOf(search.text)).slice(0, Math.floor(limit) || 1);
    return { results: await Promise.all(hits.map((hit) => foundSession(ctx, hit))) };
  },
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
