/** Reading sessions over HTTP, with OpenSync's field names. The same functions answer the tools of MCP. */
import type { PaginationResult } from "convex/server";
import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { pageOf } from "../model/pages";
import { wirePart } from "../model/wireParts";
import { messageRowFields, type vMessageRow, vSessionRow } from "../model/wireRows";
import type { Part } from "../validators";
import { agentOf } from "./wireShapes";
import { Problem, problemOf } from "./problem";
import { defineRoute, type Route } from "./route";

const MAX_SESSIONS = 200;
const MAX_MESSAGES = 2_000;
const MESSAGES_PER_QUERY = 50;

/** Bytes of messages in one answer, about; a response may have 20 MiB. */
const MAX_BYTES = 6 * 1024 * 1024;

/** Bytes of parts that are read whole; of a larger message the answer has the text's beginning. */
const MAX_WHOLE_BYTES = 4 * 1024 * 1024;

/** A message as the API shows it. */
export const vShownMessage = v.object({
  ...messageRowFields,
  textContent: v.optional(v.string()),
  parts: v.array(v.object({ type: v.string(), content: v.any() })),
  /** The message is too large for this answer: its parts are the beginning of its text. */
  isCut: v.optional(v.literal(true)),
});

type ShownMessage = Infer<typeof vShownMessage>;
type MessageRow = Infer<typeof vMessageRow>;

/** A page of the user's sessions, the last written first. */
export async function listSessions(
  ctx: ActionCtx,
  userId: Id<"users">,
  asked: { limit?: number; cursor?: string; agent?: string },
): Promise<{ sessions: Infer<typeof vSessionRow>[]; cursor?: string }> {
  const { limit = 50, cursor = null, agent } = asked;
  const paginationOpts = pageOf({ numItems: limit, cursor }, MAX_SESSIONS);
  const args = { userId, agent: agentOf(agent), paginationOpts };
  const result: PaginationResult<Infer<typeof vSessionRow>> = await readPage(cursor, () =>
    ctx.runQuery(internal.wire.sessions, args),
  );
  return {
    sessions: result.page,
    ...(result.isDone ? {} : { cursor: result.continueCursor }),
  };
}

/** Reads a page. A cursor is the client's to send: where one that was not given out is refused, it is the client's mistake. */
export async function readPage<T>(
  cursor: string | null,
  read: () => Promise<PaginationResult<T>>,
): Promise<PaginationResult<T>> {
  try {
    return await read();
  } catch (error) {
    if (cursor === null || problemOf(error) !== undefined) throw error;
    throw new Problem(400, "The cursor is not one that this address gave out.");
  }
}

async function wholeJson(
  ctx: ActionCtx,
  userId: Id<"users">,
  { id, large }: MessageRow,
): Promise<string | null> {
  if (large === undefined || large.bytes > MAX_WHOLE_BYTES) return null;
  if ("chunkIds" in large) {
    return await ctx.runQuery(internal.wire.chunkedParts, { userId, messageId: id });
  }
  const file = await ctx.storage.get(large.storageId);
  return file && (await file.text());
}

/** The texts of the parts, as OpenSync's `textContent`. */
export function textOf(parts: Part[]): string | undefined {
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return texts.length === 0 ? undefined : texts.join("\n");
}

/** The row's parts, from wherever they lie; null when they are too large or nobody has room for them. */
export async function partsOfRow(
  ctx: ActionCtx,
  userId: Id<"users">,
  row: MessageRow,
): Promise<Part[] | null> {
  if (row.large === undefined) return row.parts;
  const json = await wholeJson(ctx, userId, row);
  return json === null ? null : (JSON.parse(json) as Part[]);
}

async function shown(
  ctx: ActionCtx,
  userId: Id<"users">,
  row: MessageRow,
  hasRoom: boolean,
): Promise<ShownMessage> {
  const { large, preview = "", ...fields } = row;
  const parts = large === undefined || hasRoom ? await partsOfRow(ctx, userId, row) : null;
  if (parts !== null) return { ...fields, textContent: textOf(parts), parts: parts.map(wirePart) };
  const beginning = { type: "text", content: preview };
  return { ...fields, textContent: preview, parts: [beginning], isCut: true };
}

/** The user's session. Throws 400 without an id and 404 without a session. */
export async function findSession(
  ctx: ActionCtx,
  userId: Id<"users">,
  id: string | undefined,
): Promise<Infer<typeof vSessionRow>> {
  if (id === undefined) throw new Problem(400, "Missing session ID");
  const session = await ctx.runQuery(internal.wire.session, { userId, id });
  if (session === null) throw new Problem(404, "Session not found");
  return session;
}

/** One session with its messages, from the cursor on; `cursor` when there are more. Throws 404. */
export async function readSession(
  ctx: ActionCtx,
  userId: Id<"users">,
  asked: { id?: string; limit?: number; cursor?: string },
): Promise<{
  session: Infer<typeof vSessionRow>;
  messages: ShownMessage[];
  cursor?: string;
}> {
  const { id, limit = MAX_MESSAGES } = asked;
  const session = await findSession(ctx, userId, id);
  const messages: ShownMessage[] = [];
  let bytes = 0;
  for (let cursor = asked.cursor ?? null; ;) {
    const most = pageOf({ numItems: limit, cursor }, MAX_MESSAGES).numItems - messages.length;
    const paginationOpts = { numItems: Math.min(most, MESSAGES_PER_QUERY), cursor };
    const args = { userId, sessionId: session.id, paginationOpts };
    const result: PaginationResult<MessageRow> = await readPage(cursor, () =>
      ctx.runQuery(internal.wire.messages, args),
    );
    for (const row of result.page) {
      const message = await shown(ctx, userId, row, bytes < MAX_BYTES);
      bytes += JSON.stringify(message).length;
      messages.push(message);
    }
    if (result.isDone) return { session, messages };
    cursor = result.continueCursor;
    if (bytes >= MAX_BYTES || messages.length >= limit || messages.length >= MAX_MESSAGES) {
      return { session, messages, cursor };
    }
  }
}

const sessions: Route = defineRoute({
  method: "GET",
  path: "/api/sessions",
  access: "read",
  summary: `Sessions, the last written first; at most ${MAX_SESSIONS} at a time.`,
  query: v.object({
    limit: v.optional(v.number()),
    cursor: v.optional(v.string()),
    /** Only this agent's. */
    source: v.optional(v.string()),
  }),
  returns: v.object({ sessions: v.array(vSessionRow), cursor: v.optional(v.string()) }),
  handle: async (ctx, { userId, query: { limit, cursor, source } }) =>
    await listSessions(ctx, userId, { limit, cursor, agent: source }),
});

const session: Route = defineRoute({
  method: "GET",
  path: "/api/sessions/get",
  access: "read",
  summary: "One session with its messages in order; a long one in several answers.",
  query: v.object({
    id: v.optional(v.string()),
    limit: v.optional(v.number()),
    cursor: v.optional(v.string()),
  }),
  returns: v.object({
    session: vSessionRow,
    messages: v.array(vShownMessage),
    cursor: v.optional(v.string()),
  }),
  handle: async (ctx, { userId, query }) => await readSession(ctx, userId, query),
});

/** The routes of this file. */
export const archiveRoutes: Route[] = [sessions, session];
