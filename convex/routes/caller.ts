import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { isKeyText, keyHash } from "../model/keyText";
import type { KeyScope } from "../validators";
import { Problem } from "./problem";

/** Who calls. `scopes` is everything for a person who is signed in. */
export type Caller = {
  userId: Id<"users">;
  keyId?: Id<"apiKeys">;
  scopes: KeyScope[];
  isTouchDue: boolean;
};

async function keyCaller(ctx: ActionCtx, key: string): Promise<Caller> {
  if (!isKeyText(key)) throw new Problem(401, "Invalid API key format");
  const caller = await ctx.runQuery(internal.callers.byKey, { hash: await keyHash(key) });
  if (caller === null) throw new Problem(401, "Invalid API key");
  return caller;
}

async function tokenCaller(ctx: ActionCtx): Promise<Caller> {
  const identity = await ctx.auth.getUserIdentity().catch(() => null);
  if (identity === null) throw new Problem(401, "Invalid or expired token");
  const userId =
    (await ctx.runQuery(internal.callers.byToken, {})) ??
    (await ctx.runMutation(internal.callers.provision, {}));
  if (userId === null) throw new Problem(401, "Invalid or expired token");
  return { userId, scopes: ["read", "write"], isTouchDue: false };
}

/** The caller of a request, by API key or by the token of a sign-in. Throws 401, and 403 when the key may not do that. */
export async function callerOf(ctx: ActionCtx, request: Request, scope: KeyScope): Promise<Caller> {
  const [scheme, credential = ""] = (request.headers.get("Authorization") ?? "")
    .trim()
    .split(/\s+/);
  if (scheme?.toLowerCase() !== "bearer" || credential === "") {
    throw new Problem(401, "Missing Authorization header");
  }
  const caller = credential.startsWith("osk_")
    ? await keyCaller(ctx, credential)
    : await tokenCaller(ctx);
  if (caller.scopes.includes(scope)) return caller;
  throw new Problem(
    403,
    `This API key may not ${scope}. Make one that may, in the settings of OpenSync Companion.`,
  );
}
