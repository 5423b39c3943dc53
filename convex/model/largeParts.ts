/**
 * Where a message's parts lie: in its row, in `messageChunks`, or in a stored file. A file belongs to the message that first names
 * it; a `files` row says so, and nothing but that message can use it or make it go away.
 */
import type { Infer } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { vLarge } from "../schema";
import { cutUtf8, splitUtf8 } from "../utf8";
import { MAX_INLINE_BYTES, MAX_TEXT_BYTES, type Message, type Part } from "../validators";
import { messageText } from "../messageText";
import type { SizedMessage } from "./check";

/** One chunk and its row stay far below Convex's 1 MiB per document. */
export const MAX_CHUNK_BYTES = 256 * 1024;

/** Whose rows are written. */
export type Owner = { userId: Id<"users">; sessionId: Id<"sessions"> };

/** The fields of a message row that depend on where its parts lie. */
export type PlacedParts = { parts: Part[]; text: string; large?: Infer<typeof vLarge> };

type Placed = Pick<Doc<"messages">, "large">;

async function findClaim(ctx: QueryCtx, storageId: Id<"_storage">): Promise<Doc<"files"> | null> {
  return await ctx.db
    .query("files")
    .withIndex("by_storage", (q) => q.eq("storageId", storageId))
    .unique();
}

function fileOf(message: Placed | undefined): Id<"_storage"> | undefined {
  return message?.large && "storageId" in message.large ? message.large.storageId : undefined;
}

/** Why the file that a message names cannot be its content, for people; undefined when it can, or when it names none. */
export async function uploadProblem(
  ctx: MutationCtx,
  { message }: SizedMessage,
  existing: Placed | undefined,
): Promise<string | undefined> {
  if (message.upload === undefined) return undefined;
  const { storageId, bytes } = message.upload;
  const claim = await findClaim(ctx, storageId);
  const file = await ctx.db.system.get("_storage", storageId);
  // One answer for "not there" and "somebody else's", so that nobody can ask which files exist.
  if (file === null || (claim !== null && fileOf(existing) !== storageId)) {
    return "Not stored: the file with the message's content is not there any more; it has to be uploaded again.";
  }
  if (file.size !== bytes) {
    return `Not stored: the file with the message's content has ${file.size} bytes and not ${bytes}; it has to be uploaded again.`;
  }
  return undefined;
}

/** Deletes the file of a message that was not stored, unless it is somebody's: nothing would ever name it again. */
export async function dropUnusedUpload(ctx: MutationCtx, { message }: SizedMessage): Promise<void> {
  if (message.upload === undefined) return;
  const { storageId } = message.upload;
  if ((await findClaim(ctx, storageId)) !== null) return;
  if ((await ctx.db.system.get("_storage", storageId)) !== null)
    await ctx.storage.delete(storageId);
}

/** Puts the parts where they belong by their size and gives the fields of the message row. */
export async function placeParts(
  ctx: MutationCtx,
  owner: Owner,
  { message, json, bytes }: SizedMessage,
): Promise<PlacedParts> {
  if (message.upload !== undefined) {
    const { storageId, bytes, preview } = message.upload;
    if ((await findClaim(ctx, storageId)) === null)
      await ctx.db.insert("files", { ...owner, storageId });
    return { parts: [], text: cutUtf8(preview, MAX_TEXT_BYTES), large: { bytes, storageId } };
  }
  const text = messageText(message.parts);
  if (bytes <= MAX_INLINE_BYTES) return { parts: message.parts, text };
  const chunkIds: Id<"messageChunks">[] = [];
  for (const piece of splitUtf8(json, MAX_CHUNK_BYTES)) {
    chunkIds.push(await ctx.db.insert("messageChunks", { ...owner, text: piece }));
  }
  return { parts: [], text, large: { bytes, chunkIds } };
}

/** Deletes what a replaced message had outside its row, but for a file that the new version keeps. */
export async function releaseParts(
  ctx: MutationCtx,
  existing: Placed,
  placed: PlacedParts,
): Promise<void> {
  const { large } = existing;
  if (large === undefined) return;
  if ("chunkIds" in large) {
    for (const id of large.chunkIds) await ctx.db.delete("messageChunks", id);
    return;
  }
  if (fileOf(placed) === large.storageId) return;
  const claim = await findClaim(ctx, large.storageId);
  if (claim !== null) await deleteFile(ctx, claim);
}

/** Deletes a stored file and its claim. */
export async function deleteFile(ctx: MutationCtx, file: Doc<"files">): Promise<void> {
  await ctx.db.delete("files", file._id);
  if ((await ctx.db.system.get("_storage", file.storageId)) !== null) {
    await ctx.storage.delete(file.storageId);
  }
}

/** The parts of a stored message, to be stored again: those of a file stay in it. */
export async function readStoredParts(
  ctx: QueryCtx,
  message: Pick<Doc<"messages">, "parts" | "large" | "text">,
): Promise<Pick<Message, "parts" | "upload">> {
  const { large, parts, text } = message;
  if (large === undefined) return { parts };
  if ("storageId" in large) return { parts: [], upload: { ...large, preview: text } };
  return { parts: JSON.parse(await readChunkedJson(ctx, large.chunkIds)) as Part[] };
}

/** The JSON that lies in chunks. */
export async function readChunkedJson(
  ctx: QueryCtx,
  chunkIds: Id<"messageChunks">[],
): Promise<string> {
  const chunks = await Promise.all(chunkIds.map((id) => ctx.db.get("messageChunks", id)));
  return chunks.map((chunk) => chunk?.text ?? "").join("");
}
