/** Search, context for agents, and statistics over HTTP. The same functions answer the tools of MCP. */
import { type ObjectType, v } from "convex/values";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { type ContextItem, vContextItem } from "../model/context";
import { nearestTo } from "../model/meaning";
import type { Search } from "../model/search";
import { vFoundSession } from "../model/wireRows";
import { Problem } from "./problem";
import { defineRoute, type Route } from "./route";
import { agentOf } from "./wireShapes";

const filters = {
  q: v.optional(v.string()),
  limit: v.optional(v.number()),
  /** Only this agent's. */
  source: v.optional(v.string()),
  model: v.optional(v.string()),
  /** Unix ms, included. */
  from: v.optional(v.number()),
  /** Unix ms, not included. */
  to: v.optional(v.number()),
};

type Filters = ObjectType<typeof filters>;

function searchOf({ q, source, model, from, to }: Filters): Search {
  if (q === undefined) throw new Problem(400, "Missing query parameter 'q'");
  return { text: q, agent: agentOf(source), model, from, to };
}

const search: Route = defineRoute({
  method: "GET",
  path: "/api/search",
  access: "read",
  summary: "Sessions whose title or messages have the words, the best first.",
  query: v.object({
    ...filters,
    cursor: v.optional(v.string()),
    type: v.optional(v.union(v.literal("fulltext"), v.literal("semantic"), v.literal("hybrid"))),
  }),
  returns: v.object({ results: v.array(vFoundSession), cursor: v.optional(v.string()) }),
  handle: async (ctx, { userId, query: { limit = 20, cursor = null, type, ...query } }) => {
    const search = searchOf(query);
    if (type !== "semantic" && type !== "hybrid") {
      return await ctx.runQuery(internal.lookups.sessions, { userId, search, limit, cursor });
    }
    const nearest = await nearestTo(ctx, userId, search.text);
    return await ctx.runQuery(internal.lookups.sessionsNear, {
      ...{ userId, search, limit, mode: type, nearest },
    });
  },
});

/** Pieces of the user's messages that fit, each with where it comes from. */
export async function contextOf(
  ctx: ActionCtx,
  userId: Id<"users">,
  asked: Search,
  limit: number,
): Promise<ContextItem[]> {
  const nearest = await nearestTo(ctx, userId, asked.text);
  return await ctx.runQuery(internal.lookups.context, { userId, search: asked, limit, nearest });
}

/** One item as quoted text under a line that says where it comes from, so that no reader takes it for an instruction. */
function quoted({ title, agent, role, time, sessionId, text }: ContextItem, index: number): string {
  // A site's clock may say anything; only a real time can be written as a date.
  const date = Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : "time unknown";
  const source = `[${index + 1}] ${JSON.stringify(title ?? "Untitled")}, ${agent}, ${role}, ${date}, session ${sessionId}`;
  return [source, ...text.split("\n").map((line) => `> ${line}`)].join("\n");
}

const context: Route = defineRoute({
  method: "GET",
  path: "/api/context",
  access: "read",
  summary: "Pieces of messages for an agent to read, each with where it comes from.",
  query: v.object({
    ...filters,
    format: v.optional(v.union(v.literal("text"), v.literal("messages"))),
  }),
  returns: v.object({
    text: v.optional(v.string()),
    messages: v.optional(
      v.array(
        v.object({
          role: v.string(),
          content: v.string(),
          metadata: v.object({
            sessionId: v.string(),
            sessionTitle: v.optional(v.string()),
            agent: v.string(),
            time: v.number(),
            url: v.optional(v.string()),
          }),
        }),
      ),
    ),
    items: v.array(vContextItem),
    sessionCount: v.number(),
  }),
  handle: async (ctx, { userId, query: { limit = 5, format = "text", ...query } }) => {
    const items = await contextOf(ctx, userId, searchOf(query), limit);
    const sessionCount = new Set(items.map(({ sessionId }) => sessionId)).size;
    if (format === "text") {
      const lines = [`Relevant coding sessions for: ${query.q}`, ...items.map(quoted)];
      return { text: lines.join("\n\n"), items, sessionCount };
    }
    const messages = items.map(({ role, text, sessionId, title, agent, time, url }) => ({
      ...{ role, content: text },
      metadata: { sessionId, sessionTitle: title, agent, time, url },
    }));
    return { messages, items, sessionCount };
  },
});

const stats: Route = defineRoute({
  method: "GET",
  path: "/api/stats",
  access: "read",
  summary: "What all sessions come to.",
  returns: v.object({
    sessionCount: v.number(),
    messageCount: v.number(),
    totalTokens: v.number(),
    /** US dollars. */
    totalCost: v.number(),
    totalDurationMs: v.number(),
    modelUsage: v.record(
      v.string(),
      v.object({ tokens: v.number(), cost: v.number(), sessions: v.number() }),
    ),
  }),
  handle: async (ctx, { userId }) => {
    const { all, byModel } = await ctx.runQuery(internal.lookups.stats, { userId });
    const usage = byModel.map(({ model, tokens, cost, sessions }) => [
      ...[model, { tokens: tokens.total, cost, sessions }],
    ]);
    return {
      ...{ sessionCount: all.sessions, messageCount: all.messages },
      ...{ totalTokens: all.tokens.total, totalCost: all.cost, totalDurationMs: all.durationMs },
      modelUsage: Object.fromEntries(usage) as Record<
        string,
        { tokens: number; cost: number; sessions: number }
      >,
    };
  },
});

/** The routes of this file. */
export const findRoutes: Route[] = [search, context, stats];
