import { omit } from "convex-helpers";
import { compareValues, type Infer, v, type Value } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { sessionFields } from "../schema";
import { usageView, vUsage } from "./stats";
import { sessionUsage } from "./usage";
import { cutUtf8 } from "../utf8";
import type { SessionReading } from "../validators";

/** Some sites use the whole first prompt as the title; the list needs its beginning only. */
const MAX_TITLE_BYTES = 4 * 1024;

/** A session's header as clients see it: the stored fields and its id, no message text. */
export const vSession = v.object({
  id: v.id("sessions"),
  ...sessionFields,
  /** What it comes to: its own figures, else those of its messages, else estimates. */
  usage: vUsage,
});

/** What a capture says of a session. */
type Header = Pick<
  Doc<"sessions">,
  Exclude<keyof SessionReading, "createdAt" | "updatedAt"> | "siteCreatedAt" | "siteUpdatedAt"
>;

/** Fields of a session's row that clients do not see. */
const INTERNAL = ["_id", "_creationTime", "userId", "isAgentAssumed", "totals", "counted"] as const;

/** The row as clients see it. */
export function sessionView(session: Doc<"sessions">): Infer<typeof vSession> {
  const usage = usageView(sessionUsage(session));
  return { id: session._id, ...omit(session, [...INTERNAL]), usage };
}

/** The user's session, or null: there is none, or it is another's. */
export async function ownSession(
  ctx: QueryCtx,
  user: Doc<"users"> | null,
  sessionId: Id<"sessions">,
): Promise<Doc<"sessions"> | null> {
  if (user === null) return null;
  const session = await ctx.db.get("sessions", sessionId);
  return session?.userId === user._id ? session : null;
}

/** The user's session of an agent by the site's own id. */
export async function findSession(
  ctx: QueryCtx,
  userId: Id<"users">,
  agent: string,
  key: string,
): Promise<Doc<"sessions"> | null> {
  return await ctx.db
    .query("sessions")
    .withIndex("by_user_agent_key", (q) => q.eq("userId", userId).eq("agent", agent).eq("key", key))
    .unique();
}

/** The reading as row fields, without what it does not say. */
function knownFields(reading: SessionReading): Header {
  const { createdAt, updatedAt, title, ...fields } = reading;
  const header = {
    ...fields,
    title: title === undefined ? undefined : cutUtf8(title, MAX_TITLE_BYTES),
    siteCreatedAt: createdAt,
    siteUpdatedAt: updatedAt,
  };
  const known = Object.entries(header).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as Header;
}

/** The session that a reading is of, created when it is new. */
export async function openSession(
  ctx: MutationCtx,
  userId: Id<"users">,
  reading: SessionReading,
): Promise<Doc<"sessions">> {
  const session = await findSession(ctx, userId, reading.agent, reading.key);
  if (session !== null) return session;
  const id = await ctx.db.insert("sessions", {
    ...knownFields(reading),
    userId,
    updatedAt: Date.now(),
    messageCount: 0,
  });
  return (await ctx.db.get("sessions", id)) as Doc<"sessions">;
}

/**
 * The header fields that a reading changes. What it does not say, down to single token counts, stays as it is, and so does a title
 * that is the person's own.
 */
export function headerChanges(session: Doc<"sessions">, reading: SessionReading): Partial<Header> {
  const { title, ...rest } = knownFields(reading);
  const known = session.isRenamed || title === undefined ? rest : { ...rest, title };
  const tokens = known.tokens && { ...session.tokens, ...known.tokens };
  const merged = Object.entries(tokens === undefined ? known : { ...known, tokens });
  const changed = merged.filter(([field, value]) => {
    const stored = session[field as keyof Header] as Value | undefined;
    return compareValues(stored, value as Value) !== 0;
  });
  return Object.fromEntries(changed) as Partial<Header>;
}
