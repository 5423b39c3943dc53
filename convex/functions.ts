/**
 * The only builders of public functions. They find the signed-in user by the token and hand the row over as `ctx.user`, so no
 * public function takes a user from its arguments. Internal functions use the generated internal builders.
 */
import {
  customAction,
  customCtx,
  customMutation,
  customQuery,
} from "convex-helpers/server/customFunctions";
import { internal } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import { action, mutation, query } from "./_generated/server";
import { refusal } from "./model/errors";
import { checkNotErasing } from "./model/mayStore";
import { findUser } from "./model/users";

const signedOut = () =>
  refusal(
    "unauthenticated",
    "You are signed out, so nothing was written. Sign in and try again; what waits in the browser stays there.",
  );

/** The refusal of somebody whose user row does not exist yet. */
export const userMissing = () =>
  refusal(
    "user-missing",
    "You are signed in, but the archive does not know you yet, so nothing was written. Sign out and in again.",
  );

/**
 * A query on the signed-in user's rows. `ctx.user` is null for nobody and before the user exists: the query then answers null or
 * an empty page and never throws, because signing out re-runs every live query as nobody.
 */
export const userQuery = customQuery(
  query,
  customCtx(async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    return { user: identity && (await findUser(ctx, identity)) };
  }),
);

/**
 * A mutation on the signed-in user's rows. Refuses nobody (`unauthenticated`), an unknown user (`user-missing`), and everybody whose
 * data is being erased (`erasing`).
 */
export const userMutation = customMutation(
  mutation,
  customCtx(async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) throw signedOut();
    const user = await findUser(ctx, identity);
    if (user !== null) {
      checkNotErasing(user);
      return { user };
    }
    throw userMissing();
  }),
);

/** A mutation for somebody who is signed in but may not have a user row yet. Refuses nobody (`unauthenticated`). */
export const signedInMutation = customMutation(
  mutation,
  customCtx(async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) throw signedOut();
    return { identity };
  }),
);

/** An action for the signed-in user. `ctx.userId` is null for nobody and before the user exists: the action then answers with nothing. */
export const userAction = customAction(
  action,
  customCtx(async (ctx): Promise<{ userId: Id<"users"> | null }> => {
    return { userId: await ctx.runQuery(internal.callers.byToken, {}) };
  }),
);
