/**
 * Everything of a person as ZIP files. One answer of Convex has at most 20 MiB, so the archive comes in volumes: each is a whole ZIP
 * with JSONL and Markdown, and `X-Next-Cursor` names the next one. An interrupted download goes on from the last cursor, and nothing
 * is too large: a session that does not fit goes on in the next volume, and so does a file.
 */
import { zipSync } from "fflate";
import { v } from "convex/values";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { messageLine, messageMarkdown, sessionHead, sessionLine } from "../model/exportText";
import { Problem } from "./problem";
import { defineRoute } from "./route";

/** Bytes of a volume before compression at which it is closed; a page of messages or a piece of a file may follow at most. */
const VOLUME_BYTES = 4 * 1024 * 1024;

/** Bytes of a file in one volume. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** A file that is not wholly written: its message, its path, and the bytes that were. */
type OpenFile = { messageId: string; path: string; offset: number };

/** Where the next volume begins. */
type Place = {
  /** Cursor before the session that is being written. */
  session: string | null;
  /** Cursor in its messages. */
  messages: string | null;
  /** How many volumes it is in already. */
  part: number;
  files: OpenFile[];
};

type Volume = { entries: Map<string, Uint8Array[]>; bytes: number };

const START: Place = { session: null, messages: null, part: 0, files: [] };
const encoder = new TextEncoder();

function encodePlace(place: Place): string {
  const bytes = encoder.encode(JSON.stringify(place));
  return btoa(String.fromCharCode(...bytes));
}

function isOpenFile(value: unknown): value is OpenFile {
  const { messageId, path, offset } = (value ?? {}) as Partial<OpenFile>;
  return (
    typeof messageId === "string" &&
    typeof path === "string" &&
    /^files\/[\w-]{1,80}\.json$/.test(path) &&
    Number.isSafeInteger(offset) &&
    offset! >= 0
  );
}

function isPlace(value: unknown): value is Place {
  const { session, messages, part, files } = (value ?? {}) as Partial<Place>;
  const isCursor = (cursor: unknown) => cursor === null || typeof cursor === "string";
  return (
    isCursor(session) &&
    isCursor(messages) &&
    Number.isSafeInteger(part) &&
    Array.isArray(files) &&
    files.every(isOpenFile)
  );
}

function wrongCursor(): Problem {
  return new Problem(400, "The cursor is not one that this address gave out.");
}

function readPlace(cursor: string | undefined): Place {
  if (cursor === undefined) return START;
  try {
    const bytes = Uint8Array.from(atob(cursor), (char) => char.charCodeAt(0));
    const place: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isPlace(place)) return place;
  } catch {
    // Neither base64 nor JSON: the answer is the same.
  }
  throw wrongCursor();
}

function add(volume: Volume, path: string, content: Uint8Array): void {
  volume.entries.set(path, [...(volume.entries.get(path) ?? []), content]);
  volume.bytes += content.length;
}

/** A name that every file system takes and that no other session has. */
function baseName(title: string | undefined, id: string): string {
  const words = (title ?? "").normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-");
  return `${words.slice(0, 60).replace(/^-|-$/g, "") || "untitled"}-${id.slice(-12)}`;
}

async function addFile(
  ctx: ActionCtx,
  userId: Id<"users">,
  volume: Volume,
  file: OpenFile,
): Promise<OpenFile | null> {
  const messageId = file.messageId as Id<"messages">;
  const storageId = await ctx.runQuery(internal.exports.fileOf, { userId, messageId });
  const blob = storageId && (await ctx.storage.get(storageId));
  if (!blob) return null;
  const end = Math.min(file.offset + PIECE_BYTES, blob.size);
  const piece = new Uint8Array(await blob.slice(file.offset, end).arrayBuffer());
  const number = Math.floor(file.offset / PIECE_BYTES) + 1;
  const isWhole = blob.size <= PIECE_BYTES;
  add(volume, isWhole ? file.path : `${file.path}.${String(number).padStart(3, "0")}`, piece);
  return end < blob.size ? { ...file, offset: end } : null;
}

type Written = { next: Place; isEnd: boolean };

