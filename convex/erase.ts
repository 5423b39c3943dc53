import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalAction, internalMutation, internalQuery } from "./_generated/server";
import { signedInMutation, userMissing, userMutation, userQuery } from "./functions";
import { findErased } from "./model/erasedAccounts";
import { erasePortion, finishAccount, finishData, lockOut } from "./model/eraseUser";
import { findUser, issuerRealm } from "./model/users";
import { canDeleteIdentity, deleteIdentity } from "./model/workos";
import { vErasure } from "./validators";

/** How long until a step that needs the identity provider is tried again: also when the server went away in the middle of it. */
const RETRY_MS = 10 * 60 * 1000;

/**
 * Begins to erase everything of the signed-in user: `data` keeps the account, `account` ends it, last of all at the identity
 * provider where the deployment may. Keys and public links stop working at once; the rest follows in the background, and
 * `erase.progress` tells how far it is. Until it is finished every write is refused (`erasing`); afterwards what comes late from
 * another device is refused too (`session-erased`, `account-erased`). Asked again while it runs, it goes on, and from `data` to `account` if asked.
 * Throws `unauthenticated`, `user-missing`.
 */
export const start = signedInMutation({
  args: { scope: vErasure.fields.scope },
  returns: v.null(),
  handler: async (ctx, { scope }) => {
    const user = await findUser(ctx, ctx.identity);
    if (user === null) throw userMissing();
    const { _id: userId, erasure } = user;
    if (erasure !== undefined) {
      const isMore = erasure.scope === "data" && scope === "account";
      if (isMore) await ctx.db.patch("users", userId, { erasure: { ...erasure, scope } });
      return null;
    }
    const deleted = await lockOut(ctx, userId);
    await ctx.db.patch("users", userId, { erasure: { scope, startedAt: Date.now(), deleted } });
    await ctx.scheduler.runAfter(0, internal.erase.step, { userId });
    return null;
  },
});

/**
 * How far the erasing is; null when nothing is being erased and nothing was. `erased`: the data was erased, or the whole account.
 */
export const progress = userQuery({
  args: {},
  returns: v.union(
    v.null(),
    v.object({ state: v.literal("erasing"), ...vErasure.fields }),
    v.object({
      state: v.literal("erased"),
      scope: vErasure.fields.scope,
      /** Unix ms. */
      erasedAt: v.number(),
    }),
  ),
  handler: async (ctx) => {
    if (ctx.user?.erasure) return { state: "erasing" as const, ...ctx.user.erasure };
    const state = "erased" as const;
    if (ctx.user?.erasedAt) return { state, scope: "data" as const, erasedAt: ctx.user.erasedAt };
    const identity = ctx.user ? null : await ctx.auth.getUserIdentity();
    if (identity === null) return null;
    const account = await findErased(ctx, identity.subject, issuerRealm(identity.issuer));
    return account && { state, scope: "account" as const, erasedAt: account.erasedAt };
  },
});

/**
 * Lets sessions from before the last erasing of all data be stored again, as when a person sends an old history anew.
 * Throws `unauthenticated`, `user-missing`, `erasing`.
 */
export const readmit = userMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    if (ctx.user.erasedAt !== undefined) {
      await ctx.db.patch("users", ctx.user._id, { erasedAt: undefined });
    }
    return null;
  },
});

/** Erases the next portion, or ends the erasing when there is none. */
export const step = internalMutation({
  args: { userId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, { userId }) => {
    const user = await ctx.db.get("users", userId);
    if (user?.erasure === undefined) return null;
    const { erasure } = user;
    const deleted = await erasePortion(ctx, userId);
    if (deleted > 0) {
      const total = erasure.deleted + deleted;
      await ctx.db.patch("users", userId, { erasure: { ...erasure, deleted: total } });
      await ctx.scheduler.runAfter(0, internal.erase.step, { userId });
    } else if (erasure.scope === "data") {
      await finishData(ctx, user);
    } else if (canDeleteIdentity()) {
      await ctx.scheduler.runAfter(0, internal.erase.deleteIdentityOf, { userId });
      await ctx.scheduler.runAfter(RETRY_MS, internal.erase.step, { userId });
    } else {
      await finishAccount(ctx, user);
    }
    return null;
  },
});

/** Deletes the identity provider's user, after all else is gone; a failure is told and tried again by `step`. */
export const deleteIdentityOf = internalAction({
  args: { userId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, { userId }) => {
    const workosId = await ctx.runQuery(internal.erase.identityOf, { userId });
    if (workosId === null) return null;
    const problem = await deleteIdentity(workosId);
    await ctx.runMutation(internal.erase.identityTried, { userId, problem });
    return null;
  },
});

/** The identity provider's id of a user: not an argument of what is scheduled, because those are kept for a while. */
export const identityOf = internalQuery({
  args: { userId: v.id("users") },
  returns: v.union(v.string(), v.null()),
  handler: async (ctx, { userId }) => (await ctx.db.get("users", userId))?.workosId ?? null,
});

/** Ends the erasing of an account, or notes why it cannot end yet. */
export const identityTried = internalMutation({
  args: { userId: v.id("users"), problem: v.optional(v.string()) },
  returns: v.null(),
  handler: async (ctx, { userId, problem }) => {
    const user = await ctx.db.get("users", userId);
    if (user?.erasure === undefined) return null;
    if (problem === undefined) await finishAccount(ctx, user);
    else await ctx.db.patch("users", userId, { erasure: { ...user.erasure, problem } });
    return null;
  },
});
