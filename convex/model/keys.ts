import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { type KeyScope, vKeyScope } from "../validators";
import { refusal } from "./errors";
import { keyHash, makeKey } from "./keyText";

/** Most keys of one user. */
export const MAX_KEYS = 50;

const MAX_NAME_LENGTH = 100;

/** `lastUsedAt` is written at most this often: a write at every call would make calls of one key wait for each other. */
export const LAST_USED_EVERY_MS = 10 * 60 * 1000;

/** A key as its owner sees it: everything but the key. */
export const vKey = v.object({
  id: v.id("apiKeys"),
  name: v.string(),
  /** How the key begins. */
  prefix: v.string(),
  lastFour: v.string(),
  scopes: v.array(vKeyScope),
  /** Unix ms. */
  createdAt: v.number(),
  /** Unix ms; absent: never. */
  expiresAt: v.optional(v.number()),
  /** Unix ms, at most 10 minutes behind; absent: never used. */
  lastUsedAt: v.optional(v.number()),
});

/** What a person says of a new key. */
export const newKeyFields = {
  name: v.string(),
  scopes: v.array(vKeyScope),
  /** Unix ms, in the future. */
  expiresAt: v.optional(v.number()),
};

type NewKey = { name: string; scopes: KeyScope[]; expiresAt?: number };

/** The row as its owner sees it. */
export function keyView(row: Doc<"apiKeys">): Infer<typeof vKey> {
  const { _id, name, prefix, lastFour, scopes, createdAt, expiresAt, lastUsedAt } = row;
  return { id: _id, name, prefix, lastFour, scopes, createdAt, expiresAt, lastUsedAt };
}

function keyProblem({ name, scopes, expiresAt }: NewKey, now: number): string | undefined {
  if (name.trim() === "" || name.length > MAX_NAME_LENGTH) {
    return `it needs a name of at most ${MAX_NAME_LENGTH} characters`;
  }
  if (scopes.length === 0) return "it has to be allowed to read, to write, or both";
  if (expiresAt !== undefined && !(expiresAt > now && Number.isFinite(expiresAt))) {
    return "the day on which it ends is not in the future";
  }
  return undefined;
}

/** Makes a key. The answer is the only place where the key itself ever is. Throws `invalid-key`, `too-many-keys`. */
export async function createKey(
  ctx: MutationCtx,
  user: Doc<"users">,
  asked: NewKey,
): Promise<Infer<typeof vKey> & { key: string }> {
  const problem = keyProblem(asked, Date.now());
  if (problem !== undefined) throw refusal("invalid-key", `No key was made: ${problem}.`);
  if ((await listKeys(ctx, user._id)).length >= MAX_KEYS) {
    throw refusal(
      "too-many-keys",
      `No key was made: there are ${MAX_KEYS} already. Revoke one that is not used any more.`,
    );
  }
  const { key, prefix, lastFour } = makeKey();
  const id = await ctx.db.insert("apiKeys", {
    ...{ userId: user._id, hash: await keyHash(key), prefix, lastFour, createdAt: Date.now() },
    ...{ ...asked, name: asked.name.trim(), scopes: [...new Set(asked.scopes)] },
  });
  return { ...keyView((await ctx.db.get("apiKeys", id)) as Doc<"apiKeys">), key };
}

/** The user's keys, the oldest first. */
export async function listKeys(ctx: QueryCtx, userId: Id<"users">): Promise<Doc<"apiKeys">[]> {
  return await ctx.db
    .query("apiKeys")
    .withIndex("by_user", (q) => q.eq("userId", userId))
    .take(MAX_KEYS);
}

/** Ends a key at once. Does nothing when there is none, or it is another's. */
export async function revokeKey(
  ctx: MutationCtx,
  userId: Id<"users">,
  keyId: Id<"apiKeys">,
): Promise<void> {
  const row = await ctx.db.get("apiKeys", keyId);
  if (row?.userId === userId) await ctx.db.delete("apiKeys", keyId);
}

/** The row of a key that can be used now, or null: never made, revoked or expired. */
export async function findKey(ctx: QueryCtx, hash: string): Promise<Doc<"apiKeys"> | null> {
  const row = await ctx.db
    .query("apiKeys")
    .withIndex("by_hash", (q) => q.eq("hash", hash))
    .unique();
  return row !== null && (row.expiresAt ?? Infinity) > Date.now() ? row : null;
}

/** Whether the time of the last use has to be written again. */
export function isTouchDue({ lastUsedAt }: Doc<"apiKeys">): boolean {
  return Date.now() - (lastUsedAt ?? 0) >= LAST_USED_EVERY_MS;
}

/** Writes when the key was last used, unless a call beside this one just did. */
export async function touchKey(ctx: MutationCtx, keyId: Id<"apiKeys">): Promise<void> {
  const row = await ctx.db.get("apiKeys", keyId);
  if (row !== null && isTouchDue(row)) {
    await ctx.db.patch("apiKeys", keyId, { lastUsedAt: Date.now() });
  }
}
