/** Reading a session for an export, a page at a time. */
import type { PaginationOptions } from "convex/server";
import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { Part } from "../validators";
import { exportedMessage, type ExportedMessage } from "./exportText";
import { readStoredParts } from "./largeParts";

/** Messages per page: each row has at most 128 KB and the parts in chunks at most 1 MiB more, of 16 MiB that a query may read. */
const MAX_MESSAGES = 10;

/** A message with what has to be fetched besides. */
export type ReadMessage = {
  message: ExportedMessage;
  /** The row, for a message whose parts lie in a file. */
  fileOf?: Id<"messages">;
};

async function readMessage(ctx: QueryCtx, row: Doc<"messages">): Promise<ReadMessage> {
  const { parts, upload } = await readStoredParts(ctx, row);
  const message = exportedMessage(row, parts as Part[]);
  return upload === undefined ? { message } : { message, fileOf: row._id };
}

/** One page of a session's messages with their parts, by position. */
export async function readMessages(
  ctx: QueryCtx,
  { userId, sessionId }: { userId: Id<"users">; sessionId: Id<"sessions"> },
  { cursor }: Pick<PaginationOptions, "cursor">,
) {
  const result = await ctx.db
    .query("messages")
    .withIndex("by_user_session_position", (q) => q.eq("userId", userId).eq("sessionId", sessionId))
    .paginate({ numItems: MAX_MESSAGES, cursor });
  const page = await Promise.all(result.page.map((row) => readMessage(ctx, row)));
  return { page, isDone: result.isDone, continueCursor: result.continueCursor };
}

/** Where the file of a message of this user is; null when there is none. */
export async function fileOfMessage(
  ctx: QueryCtx,
  userId: Id<"users">,
  messageId: Id<"messages">,
): Promise<Id<"_storage"> | null> {
  const message = await ctx.db.get("messages", messageId);
  if (message?.userId !== userId || message.large === undefined) return null;
  return "storageId" in message.large ? message.large.storageId : null;
}
