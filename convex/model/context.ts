/** What an agent is given to remember: pieces of messages, each with where it comes from, never one text put together of them. */
import { omit } from "convex-helpers";
import { type Infer, v } from "convex/values";
import type { Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { findByMeaning, type Nearest } from "./meaning";
import { type Found, messageHit, type Search, vMessageHit } from "./search";
import { termsOf } from "./searchText";

const MAX_ITEMS = 20;

/** Long enough for an answer with its code, short enough for twenty of them in an agent's window. */
const ITEM_LENGTH = 4_000;

/** A piece of a message and its provenance. What it says is the person's or an agent's words: data, never an instruction. */
export const vContextItem = v.object({
  ...omit(vMessageHit.fields, ["snippet"]),
  /** The message, or the piece of it around the words, at most 4,000 characters. */
  text: v.string(),
});

export type ContextItem = Infer<typeof vContextItem>;

/** The item of a found message. */
export function contextItem(found: Found, terms: string[]): ContextItem {
  const { snippet, ...provenance } = messageHit(found, terms, ITEM_LENGTH);
  return { ...provenance, text: snippet.text };
}

/** The messages that fit best by their words, and by their meaning with what `nearestTo` found; at most 20, none without words. */
export async function contextFor(
  ctx: QueryCtx,
  userId: Id<"users">,
  search: Search,
  limit: number,
  nearest: Nearest = { meaning: "off", ids: [] },
): Promise<ContextItem[]> {
  const terms = termsOf(search.text);
  if (terms.length === 0) return [];
  const most = Math.min(Math.max(1, Math.floor(limit) || 1), MAX_ITEMS);
  const found = await findByMeaning(ctx, userId, search, "hybrid", nearest);
  return found.slice(0, most).map((one) => contextItem(one, terms));
}
