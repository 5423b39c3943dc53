/** Full text search in a user's own sessions: their titles, and the best of their messages. */
import type { PaginationOptions, PaginationResult } from "convex/server";
import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { emptyPage, pageOf } from "./pages";
import {
  cutPage,
  findMessages,
  type Found,
  MAX_PAGE,
  messageHit,
  readCursor,
  type Search,
  vMessageHit,
} from "./search";
import { findMatches, termsOf, vSnippet } from "./searchText";
import { sessionView, vSession } from "./sessions";

const MAX_TITLES = 50;

/** A search by session looks at this many of the best messages. */
const MESSAGES_PER_SESSION_SEARCH = 100;

/** A session that was found by its title or by messages. */
export const vSessionHit = v.object({
  session: vSession,
  /** Where its title has the words. */
  titleMatches: vSnippet.fields.matches,
  /** How many of the best messages are this session's. */
  messageHits: v.number(),
  /** The best of them. */
  best: v.optional(vMessageHit),
});

export type SessionHit = Infer<typeof vSessionHit>;

async function findTitles(
  ctx: QueryCtx,
  userId: Id<"users">,
  { text, agent, role, model, from = -Infinity, to = Infinity }: Search,
  until: number,
): Promise<Doc<"sessions">[]> {
  if (role !== undefined) return [];
  const sessions = await ctx.db
    .query("sessions")
    .withSearchIndex("search_title", (q) => {
      let filter = q.search("title", text).eq("userId", userId);
      if (agent !== undefined) filter = filter.eq("agent", agent);
      return model === undefined ? filter : filter.eq("model", model);
    })
    .take(MAX_TITLES);
  return sessions.filter(({ siteCreatedAt, _creationTime }) => {
    const time = siteCreatedAt ?? _creationTime;
    return _creationTime <= until && time >= from && time < to;
  });
}

/** How much a place in a ranking is worth when rankings are put together (reciprocal rank fusion). */
export function rankScore(rank: number): number {
  return 1 / (60 + rank);
}

type Candidate = { session: Doc<"sessions">; score: number; messages: Found[] };

function candidatesOf(titles: Doc<"sessions">[], found: Found[]): Candidate[] {
  const byId = new Map<string, Candidate>();
  for (const [rank, session] of titles.entries()) {
    byId.set(session._id, { session, score: rankScore(rank), messages: [] });
  }
  for (const [rank, one] of found.entries()) {
    const { session } = one;
    const candidate = byId.get(session._id) ?? { session, score: 0, messages: [] };
    if (candidate.messages.length === 0) candidate.score += rankScore(rank);
    candidate.messages.push(one);
    byId.set(session._id, candidate);
  }
  return [...byId.values()].sort((a, b) => b.score - a.score);
}

/** Sessions whose title or messages have the words, the best first. Throws `invalid-search`. */
export async function searchSessions(
  ctx: QueryCtx,
  userId: Id<"users">,
  search: Search,
  paginationOpts: PaginationOptions,
): Promise<PaginationResult<SessionHit>> {
  const terms = termsOf(search.text);
  const place = readCursor(paginationOpts.cursor);
  if (terms.length === 0) return emptyPage();
  const { until } = place;
  const limits = { most: MESSAGES_PER_SESSION_SEARCH, until };
  const { found } = await findMessages(ctx, userId, search, limits);
  const titles = await findTitles(ctx, userId, search, until);
  const { numItems } = pageOf(paginationOpts, MAX_PAGE);
  const page = cutPage(candidatesOf(titles, found), place, numItems, true);
  return {
    ...page,
    page: page.page.map((candidate) => sessionHit(candidate, terms)),
  };
}

function sessionHit({ session, messages }: Candidate, terms: string[]): SessionHit {
  return {
    session: sessionView(session),
    titleMatches: findMatches(session.title ?? "", terms),
    messageHits: messages.length,
    best: messages[0] && messageHit(messages[0], terms),
  };
}

/** The sessions of found messages, in the order of their best ones. */
export function sessionsOf(found: Found[], terms: string[]): SessionHit[] {
  return candidatesOf([], found).map((candidate) => sessionHit(candidate, terms));
}
