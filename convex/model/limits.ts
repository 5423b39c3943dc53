import { checkRateLimit, isRateLimitError, rateLimit } from "convex-helpers/server/rateLimit";
import type { Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";

const MINUTE = 60 * 1000;
const MIB = 1024 * 1024;

/** What one user may do over HTTP: the work that a call makes is counted, not the calls. Unused allowance piles up to `capacity`. */
export const limits = {
  messagesWritten: { kind: "token bucket", rate: 6_000, period: MINUTE, capacity: 30_000 },
  bytesWritten: { kind: "token bucket", rate: 64 * MIB, period: MINUTE, capacity: 256 * MIB },
  bytesRead: { kind: "token bucket", rate: 128 * MIB, period: MINUTE, capacity: 512 * MIB },
  searchesByMeaning: { kind: "token bucket", rate: 60, period: MINUTE, capacity: 120 },
} as const;

/** What a call writes. */
export type Load = { messages: number; bytes: number };

/** Counts what a call writes. Throws the limiter's error when it is too much for now; then the whole mutation is undone. */
export async function countWritten(
  ctx: MutationCtx,
  userId: Id<"users">,
  load: Load,
): Promise<void> {
  const shared = { key: userId, throws: true };
  const { messagesWritten, bytesWritten } = limits;
  await rateLimit(ctx, {
    ...{ ...shared, name: "messagesWritten", count: load.messages, config: messagesWritten },
  });
  await rateLimit(ctx, {
    ...{ ...shared, name: "bytesWritten", count: load.bytes, config: bytesWritten },
  });
}

/** Refuses a call while the user has read too much; its own answer is counted when its size is known (`countRead`). */
export async function checkRead(ctx: QueryCtx, userId: Id<"users">): Promise<void> {
  const config = limits.bytesRead;
  await checkRateLimit(ctx, { name: "bytesRead", key: userId, count: 1, throws: true, config });
}

/** Counts an answer that was given: a large one is paid for afterwards, by waiting. */
export async function countRead(
  ctx: MutationCtx,
  userId: Id<"users">,
  bytes: number,
): Promise<void> {
  if (bytes === 0) return;
  const count = Math.min(bytes, limits.bytesRead.capacity);
  await rateLimit(ctx, {
    ...{ name: "bytesRead", key: userId, count, reserve: true, config: limits.bytesRead },
  });
}

/** Counts a question to the embedding provider, which costs the deployment money; false when it is too many for now. */
export async function countByMeaning(ctx: MutationCtx, userId: Id<"users">): Promise<boolean> {
  const config = limits.searchesByMeaning;
  return (await rateLimit(ctx, { name: "searchesByMeaning", key: userId, config })).ok;
}

/** Seconds until a refused call may come again; undefined when the error is not the limiter's. */
export function retryAfter(error: unknown): number | undefined {
  if (!isRateLimitError(error)) return undefined;
  return Math.max(1, Math.ceil((error.data.retryAt - Date.now()) / 1000));
}

/** Forgets what was counted of a user. */
export async function eraseLimits(ctx: MutationCtx, userId: Id<"users">): Promise<void> {
  for (const name of Object.keys(limits)) {
    const bucket = await ctx.db
      .query("rateLimits")
      .withIndex("name", (q) => q.eq("name", name).eq("key", userId))
      .unique();
    if (bucket !== null) await ctx.db.delete("rateLimits", bucket._id);
  }
}
