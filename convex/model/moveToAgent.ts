import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { count, type UsageChange, writeUsage } from "./usage";

/** Most messages that are moved: a client that names its agent later than this has lived with the assumed one. */
const MAX_MOVED = 50;

/** Gives a session whose agent was only assumed to the agent that is now known, unless it has grown too large for one mutation. */
export async function moveToAgent(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  agent: string,
): Promise<Doc<"sessions">> {
  if (session.messageCount > MAX_MOVED) return session;
  const usage: UsageChange = new Map();
  const moved = (counted: Doc<"sessions">["counted"]) => {
    count(usage, counted, -1);
    const now = counted && { ...counted, agent };
    count(usage, now, 1);
    return now;
  };
  const { userId, _id: sessionId } = session;
  const messages = await ctx.db
    .query("messages")
    .withIndex("by_user_session_position", (q) => q.eq("userId", userId).eq("sessionId", sessionId))
    .take(MAX_MOVED);
  for (const { _id, counted } of messages) {
    await ctx.db.patch("messages", _id, { agent, counted: moved(counted) });
  }
  const changes = { agent, counted: moved(session.counted), isAgentAssumed: undefined };
  await ctx.db.patch("sessions", sessionId, changes);
  await writeUsage(ctx, userId, usage);
  return { ...session, ...changes };
}
