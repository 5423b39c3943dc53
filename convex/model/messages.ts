import { omit } from "convex-helpers";
import { type Infer, v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { messageFields, vPart } from "../validators";

/** A message as clients see it. */
export const vMessageView = v.object({
  id: v.id("messages"),
  ...messageFields,
  hash: v.string(),
  /** Empty when `large` is set. */
  parts: v.array(vPart),
  /** Set with `large`: the first 32 KB of the message's text. */
  preview: v.optional(v.string()),
  /** Set when the parts are too large for the row; their JSON is then read by `messages.chunk` or from `storageUrl`. */
  large: v.optional(
    v.object({
      /** UTF-8 bytes of the JSON. */
      bytes: v.number(),
      /** How many chunks `messages.chunk` gives; 0 when the JSON is in a file. */
      chunks: v.number(),
      /** Where the JSON can be read when it is in a file. */
      storageUrl: v.optional(v.string()),
    }),
  ),
});

/** One piece of the JSON of a message's parts. `hash` is that of the version it belongs to. */
export const vChunk = v.object({ text: v.string(), hash: v.string() });

async function largeView(
  ctx: QueryCtx,
  large: NonNullable<Doc<"messages">["large"]>,
): Promise<Infer<typeof vMessageView>["large"]> {
  if ("chunkIds" in large) return { bytes: large.bytes, chunks: large.chunkIds.length };
  const storageUrl = (await ctx.storage.getUrl(large.storageId)) ?? undefined;
  return { bytes: large.bytes, chunks: 0, storageUrl };
}

/** The row as clients see it. */
export async function messageView(
  ctx: QueryCtx,
  message: Doc<"messages">,
): Promise<Infer<typeof vMessageView>> {
  const { _id: id, large, text, ...row } = message;
  const view = { id, ...omit(row, ["_creationTime", "userId", "sessionId", "agent", "counted"]) };
  if (large === undefined) return view;
  return { ...view, preview: text, large: await largeView(ctx, large) };
}

/** One piece of a message of this user; null when there is no such message or piece, or it is another's. */
export async function readChunk(
  ctx: QueryCtx,
  userId: Id<"users">,
  messageId: Id<"messages">,
  index: number,
): Promise<Infer<typeof vChunk> | null> {
  const message = await ctx.db.get("messages", messageId);
  if (message?.userId !== userId) return null;
  const { large, hash, sessionId } = message;
  const chunkId = large && "chunkIds" in large ? large.chunkIds[index] : undefined;
  // A removed session's messages go one portion at a time; until then they count as gone.
  if (chunkId === undefined || (await ctx.db.get("sessions", sessionId)) === null) return null;
  const chunk = await ctx.db.get("messageChunks", chunkId);
  return chunk && { text: chunk.text, hash };
}
