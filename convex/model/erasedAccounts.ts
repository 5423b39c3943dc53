/** Remembering that an account was erased, without remembering whose it was. */
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { refusal } from "./errors";

async function accountHash(workosId: string, issuer: string): Promise<string> {
  const account = new TextEncoder().encode(JSON.stringify([issuer, workosId]));
  const digest = await crypto.subtle.digest("SHA-256", account);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The account's tombstone, or null. */
export async function findErased(ctx: QueryCtx, workosId: string, issuer: string) {
  const hash = await accountHash(workosId, issuer);
  return await ctx.db
    .query("erasedAccounts")
    .withIndex("by_hash", (q) => q.eq("hash", hash))
    .unique();
}

/** Lets a new account begin; an erased one only when the person says so. Throws `account-erased`. */
export async function checkNotErased(
  ctx: MutationCtx,
  workosId: string,
  issuer: string,
  isRestart: boolean,
): Promise<void> {
  const tombstone = await findErased(ctx, workosId, issuer);
  if (tombstone === null) return;
  if (isRestart) return await ctx.db.delete("erasedAccounts", tombstone._id);
  throw refusal(
    "account-erased",
    "Your account was erased, so nothing was written. What waits on this device was not sent. You can begin anew in the settings.",
  );
}

/** Puts the tombstone. */
export async function rememberErased(
  ctx: MutationCtx,
  workosId: string,
  issuer: string,
): Promise<void> {
  if ((await findErased(ctx, workosId, issuer)) !== null) return;
  const hash = await accountHash(workosId, issuer);
  await ctx.db.insert("erasedAccounts", { hash, erasedAt: Date.now() });
}
