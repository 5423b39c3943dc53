/**
 * Storing what the readers saw. The guarantee: whatever the order, the number and the grouping of calls, a message is stored once
 * per session and key; equal content writes nothing; a `final` version is never replaced by a `partial` one. No clock decides.
 */
import { omit } from "convex-helpers";
import { getConvexSize } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import type { Message, RecordResult, SessionReading } from "../validators";
import { checkBatch, checkSession, messageProblem, sized, type SizedMessage } from "./check";
import {
  dropUnusedUpload,
  type Owner,
  placeParts,
  releaseParts,
  uploadProblem,
} from "./largeParts";
import { refusal } from "./errors";
import { checkMayStore, lateProblem } from "./mayStore";
import { type Amounts, sum } from "./amounts";
import { textsChanged } from "./embeddings";
import { headerChanges, openSession } from "./sessions";
import { count, messageUsage, sessionCounted, type UsageChange, writeUsage } from "./usage";

/** What has to be known of a stored message to decide about a newer version of it. */
type StoredMessage = Pick<
  Doc<"messages">,
  "_id" | "hash" | "state" | "large" | "text" | "counted"
> & {
  /** Bytes of the row. */
  size: number;
};

/** Convex lets a mutation read 16 MiB, and replacing or deleting a row reads it too; a part is left for all the small rows. */
const MAX_READ_BYTES = 14 * 1024 * 1024;

/** One call's work on one session. `stored` is read once and kept up to date: a key may come twice in one call. */
type Batch = {
  owner: Owner;
  stored: Map<string, StoredMessage>;
  /** Bytes of the message rows and chunks read so far. */
  bytesRead: number;
  added: number;
  written: number;
  agent: string;
  model: string | undefined;
  /** What the session's messages are counted with. */
  totals: Amounts;
  usage: UsageChange;
  /** Messages whose text is new or another. */
  changedTexts: Set<Id<"messages">>;
};

/** What to do with a message, given what is stored under its key. */
export function decide(
  stored: Pick<StoredMessage, "hash" | "state"> | undefined,
  message: Pick<Message, "hash" | "state">,
): "stored" | "same" | "older" {
  if (stored === undefined) return "stored";
  if (stored.hash === message.hash) return "same";
  return stored.state === "final" && message.state === "partial" ? "older" : "stored";
}

async function readStored(
  ctx: MutationCtx,
  { userId, sessionId }: Owner,
  keys: Set<string>,
): Promise<Map<string, StoredMessage>> {
  const rows = await Promise.all(
    [...keys].map((key) =>
      ctx.db
        .query("messages")
        .withIndex("by_user_session_key", (q) =>
          q.eq("userId", userId).eq("sessionId", sessionId).eq("key", key),
        )
        .unique(),
    ),
  );
  return new Map(
    rows
      .filter((row) => row !== null)
      .map((row) => [row.key, { ...row, size: getConvexSize(row) }]),
  );
}

/** Refuses the call when what it replaces is more than one mutation can read; a call for fewer messages can. */
function countRead(batch: Batch, bytes: number): void {
  batch.bytesRead += bytes;
  if (batch.bytesRead <= MAX_READ_BYTES) return;
  throw refusal(
    "batch-too-large",
    "Nothing was stored: the stored messages that this call replaces are too large for one call. Send fewer at a time.",
  );
}

async function writeMessage(ctx: MutationCtx, batch: Batch, item: SizedMessage): Promise<void> {
  const fields = omit(item.message, ["upload"]);
  const existing = batch.stored.get(fields.key);
  const placed = await placeParts(ctx, batch.owner, item);
  const { agent, model, usage } = batch;
  const known = { agent, model, counted: existing?.counted };
  const counted = messageUsage(item, placed.text, known);
  const content = { ...batch.owner, ...fields, ...placed, agent, counted };
  count(usage, existing?.counted, -1);
  count(usage, counted, 1);
  batch.totals = sum(sum(batch.totals, existing?.counted?.amounts ?? {}, -1), counted.amounts);
  const _id = existing?._id ?? (await ctx.db.insert("messages", content));
  if (existing === undefined) {
    batch.added += 1;
  } else {
    const { large } = existing;
    countRead(batch, existing.size + (large && "chunkIds" in large ? large.bytes : 0));
    await releaseParts(ctx, existing, placed);
    await ctx.db.replace("messages", _id, content);
  }
  batch.written += 1;
  if (existing?.text !== placed.text) batch.changedTexts.add(_id);
  batch.stored.set(fields.key, { ...content, _id, size: getConvexSize(content) });
}

