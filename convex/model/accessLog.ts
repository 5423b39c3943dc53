import { type Infer, v } from "convex/values";
import type { MutationCtx } from "../_generated/server";
import { countRead } from "./limits";
import { touchKey } from "./keys";

/** How long the log remembers a request. */
export const LOG_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/** Rows deleted in one mutation. */
const ROWS_PER_PASS = 500;

/** What is kept of a request: never its parameters, its body or its answer. */
export const vRequest = v.object({
  userId: v.id("users"),
  keyId: v.optional(v.id("apiKeys")),
  method: v.string(),
  /** The route, without parameters. */
  path: v.string(),
  status: v.number(),
  durationMs: v.number(),
});

/** What comes after an answer: a line in the log, the answer's size for the limiter, and the time of the key's last use. */
export async function finishRequest(
  ctx: MutationCtx,
  request: Infer<typeof vRequest>,
  { bytesRead, isTouchDue }: { bytesRead: number; isTouchDue: boolean },
): Promise<void> {
  const user = await ctx.db.get("users", request.userId);
  // What is being erased must not grow new rows.
  if (user === null || user.erasure !== undefined) return;
  await ctx.db.insert("accessLogs", request);
  await countRead(ctx, request.userId, bytesRead);
  if (isTouchDue && request.keyId !== undefined) await touchKey(ctx, request.keyId);
}

/** Deletes a portion of the rows that are older than the log's lifetime and tells whether there may be more. */
export async function forgetOldRequests(ctx: MutationCtx): Promise<boolean> {
  const rows = await ctx.db
    .query("accessLogs")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - LOG_LIFETIME_MS))
    .take(ROWS_PER_PASS);
  for (const row of rows) await ctx.db.delete("accessLogs", row._id);
  return rows.length === ROWS_PER_PASS;
}
