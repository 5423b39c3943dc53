import { v } from "convex/values";
import { internalMutation, internalQuery } from "./_generated/server";
import { userMutation, userQuery } from "./functions";
import { publicSession, vPublicSession } from "./model/publicSession";
import {
  createShare,
  erasePieces,
  findShare,
  isSlug,
  readShare,
  revokeShare,
  shareView,
  sharesOf,
  vShare,
} from "./model/shares";
import { ownSession } from "./model/sessions";

/**
 * Exactly what would be public of a session if it were shared now; null when there is no such session, or it is another's.
 */
export const preview = userQuery({
  args: { sessionId: v.id("sessions") },
  returns: v.union(vPublicSession, v.null()),
  handler: async (ctx, { sessionId }) => {
    const session = await ownSession(ctx, ctx.user, sessionId);
    return session && (await publicSession(ctx, session));
  },
});

/**
 * Makes a public link to a session: everybody who has it can read what `shares.preview` shows. `isFrozen`: as it is now; else as it
 * will be at each look. Every call makes a new link. Null when there is no such session, or it is another's. Throws
 * `unauthenticated`, `user-missing`, `erasing`, `invalid-change` (too many links).
 */
export const create = userMutation({
  args: { sessionId: v.id("sessions"), isFrozen: v.boolean() },
  returns: v.union(vShare, v.null()),
  handler: async (ctx, { sessionId, isFrozen }) => {
    const session = await ownSession(ctx, ctx.user, sessionId);
    return session && shareView(await createShare(ctx, session, isFrozen));
  },
});

/** Makes a link lead nowhere, at once and for good; one that is not there, or another's, is passed over. Throws `unauthenticated`, `user-missing`, `erasing`. */
export const revoke = userMutation({
  args: { slug: v.string() },
  returns: v.null(),
  handler: async (ctx, { slug }) => {
    const share = isSlug(slug) ? await findShare(ctx, slug) : null;
    if (share?.userId === ctx.user._id) await revokeShare(ctx, share);
    return null;
  },
});

/** The links of a session, at most 20; none when there is no such session, or it is another's. */
export const list = userQuery({
  args: { sessionId: v.id("sessions") },
  returns: v.array(vShare),
  handler: async (ctx, { sessionId }) => {
    const session = await ownSession(ctx, ctx.user, sessionId);
    return session === null ? [] : (await sharesOf(ctx, session)).map(shareView);
  },
});

/** What a link shows, for its page; null when it leads nowhere. */
export const read = internalQuery({
  args: { slug: v.string() },
  returns: v.union(vPublicSession, v.null()),
  handler: async (ctx, { slug }) => await readShare(ctx, slug),
});

/** Deletes the pieces of a frozen share that is gone. */
export const erasePiecesOf = internalMutation({
  args: { userId: v.id("users"), shareId: v.id("shares") },
  returns: v.null(),
  handler: async (ctx, { userId, shareId }) => {
    await erasePieces(ctx, { userId, _id: shareId });
    return null;
  },
});
