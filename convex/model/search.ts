/**
 * Full text search in a user's own messages and titles. Convex ranks the hits; a page is cut out of at most the best 200 of them.
 * Pages are stable: what is written after the first page was asked for is in no later page of the same search.
 */
import type { PaginationOptions, PaginationResult } from "convex/server";
import { getConvexSize, type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { vRole } from "../validators";
import { refusal } from "./errors";
import { emptyPage, pageOf } from "./pages";
import { snippetOf, termsOf, vSnippet } from "./searchText";

/** Most rows of a page. */
export const MAX_PAGE = 50;
const MAX_HITS = 200;

/** Convex ends a search here. */
const MAX_LOOKED_AT = 1_000;

/** A query may read 16 MiB: these messages, up to 200 sessions of up to 36 KB, and in a search by meaning what that reads. */
const MAX_BYTES = 6 * 1024 * 1024;

/** What is searched for, and where. Times are those of the messages. */
export const vSearch = v.object({
  text: v.string(),
  agent: v.optional(v.string()),
  role: v.optional(vRole),
  model: v.optional(v.string()),
  /** Unix ms, included. */
  from: v.optional(v.number()),
  /** Unix ms, not included. */
  to: v.optional(v.number()),
});

export type Search = Infer<typeof vSearch>;

/** A message that was found, and where it comes from. */
export const vMessageHit = v.object({
  messageId: v.id("messages"),
  sessionId: v.id("sessions"),
  agent: v.string(),
  /** The session's title. */
  title: v.optional(v.string()),
  /** Page on which a person opens the session. */
  url: v.optional(v.string()),
  role: vRole,
  model: v.optional(v.string()),
  /** Unix ms: the site's time, else when it was stored. */
  time: v.number(),
  /** Order among the session's messages. */
  position: v.number(),
  snippet: vSnippet,
});

export type MessageHit = Infer<typeof vMessageHit>;

/** A message with its session. */
export type Found = { message: Doc<"messages">; session: Doc<"sessions"> };

/** When a message was written. */
export function timeOf(message: Doc<"messages">): number {
  return message.createdAt ?? message._creationTime;
}

/** Whether a message is what the search may give, besides its text. */
export function passes(message: Doc<"messages">, search: Search): boolean {
  const { agent, role, model, from, to } = search;
  const time = timeOf(message);
  return (
    (agent === undefined || message.agent === agent) &&
    (role === undefined || message.role === role) &&
    (model === undefined || message.model === model) &&
    (from === undefined || time >= from) &&
    (to === undefined || time < to)
  );
}

function messageQuery(ctx: QueryCtx, userId: Id<"users">, { text, agent, role, model }: Search) {
  return ctx.db.query("messages").withSearchIndex("search_text", (q) => {
    let filter = q.search("text", text).eq("userId", userId);
    if (agent !== undefined) filter = filter.eq("agent", agent);
    if (role !== undefined) filter = filter.eq("role", role);
    return model === undefined ? filter : filter.eq("model", model);
  });
}

/** Sessions of messages, each read once; null for one that was removed and whose messages are still being erased. */
export function sessionReader(ctx: QueryCtx, userId: Id<"users">) {
  const read = new Map<Id<"sessions">, Doc<"sessions"> | null>();
  return async (id: Id<"sessions">): Promise<Doc<"sessions"> | null> => {
    if (!read.has(id)) read.set(id, await ctx.db.get("sessions", id));
    const session = read.get(id) ?? null;
    return session?.userId === userId ? session : null;
  };
}

/** The best messages, up to `most`, of those that were stored before `until`. */
export async function findMessages(
  ctx: QueryCtx,
  userId: Id<"users">,
  search: Search,
  { most, until }: { most: number; until: number },
): Promise<{ found: Found[]; isAll: boolean }> {
  const readSession = sessionReader(ctx, userId);
  const found: Found[] = [];
  let lookedAt = 0;
  let bytes = 0;
  for await (const message of messageQuery(ctx, userId, search)) {
    lookedAt += 1;
    bytes += getConvexSize(message);
    if (message._creationTime <= until && passes(message, search)) {
      const session = await readSession(message.sessionId);
      if (session !== null) found.push({ message, session });
    }
    if (found.length >= most) return { found, isAll: false };
    if (lookedAt >= MAX_LOOKED_AT || bytes >= MAX_BYTES) break;
  }
  return { found, isAll: true };
}

/** What clients see of a found message. */
export function messageHit(
  { message, session }: Found,
  terms: string[],
  length?: number,
): MessageHit {
  return {
    messageId: message._id,
    sessionId: session._id,
    agent: session.agent,
    title: session.title,
    url: session.url,
    role: message.role,
    model: message.model,
    time: timeOf(message),
    position: message.position,
    snippet: snippetOf(message.text, terms, length),
  };
}

/** Where a page begins, and when the first one was asked for. */
export type Place = { until: number; offset: number };

/** The place that a cursor names. Throws `invalid-search`. */
export function readCursor(cursor: string | null): Place {
  if (cursor === null) return { until: Date.now(), offset: 0 };
  const [, until, offset] = /^(\d{1,16})\.(\d{1,4})$/.exec(cursor) ?? [];
  if (until !== undefined) return { until: Number(until), offset: Number(offset) };
  throw refusal("invalid-search", "This is no place in a search. Search again from the beginning.");
}

/** The page at a place. */
export function cutPage<T>(
  all: T[],
  place: Place,
  numItems: number,
  isAll: boolean,
): PaginationResult<T> {
  const end = place.offset + numItems;
  const isDone = (isAll && end >= all.length) || end >= MAX_HITS;
  const continueCursor = isDone ? "" : `${place.until}.${end}`;
  return { page: all.slice(place.offset, end), isDone, continueCursor };
}

/** Messages with the words, the best first. An empty page for a search without words. Throws `invalid-search`. */
export async function searchMessages(
  ctx: QueryCtx,
  userId: Id<"users">,
  search: Search,
  paginationOpts: PaginationOptions,
): Promise<PaginationResult<MessageHit>> {
  const terms = termsOf(search.text);
  const place = readCursor(paginationOpts.cursor);
  if (terms.length === 0) return emptyPage();
  const { numItems } = pageOf(paginationOpts, MAX_PAGE);
  // One more than the page, so that the last page knows that it is.
  const most = Math.min(place.offset + numItems + 1, MAX_HITS);
  const { found, isAll } = await findMessages(ctx, userId, search, { most, until: place.until });
  const page = cutPage(found, place, numItems, isAll);
  return { ...page, page: page.page.map((one) => messageHit(one, terms)) };
}
