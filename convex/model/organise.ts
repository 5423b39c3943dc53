/** What a person says of sessions: title, star, archive, tags, and what evaluations need. Captures change none of it. */
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { utf8Length } from "../utf8";
import { MAX_KEY_LENGTH, type EvalStatus } from "../validators";
import { refusal } from "./errors";

const MAX_TITLE_BYTES = 4 * 1024;
const MAX_TAGS = 50;
const MAX_TAG_LENGTH = 64;
const MAX_NOTES_BYTES = 64 * 1024;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Most sessions that one call may change. */
export const MAX_SESSIONS_PER_CALL = 100;

/** What can be changed of a session; an absent field stays, and an empty text or list is taken away. */
export type SessionChange = {
  title?: string;
  isStarred?: boolean;
  isArchived?: boolean;
  tags?: string[];
  isEvalReady?: boolean;
  evalStatus?: EvalStatus | null;
  evalNotes?: string;
  evalTags?: string[];
  expectedOutput?: string;
};

function invalid(problem: string): Error {
  return refusal("invalid-change", `Nothing was changed: ${problem}.`);
}

function checkText(name: string, text: string | undefined, most: number): void {
  if (text === undefined) return;
  if (LONE_SURROGATE.test(text)) {
    throw invalid(`the ${name} holds half a character (an unpaired surrogate)`);
  }
  if (utf8Length(text) > most) throw invalid(`the ${name} is larger than ${most} bytes`);
}

function cleanTags(tags: string[] | undefined): string[] | undefined {
  if (tags === undefined) return undefined;
  const clean = [...new Set(tags.map((tag) => tag.trim()).filter((tag) => tag !== ""))];
  if (clean.length > MAX_TAGS) throw invalid(`a session may have at most ${MAX_TAGS} tags`);
  for (const tag of clean) {
    checkText("tag", tag, MAX_TAG_LENGTH * 4);
    if (tag.length > MAX_TAG_LENGTH) {
      throw invalid(`a tag may have at most ${MAX_TAG_LENGTH} characters`);
    }
  }
  return clean;
}

/** The change with its tags in order. Throws `invalid-change` when a row could not hold it. */
export function checkChange(change: SessionChange): SessionChange {
  checkText("title", change.title, MAX_TITLE_BYTES);
  checkText("note", change.evalNotes, MAX_NOTES_BYTES);
  checkText("expected output", change.expectedOutput, MAX_NOTES_BYTES);
  if (change.title?.trim() === "") throw invalid("a title needs at least one character");
  return { ...change, tags: cleanTags(change.tags), evalTags: cleanTags(change.evalTags) };
}

const flag = (isSet: boolean) => isSet || undefined;
const list = (tags: string[]) => (tags.length > 0 ? tags : undefined);
const words = (text: string) => (text === "" ? undefined : text);

/** The change as fields of the row: what is off or empty is absent, so that an index tells it from what is on. */
function changedFields(change: SessionChange): Partial<Doc<"sessions">> {
  const { title, isStarred, isArchived, tags, isEvalReady } = change;
  const { evalStatus, evalNotes, evalTags, expectedOutput } = change;
  return {
    ...(title !== undefined && { title, isRenamed: true }),
    ...(isStarred !== undefined && { isStarred: flag(isStarred) }),
    ...(isArchived !== undefined && { isArchived: flag(isArchived) }),
    ...(tags !== undefined && { tags: list(tags) }),
    ...(isEvalReady !== undefined && { isEvalReady: flag(isEvalReady) }),
    ...(evalStatus !== undefined && { evalStatus: evalStatus ?? undefined }),
    ...(evalNotes !== undefined && { evalNotes: words(evalNotes) }),
    ...(evalTags !== undefined && { evalTags: list(evalTags) }),
    ...(expectedOutput !== undefined && { expectedOutput: words(expectedOutput) }),
  };
}

async function writeTags(
  ctx: MutationCtx,
  { userId, _id: sessionId }: Doc<"sessions">,
  tags: string[],
): Promise<void> {
  const rows = await ctx.db
    .query("sessionTags")
    .withIndex("by_user_session", (q) => q.eq("userId", userId).eq("sessionId", sessionId))
    .take(MAX_TAGS);
  for (const row of rows) {
    if (!tags.includes(row.tag)) await ctx.db.delete("sessionTags", row._id);
  }
  const known = new Set(rows.map(({ tag }) => tag));
  for (const tag of tags) {
    if (!known.has(tag)) await ctx.db.insert("sessionTags", { userId, sessionId, tag });
  }
}

/** Writes a checked change of one session; the order of the lists, which is by content, stays. */
export async function organise(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  change: SessionChange,
): Promise<void> {
  await ctx.db.patch("sessions", session._id, changedFields(change));
  if (change.tags !== undefined) await writeTags(ctx, session, change.tags);
}

/** Deletes the tag rows of a session that is going away. */
export async function eraseTags(ctx: MutationCtx, session: Doc<"sessions">): Promise<void> {
  if (session.tags !== undefined) await writeTags(ctx, session, []);
}

/** Whether the person said never to capture this session again. */
async function findBlock(ctx: MutationCtx, userId: Id<"users">, agent: string, key: string) {
  return await ctx.db
    .query("blockedSessions")
    .withIndex("by_user_agent_key", (q) => q.eq("userId", userId).eq("agent", agent).eq("key", key))
    .unique();
}

/** Refuses a session that the person never wants captured again. Throws `session-blocked`. */
export async function checkNotBlocked(
  ctx: MutationCtx,
  userId: Id<"users">,
  agent: string,
  key: string,
): Promise<void> {
  if ((await findBlock(ctx, userId, agent, key)) === null) return;
  throw refusal(
    "session-blocked",
    "Nothing was stored: you chose never to capture this session again. It can be allowed again among the blocked sessions.",
  );
}

/** Remembers, or forgets, that a session is never to be captured again. */
export async function setBlocked(
  ctx: MutationCtx,
  userId: Id<"users">,
  { agent, key, isBlocked }: { agent: string; key: string; isBlocked: boolean },
): Promise<void> {
  if (key === "" || key.length > MAX_KEY_LENGTH || agent === "" || agent.length > MAX_KEY_LENGTH) {
    throw invalid("the session's agent or key is empty or too long");
  }
  const block = await findBlock(ctx, userId, agent, key);
  if (isBlocked && block === null) await ctx.db.insert("blockedSessions", { userId, agent, key });
  if (!isBlocked && block !== null) await ctx.db.delete("blockedSessions", block._id);
}