async function storeMessage(
  ctx: MutationCtx,
  batch: Batch,
  item: SizedMessage,
  problem: string | undefined,
): Promise<RecordResult> {
  const { key } = item.message;
  const existing = batch.stored.get(key);
  const outcome = decide(existing, item.message);
  const reason =
    problem ?? (outcome === "stored" ? await uploadProblem(ctx, item, existing) : undefined);
  if (reason === undefined && outcome === "stored") {
    await writeMessage(ctx, batch, item);
    return { key, outcome };
  }
  await dropUnusedUpload(ctx, item);
  return reason === undefined ? { key, outcome } : { key, outcome: "refused", reason };
}

function openBatch(
  session: Doc<"sessions">,
  header: Pick<SessionReading, "model">,
  stored: Batch["stored"],
): Batch {
  const { totals = {}, agent, userId, _id: sessionId } = session;
  return {
    owner: { userId, sessionId },
    stored,
    bytesRead: 0,
    added: 0,
    written: 0,
    agent,
    model: header.model ?? session.model,
    totals,
    usage: new Map(),
    changedTexts: new Set(),
  };
}

/** Writes the session's row and the usage rows, each once, when anything of the session changed. */
async function finishBatch(
  ctx: MutationCtx,
  session: Doc<"sessions">,
  reading: SessionReading,
  { added, written, totals, usage }: Batch,
): Promise<void> {
  const changes = headerChanges(session, reading);
  const isChanged = written > 0 || Object.keys(changes).length > 0;
  if (!isChanged && session.counted !== undefined) return;
  const counted = sessionCounted({ ...session, ...changes, totals });
  count(usage, session.counted, -1);
  count(usage, counted, 1);
  await ctx.db.patch("sessions", session._id, {
    ...changes,
    messageCount: session.messageCount + added,
    updatedAt: Date.now(),
    totals,
    counted,
  });
  await writeUsage(ctx, session.userId, usage);
}

/**
 * Stores a session's header and up to 100 of its messages, and answers for each message in order. A message that cannot be stored
 * is refused with a reason, the others are stored. Throws, with nothing written, `too-many-messages`, `batch-too-large`,
 * `invalid-session`, `session-blocked`, `session-erased`, `erasing`.
 */
export async function recordSession(
  ctx: MutationCtx,
  user: Doc<"users">,
  reading: SessionReading,
  messages: Message[],
): Promise<{ sessionId: Id<"sessions">; results: RecordResult[] }> {
  const items = messages.map(sized);
  checkSession(reading);
  checkBatch(items);
  await checkMayStore(ctx, user, reading, messages);
  const problems = items.map((item) => messageProblem(item) ?? lateProblem(user, reading, item));
  const usable = messages.filter((_, index) => problems[index] === undefined);
  const session = await openSession(ctx, user._id, reading);
  const owner = { userId: user._id, sessionId: session._id };
  const stored = await readStored(ctx, owner, new Set(usable.map(({ key }) => key)));
  const batch = openBatch(session, reading, stored);
  for (const { size } of stored.values()) countRead(batch, size);
  const results: RecordResult[] = [];
  for (const [index, item] of items.entries()) {
    results.push(await storeMessage(ctx, batch, item, problems[index]));
  }
  await finishBatch(ctx, session, reading, batch);
  await textsChanged(ctx, user, session._id, batch.changedTexts);
  return { sessionId: session._id, results };
}
