import { v } from "convex/values";
import { userMutation, userQuery } from "./functions";
import { createKey, keyView, listKeys, newKeyFields, revokeKey, vKey } from "./model/keys";

/**
 * Makes an API key for the HTTP API and for MCP. `key` is in this answer and nowhere else: only its SHA-256 is kept, so it can never
 * be shown again. Throws `unauthenticated`, `user-missing`, `invalid-key`, `too-many-keys`.
 */
export const create = userMutation({
  args: newKeyFields,
  returns: v.object({ ...vKey.fields, key: v.string() }),
  handler: async (ctx, asked) => await createKey(ctx, ctx.user, asked),
});

/** The caller's keys, the oldest first, without the keys themselves. To nobody: none. */
export const list = userQuery({
  args: {},
  returns: v.array(vKey),
  handler: async (ctx) => (ctx.user ? (await listKeys(ctx, ctx.user._id)).map(keyView) : []),
});

/**
 * Ends a key at once: the next call with it gets 401. Does nothing when there is no such key or it is another's.
 * Throws `unauthenticated`, `user-missing`.
 */
export const revoke = userMutation({
  args: { keyId: v.id("apiKeys") },
  returns: v.null(),
  handler: async (ctx, { keyId }) => {
    await revokeKey(ctx, ctx.user._id, keyId);
    return null;
  },
});
