/**
 * Writing what came over OpenSync's sync API. It is turned into readings and stored by `recordSession`, in the same sessions and
 * messages that the extension writes. What a call does not say stays as it is.
 */
import { omit, pick } from "convex-helpers";
import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { contentHash } from "../contentHash";
import {
  type Message,
  messageFields,
  vPart,
  vRecordResult,
  vRole,
  vSessionReading,
  vTokens,
} from "../validators";
import { refusal } from "./errors";
import { readStoredParts } from "./largeParts";
import { countWritten, type Load } from "./limits";
import { moveToAgent } from "./moveToAgent";
import { recordSession } from "./record";
import { findSession } from "./sessions";

/** Where sessions belong whose client names no source, as on OpenSync. */
const DEFAULT_AGENT = "opencode";

/** A session as a client sends it; `agent` is absent when the client names no source. */
export const vWireReading = v.object({
  ...omit(vSessionReading.fields, ["agent", "parentKey", "activeLeafKey", "updatedAt", "url"]),
  agent: v.optional(v.string()),
});

/** A message as a client sends it. Without `parts` and `upload` its content stays as it is. */
export const vWireMessage = v.object({
  key: v.string(),
  role: vRole,
  parts: v.optional(v.array(vPart)),
  /** The stored file with the parts, when they are too large for a call. */
  upload: v.optional(
    v.object({ storageId: v.id("_storage"), bytes: v.number(), preview: v.string() }),
  ),
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  tokens: v.optional(vTokens),
  durationMs: v.optional(v.number()),
  /** Unix ms. */
  createdAt: v.optional(v.number()),
});

/** What became of one message; `messageId` when it is stored. */
export const vWireResult = v.object({
  ...vRecordResult.fields,
  messageId: v.optional(v.id("messages")),
});

/** Fields that a message keeps when a client does not say them. */
const FIELDS = Object.keys(messageFields) as (keyof typeof messageFields)[];

type WireReading = Infer<typeof vWireReading>;
type WireMessage = Infer<typeof vWireMessage>;

async function byKey(
  ctx: MutationCtx,
  userId: Id<"users">,
  key: string,
): Promise<Doc<"sessions"> | null> {
  return await ctx.db
    .query("sessions")
    .withIndex("by_user_key", (q) => q.eq("userId", userId).eq("key", key))
    .first();
}

/**
 * Finds the stored session that a client means: OpenSync knows sessions by the client's id alone, so a client that names no source
 * means whichever has that id, and the first that names one settles it for a session that had to be made without.
 */
async function target(
  ctx: MutationCtx,
  userId: Id<"users">,
  { agent, key }: WireReading,
): Promise<{ agent: string; stored: Doc<"sessions"> | null }> {
  const exact = agent === undefined ? null : await findSession(ctx, userId, agent, key);
  if (exact !== null) return { agent: exact.agent, stored: exact };
  const other = await byKey(ctx, userId, key);
  if (agent === undefined) return { agent: other?.agent ?? DEFAULT_AGENT, stored: other };
  if (!other?.isAgentAssumed) return { agent, stored: null };
  const stored = await moveToAgent(ctx, other, agent);
  return { agent: stored.agent, stored };
}

async function storedMessage(
  ctx: MutationCtx,
  session: Doc<"sessions"> | null,
  key: string,
): Promise<Doc<"messages"> | null> {
  if (session === null) return null;
  const { userId, _id: sessionId } = session;
  return await ctx.db
    .query("messages")
    .withIndex("by_user_session_key", (q) =>
      q.eq("userId", userId).eq("sessionId", sessionId).eq("key", key),
    )
    .unique();
}

/** Position among the session's messages: by time, unless the message already has a place that a reader gave it. */
function positionOf(stored: Doc<"messages"> | null, createdAt: number): number {
  return stored === null || stored.position === stored.createdAt ? createdAt : stored.position;
}

/** The message as it will be: what is stored, with what the client says over it. */
async function merged(
  ctx: MutationCtx,
  stored: Doc<"messages"> | null,
  sent: WireMessage,
  now: number,
): Promise<Message> {
  const { durationMs, tokens, parts, upload, ...said } = sent;
  const createdAt = said.createdAt ?? stored?.createdAt ?? now;
  const isSilent = parts === undefined && upload === undefined;
  const content =
    isSilent && stored !== null
      ? await readStoredParts(ctx, stored)
      : { parts: parts ?? [], ...(upload && { upload }) };
  const fields = {
    ...(stored && pick(stored, FIELDS)),
    ...said,
    ...(tokens && { tokens: { ...stored?.tokens, ...tokens } }),
    ...(durationMs !== undefined && { completedAt: createdAt + durationMs }),
    createdAt,
    position: positionOf(stored, createdAt),
    state: "final" as const,
  };
  const file = content.upload && (await ctx.db.system.get("_storage", content.upload.storageId));
  const sameFile = file && { error: { name: "file", message: file.sha256 } };
  const hash = await contentHash({ ...fields, ...sameFile, parts: content.parts });
  return { ...fields, ...content, hash };
}

function earliest(times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/**
 * Stores a session's header and messages as `recordSession` does, and counts them for the limiter unless `load` is zero because
 * the caller already did. The session is as old as its oldest message, whatever came first.
 */
export async function recordWire(
  ctx: MutationCtx,
  userId: Id<"users">,
  reading: WireReading,
  sent: WireMessage[],
  load: Load,
): Promise<{ sessionId: Id<"sessions">; results: Infer<typeof vWireResult>[] }> {
  const user = await ctx.db.get("users", userId);
  if (user === null) throw refusal("user-missing", "This account is not there any more.");
  if (load.messages > 0 || load.bytes > 0) await countWritten(ctx, userId, load);
  const { agent, stored } = await target(ctx, userId, reading);
  const now = Date.now();
  const messages: Message[] = [];
  const ids = new Map<string, Id<"messages">>();
  for (const message of sent) {
    const before = await storedMessage(ctx, stored, message.key);
    if (before !== null) ids.set(message.key, before._id);
    messages.push(await merged(ctx, before, message, now));
  }
  const createdAt = earliest([
    ...[reading.createdAt, stored?.siteCreatedAt],
    ...messages.map((message) => message.createdAt),
  ]);
  const header = { ...reading, agent, ...(createdAt !== undefined && { createdAt }) };
  const { sessionId, results } = await recordSession(ctx, user, header, messages);
  if (stored === null && reading.agent === undefined) {
    await ctx.db.patch("sessions", sessionId, { isAgentAssumed: true });
  }
  const session = await ctx.db.get("sessions", sessionId);
  const answers = results.map(async (result) => {
    const isStored = result.outcome !== "refused";
    const messageId = ids.get(result.key) ?? (await storedMessage(ctx, session, result.key))?._id;
    return { ...result, ...(isStored && { messageId }) };
  });
  return { sessionId, results: await Promise.all(answers) };
}
