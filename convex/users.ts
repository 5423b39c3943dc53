import { v } from "convex/values";
import { signedInMutation, userMutation, userQuery } from "./functions";
import {
  profileFields,
  provisionUser,
  setEnabledAgents as saveAgents,
  userView,
  vUser,
} from "./model/users";

/** The signed-in user, or null: nobody is signed in, or `users.getOrCreate` has not run yet. */
export const me = userQuery({
  args: {},
  returns: v.union(vUser, v.null()),
  handler: async (ctx) => ctx.user && userView(ctx.user),
});

/**
 * Call after every sign-in, with the AuthKit profile. Creates the user at the first one; later updates what changed. A field that
 * is absent, empty or longer than 2,048 characters leaves the stored one alone, and an e-mail in the token wins over the argument.
 * An account that was erased stays so (`account-erased`) until a call says `isRestart`, which only a person may decide: a device
 * that was away must not bring it back. Throws `unauthenticated`, `account-erased`.
 */
export const getOrCreate = signedInMutation({
  args: { ...profileFields, isRestart: v.optional(v.boolean()) },
  returns: vUser,
  handler: async (ctx, { isRestart, ...profile }) =>
    userView(await provisionUser(ctx, ctx.identity, profile, isRestart)),
});

/**
 * Replaces the list of agents that are switched on: at most 100 ids of `a-z`, `0-9` and hyphens, each at most 64 characters;
 * repeated ones count once. Throws `unauthenticated`, `user-missing`, `invalid-agents`.
 */
export const setEnabledAgents = userMutation({
  args: { enabledAgents: v.array(v.string()) },
  returns: v.null(),
  handler: async (ctx, { enabledAgents }) => {
    await saveAgents(ctx, ctx.user, enabledAgents);
    return null;
  },
});
