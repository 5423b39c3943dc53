/** Who calls, what is counted of it, and what is kept. Internal: actions are the only callers. */
import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalMutation, internalQuery } from "./_generated/server";
import { finishRequest, forgetOldRequests, vRequest } from "./model/accessLog";
import { findKey, isTouchDue } from "./model/keys";
import { checkRead, countByMeaning } from "./model/limits";
import { findUser, provisionUser } from "./model/users";
import { vKeyScope } from "./validators";

/** The user behind a key, and what the key may do; null when it is not a usable key. Only the key's hash comes here. */
export const byKey = internalQuery({
  args: { hash: v.string() },
  returns: v.union(
    v.null(),
    v.object({
      userId: v.id("users"),
      keyId: v.id("apiKeys"),
      scopes: v.array(vKeyScope),
      isTouchDue: v.boolean(),
    }),
  ),
  handler: async (ctx, { hash }) => {
    const key = await findKey(ctx, hash);
    if (key === null || (await ctx.db.get("users", key.userId)) === null) return null;
    const { _id: keyId, userId, scopes } = key;
    return { userId, keyId, scopes, isTouchDue: isTouchDue(key) };
  },
});

/** The user behind the token of the call; null when there is no user yet. */
export const byToken = internalQuery({
  args: {},
  returns: v.union(v.id("users"), v.null()),
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    const user = identity && (await findUser(ctx, identity));
    return user && user._id;
  },
});

/** Creates the user behind the token of the call, as the first sign-in does; null when there is no token. */
export const provision = internalMutation({
  args: {},
  returns: v.union(v.id("users"), v.null()),
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    return identity && (await provisionUser(ctx, identity, {}))._id;
  },
});

/** Throws the limiter's error while the user has read too much. */
export const mayRead = internalQuery({
  args: { userId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, { userId }) => {
    await checkRead(ctx, userId);
    return null;
  },
});

/** Counts a search by meaning; false when it is too many for now. */
export const maySearchByMeaning = internalMutation({
  args: { userId: v.id("users") },
  returns: v.boolean(),
  handler: async (ctx, { userId }) => await countByMeaning(ctx, userId),
});

/** What comes after an answer. */
export const finish = internalMutation({
  args: { request: vRequest, bytesRead: v.number(), isTouchDue: v.boolean() },
  returns: v.null(),
  handler: async (ctx, { request, ...answer }) => {
    await finishRequest(ctx, request, answer);
    return null;
  },
});

/** Deletes what the access log need not remember any more, a portion at a time. */
export const forget = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    if (await forgetOldRequests(ctx)) await ctx.scheduler.runAfter(0, internal.callers.forget, {});
    return null;
  },
});
