import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api";
import type { Doc } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { splitUtf8 } from "../utf8";
import { MAX_CHUNK_BYTES } from "./largeParts";
import { refusal } from "./errors";
import { type PublicSession, publicSession } from "./publicSession";

/** Random bytes of a slug: 192 bits. */
const SLUG_BYTES = 24;

/** Most links of one session. */
const MAX_SHARES = 20;

/** Most pieces of a frozen share: MAX_PUBLIC_BYTES and the header, in pieces that may be cut a little early. */
const MAX_PIECES = 32;

/** A share as its owner sees it. */
export const vShare = v.object({
  /** The page is `/s/<slug>` on the HTTP origin, and `/s/<slug>.json` says the same to programs. */
  slug: v.string(),
  sessionId: v.id("sessions"),
  isFrozen: v.boolean(),
  /** Unix ms. */
  createdAt: v.number(),
});

/** The row as its owner sees it. */
export function shareView(share: Doc<"shares">): Infer<typeof vShare> {
  const { slug, sessionId, isFrozen, createdAt } = share;
  return { slug, sessionId, isFrozen, createdAt };
}

function newSlug(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SLUG_BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

/** Whether the text can be a slug, so that nothing else is looked up. */
export function isSlug(text: string): boolean {
  return /^[A-Za-z0-9_-]{32}$/.test(text);
}

/** The shares of a session. */
export async function sharesOf(ctx: QueryCtx, session: Doc<"sessions">): Promise<Doc<"shares">[]> {
  return await ctx.db
    .query("shares")
    .withIndex("by_user_session", (q) =>
      q.eq("userId", session.userId).eq("sessionId", session._id),
    )
    .take(MAX_SHARES);
}

/** Makes a new link. Throws `invalid-change` when the session has too many. */
export async function createShare(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  isFrozen: boolean,
): Promise<Doc<"shares">> {
  const { userId, _id: sessionId } = session;
  if ((await sharesOf(ctx, session)).length >= MAX_SHARES) {
    throw refusal(
      "invalid-change",
      `Nothing was shared: a session may have at most ${MAX_SHARES} links. Revoke one first.`,
    );
  }
  const fields = { userId, sessionId, slug: newSlug(), isFrozen, createdAt: Date.now() };
  const shareId = await ctx.db.insert("shares", fields);
  if (isFrozen) {
    const json = JSON.stringify(await publicSession(ctx, session));
    for (const [index, text] of splitUtf8(json, MAX_CHUNK_BYTES).entries()) {
      await ctx.db.insert("shareChunks", { userId, shareId, index, text });
    }
  }
  return (await ctx.db.get("shares", shareId)) as Doc<"shares">;
}

/** The share of a slug; null when there is none, or its session is gone. */
export async function findShare(ctx: QueryCtx, slug: string): Promise<Doc<"shares"> | null> {
  return await ctx.db
    .query("shares")
    .withIndex("by_slug", (q) => q.eq("slug", slug))
    .unique();
}

function piecesOf(ctx: QueryCtx, { userId, _id: shareId }: Pick<Doc<"shares">, "userId" | "_id">) {
  return ctx.db
    .query("shareChunks")
    .withIndex("by_user_share", (q) => q.eq("userId", userId).eq("shareId", shareId))
    .take(MAX_PIECES);
}

/** What everybody with the link sees; null when the link is not, or no longer, one. */
export async function readShare(ctx: QueryCtx, slug: string): Promise<PublicSession | null> {
  const share = isSlug(slug) ? await findShare(ctx, slug) : null;
  const session = share && (await ctx.db.get("sessions", share.sessionId));
  if (share === null || session === null) return null;
  if (!share.isFrozen) return await publicSession(ctx, session);
  const pieces = await piecesOf(ctx, share);
  return JSON.parse(pieces.map(({ text }) => text).join("")) as PublicSession;
}

/** Makes a link lead nowhere. */
export async function revokeShare(ctx: MutationCtx, share: Doc<"shares">): Promise<void> {
  await ctx.db.delete("shares", share._id);
  await erasePieces(ctx, share);
}

/** Makes all links of a session that is going away lead nowhere; the pieces of frozen ones follow in mutations of their own. */
export async function revokeShares(ctx: MutationCtx, session: Doc<"sessions">): Promise<void> {
  for (const share of await sharesOf(ctx, session)) {
    await ctx.db.delete("shares", share._id);
    if (!share.isFrozen) continue;
    const { userId, _id: shareId } = share;
    await ctx.scheduler.runAfter(0, internal.shares.erasePiecesOf, { userId, shareId });
  }
}

/** Deletes the pieces of a share that is gone. */
export async function erasePieces(
  ctx: MutationCtx,
  share: Pick<Doc<"shares">, "userId" | "_id">,
): Promise<void> {
  for (const { _id } of await piecesOf(ctx, share)) await ctx.db.delete("shareChunks", _id);
}
