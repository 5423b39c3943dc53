/** Sessions and messages as OpenSync's API names their fields. */
import { omit } from "convex-helpers";
import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { vLarge } from "../schema";
import { vPart, vRole } from "../validators";
import { type SessionHit, vSessionHit } from "./sessionSearch";
import { sessionUsage } from "./usage";

/** A session as the API shows it. */
export const vSessionRow = v.object({
  id: v.id("sessions"),
  externalId: v.string(),
  /** The agent. */
  source: v.string(),
  title: v.optional(v.string()),
  url: v.optional(v.string()),
  projectPath: v.optional(v.string()),
  projectName: v.optional(v.string()),
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  /** The session's own counts, or those of its messages where the client sends only these. */
  promptTokens: v.number(),
  completionTokens: v.number(),
  totalTokens: v.number(),
  /** US dollars. */
  cost: v.number(),
  durationMs: v.optional(v.number()),
  isPublic: v.boolean(),
  messageCount: v.number(),
  /** Unix ms. */
  createdAt: v.number(),
  /** Unix ms. */
  updatedAt: v.number(),
});

/** A session that was found, with where its title and its best message have the words. */
export const vFoundSession = v.object({
  ...vSessionRow.fields,
  ...omit(vSessionHit.fields, ["session"]),
});

/** A message as the API shows it, but for its parts. */
export const messageRowFields = {
  id: v.id("messages"),
  externalId: v.string(),
  role: vRole,
  model: v.optional(v.string()),
  promptTokens: v.optional(v.number()),
  completionTokens: v.optional(v.number()),
  durationMs: v.optional(v.number()),
  /** Unix ms. */
  createdAt: v.number(),
};

/** A message with its parts as stored; `large` tells where they are when they are not in it, `preview` how its text begins. */
export const vMessageRow = v.object({
  ...messageRowFields,
  parts: v.array(vPart),
  large: v.optional(vLarge),
  preview: v.optional(v.string()),
});

/** The user's session with this id; null when the text is no id of a session, or it is another's. */
export async function ownRow(
  ctx: QueryCtx,
  userId: Id<"users">,
  id: string,
): Promise<Doc<"sessions"> | null> {
  const sessionId = ctx.db.normalizeId("sessions", id);
  const session = sessionId && (await ctx.db.get("sessions", sessionId));
  return session?.userId === userId ? session : null;
}

async function isShared(ctx: QueryCtx, { userId, _id }: Doc<"sessions">): Promise<boolean> {
  const share = await ctx.db
    .query("shares")
    .withIndex("by_user_session", (q) => q.eq("userId", userId).eq("sessionId", _id))
    .first();
  return share !== null;
}

/** The session as the API shows it. */
export async function sessionRow(
  ctx: QueryCtx,
  session: Doc<"sessions">,
): Promise<Infer<typeof vSessionRow>> {
  const { input = 0, output = 0, cost: billionths = 0 } = sessionUsage(session);
  const cost = session.cost || billionths / 1e9;
  const { _id: id, key, agent, title, url, projectPath, projectName, model, provider } = session;
  return {
    ...{
      id,
      externalId: key,
      source: agent,
      title,
      url,
      projectPath,
      projectName,
      model,
      provider,
    },
    ...{ promptTokens: input, completionTokens: output, totalTokens: input + output, cost },
    durationMs: session.durationMs,
    isPublic: await isShared(ctx, session),
    messageCount: session.messageCount,
    createdAt: session.siteCreatedAt ?? session._creationTime,
    updatedAt: session.updatedAt,
  };
}

/** The found session as the API shows it. */
export async function foundSession(
  ctx: QueryCtx,
  { session, ...hit }: SessionHit,
): Promise<Infer<typeof vFoundSession>> {
  const row = (await ctx.db.get("sessions", session.id)) as Doc<"sessions">;
  return { ...(await sessionRow(ctx, row)), ...hit };
}

/** The message as the API shows it. */
export function messageRow(message: Doc<"messages">): Infer<typeof vMessageRow> {
  const { _id: id, key, role, model, tokens, createdAt, completedAt, parts, large, text } = message;
  return {
    ...{ id, externalId: key, role, model, parts },
    promptTokens: tokens?.input,
    completionTokens: tokens?.output,
    durationMs:
      createdAt !== undefined && completedAt !== undefined ? completedAt - createdAt : undefined,
    createdAt: createdAt ?? message._creationTime,
    ...(large && { large, preview: text }),
  };
}