/** Writes one page of messages, or finds that there is no session left. */
async function addMessages(
  ctx: ActionCtx,
  userId: Id<"users">,
  volume: Volume,
  place: Place,
): Promise<Written> {
  const found = await ctx.runQuery(internal.exports.nextSession, { userId, cursor: place.session });
  if (found === null) return { next: place, isEnd: true };
  const { id, header, continueCursor } = found;
  const { page, isDone, ...after } = await ctx.runQuery(internal.exports.nextMessages, {
    ...{ userId, sessionId: id, cursor: place.messages },
  });
  const name = `sessions/${header.agent}/${baseName(header.title, id)}`;
  const suffix = place.part === 0 ? "" : `.part-${place.part + 1}`;
  const paths = [`${name}${suffix}.jsonl`, `${name}${suffix}.md`] as const;
  const files: OpenFile[] = [];
  const messages = page.map(({ message, fileOf }) => {
    if (fileOf === undefined) return message;
    const path = `files/${fileOf}.json`;
    files.push({ messageId: fileOf, path, offset: 0 });
    return { ...message, file: path };
  });
  const isNew = !volume.entries.has(paths[0]);
  const begin = isNew ? [sessionLine(header), sessionHead(header)] : ["", ""];
  add(volume, paths[0], encoder.encode(begin[0] + messages.map(messageLine).join("")));
  add(volume, paths[1], encoder.encode(begin[1] + messages.map(messageMarkdown).join("")));
  const next: Place = isDone
    ? { session: continueCursor, messages: null, part: 0, files }
    : { ...place, messages: after.continueCursor, files };
  return { next, isEnd: false };
}

async function fillVolume(
  ctx: ActionCtx,
  userId: Id<"users">,
  start: Place,
): Promise<{ volume: Volume; next: Place | null }> {
  const volume: Volume = { entries: new Map(), bytes: 0 };
  let place = start;
  while (volume.bytes < VOLUME_BYTES) {
    const [file, ...others] = place.files;
    if (file !== undefined) {
      const rest = await addFile(ctx, userId, volume, file);
      place = { ...place, files: rest === null ? others : [rest, ...others] };
      continue;
    }
    const { next, isEnd } = await addMessages(ctx, userId, volume, place);
    if (isEnd) return { volume, next: null };
    place = next;
  }
  // What goes on in the next volume gets another name there.
  return { volume, next: place.messages === null ? place : { ...place, part: place.part + 1 } };
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}

/** The cursor is the client's to send: what is inside it has to be what the database gave out. */
async function checkPlace(ctx: ActionCtx, userId: Id<"users">, place: Place): Promise<void> {
  try {
    const cursor = place.session;
    const found = await ctx.runQuery(internal.exports.nextSession, { userId, cursor });
    const sessionId = found?.id;
    if (sessionId !== undefined && place.messages !== null) {
      const messages = { userId, sessionId, cursor: place.messages };
      await ctx.runQuery(internal.exports.nextMessages, messages);
    }
    for (const file of place.files) {
      const messageId = file.messageId as Id<"messages">;
      await ctx.runQuery(internal.exports.fileOf, { userId, messageId });
    }
  } catch {
    throw wrongCursor();
  }
}

async function volumeResponse(
  ctx: ActionCtx,
  userId: Id<"users">,
  cursor: string | undefined,
): Promise<Response> {
  const start = readPlace(cursor);
  if (cursor !== undefined) await checkPlace(ctx, userId, start);
  const { volume, next } = await fillVolume(ctx, userId, start);
  const entries = [...volume.entries].map(([path, pieces]) => [path, joined(pieces)] as const);
  const zip = zipSync(Object.fromEntries(entries), { level: 6 });
  return new Response(zip.slice().buffer, {
    headers: {
      "Content-Type": "application/zip",
      "Content-Disposition": 'attachment; filename="opensync-export.zip"',
      "Content-Length": String(zip.length),
      "Cache-Control": "no-store",
      "Access-Control-Expose-Headers": "X-Next-Cursor",
      ...(next === null ? {} : { "X-Next-Cursor": encodePlace(next) }),
    },
  });
}

/** `GET /api/export/archive`. */
export const exportArchiveRoute = defineRoute({
  method: "GET",
  path: "/api/export/archive",
  access: "read",
  summary:
    "Everything as ZIP volumes of JSONL and Markdown; the header X-Next-Cursor, until it is absent, is the cursor of the next volume.",
  query: v.object({ cursor: v.optional(v.string()) }),
  returns: v.null(),
  files: ["application/zip"],
  handle: async (ctx, { userId, query }) => await volumeResponse(ctx, userId, query.cursor),
});
