/** OpenSync's sync API: clients that run where the agent runs write their sessions here. */
import type { PaginationResult } from "convex/server";
import { v } from "convex/values";
import { internal } from "../_generated/api";
import { readPage } from "./archive";
import { storeBatch, vBatchAnswer } from "./batch";
import { Problem } from "./problem";
import { defineRoute, type Route } from "./route";
import { store } from "./store";
import { readMessage, readSession, vSentMessage, vSentSession } from "./wireShapes";

const syncSession: Route = defineRoute({
  method: "POST",
  path: "/sync/session",
  access: "write",
  summary: "Stores a session's header. Counts are absolute; what is not sent stays as it is.",
  body: vSentSession,
  returns: v.object({ ok: v.literal(true), sessionId: v.string() }),
  handle: async (ctx, { userId, body, bytes }) => {
    const { sessionId } = await store(ctx, userId, readSession(body), [], { messages: 0, bytes });
    return { ok: true as const, sessionId: String(sessionId) };
  },
});

const syncMessage: Route = defineRoute({
  method: "POST",
  path: "/sync/message",
  access: "write",
  summary: "Stores a message; a later one with the same id replaces its parts.",
  body: vSentMessage,
  returns: v.object({ ok: v.literal(true), messageId: v.string() }),
  handle: async (ctx, { userId, body, bytes }) => {
    const { session, message } = readMessage(body);
    const { results } = await store(ctx, userId, session, [message], { messages: 1, bytes });
    const [result] = results;
    if (result?.messageId === undefined) {
      throw new Problem(400, result?.reason ?? "The message was not stored.");
    }
    return { ok: true as const, messageId: result.messageId };
  },
});

const syncBatch: Route = defineRoute({
  method: "POST",
  path: "/sync/batch",
  access: "write",
  summary: "Stores many sessions and messages. One that cannot be stored keeps no other from it.",
  body: v.object({
    sessions: v.optional(v.array(v.any())),
    messages: v.optional(v.array(v.any())),
  }),
  returns: vBatchAnswer,
  handle: async (ctx, { userId, body, bytes }) => await storeBatch(ctx, userId, body, bytes),
});

/** Ids in one answer; a client with more passes the cursor on. */
const MAX_IDS = 20_000;
const IDS_PER_QUERY = 1_000;

const syncList: Route = defineRoute({
  method: "GET",
  path: "/sync/sessions/list",
  access: "read",
  summary: "The clients' own ids of all stored sessions.",
  query: v.object({ cursor: v.optional(v.string()) }),
  returns: v.object({ sessionIds: v.array(v.string()), cursor: v.optional(v.string()) }),
  handle: async (ctx, { userId, query }) => {
    const keys = new Set<string>();
    for (let cursor: string | null = query.cursor ?? null; ;) {
      const args = { userId, paginationOpts: { numItems: IDS_PER_QUERY, cursor } };
      const result: PaginationResult<string> = await readPage(cursor, () =>
        ctx.runQuery(internal.wire.sessionKeys, args),
      );
      for (const key of result.page) keys.add(key);
      if (result.isDone) return { sessionIds: [...keys] };
      cursor = result.continueCursor;
      if (keys.size >= MAX_IDS) return { sessionIds: [...keys], cursor };
    }
  },
});

/** The routes of this file. */
export const syncRoutes: Route[] = [syncSession, syncMessage, syncBatch, syncList];
