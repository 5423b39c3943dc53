import { createHash } from "node:crypto";
import { openSource, type QueryJson, QueryStream, type Source } from "./query.ts";
import type { Transaction } from "./transaction.ts";

/** Arguments of `.paginate()` as `convex/server` sends them. */
export interface PageRequest {
  query: QueryJson;
  cursor: string | null;
  endCursor: string | null;
  pageSize: number;
  maximumRowsRead: number | null;
  maximumBytesRead?: number | null;
}

/** The answer to one `.paginate()`, its documents still as JSON text. */
export interface Page {
  documents: string[];
  isDone: boolean;
  continueCursor: string;
  splitCursor: string | null;
  pageStatus: "SplitRecommended" | "SplitRequired" | null;
}

const END = "end";

/** A cursor of another query would silently skip or repeat rows, so each carries its query's fingerprint. */
function fingerprint(query: QueryJson): string {
  return createHash("sha256").update(JSON.stringify(query)).digest("hex").slice(0, 12);
}

function writeCursor(print: string, key: Buffer | typeof END): string {
  return `${print}.${key === END ? END : key.toString("base64url") || "-"}`;
}

function readCursor(print: string, cursor: string | null): Buffer | typeof END | null {
  if (cursor === null) return null;
  const [owner, position] = cursor.split(".");
  if (owner !== print || position === undefined) {
    throw new Error(
      "InvalidCursor: Tried to run a query starting from a cursor, but it looks like this cursor is from a different query. Start again from the first page.",
    );
  }
  return position === END ? END : Buffer.from(position, "base64url");
}

/** Remembers the key of every row that it hands on, and stops at the most that one page may read. */
class WatchedSource implements Source {
  private readonly source: Source;
  private readonly request: PageRequest;
  private bytes = 0;
  readonly keys: Buffer[] = [];
  isCut = false;

  constructor(source: Source, request: PageRequest) {
    this.source = source;
    this.request = request;
  }

  next() {
    const { maximumRowsRead, maximumBytesRead } = this.request;
    const tooMany = Boolean(maximumRowsRead) && this.keys.length >= maximumRowsRead!;
    const tooLarge = Boolean(maximumBytesRead) && this.bytes >= maximumBytesRead!;
    this.isCut = tooMany || tooLarge;
    const row = this.isCut ? null : this.source.next();
    if (row !== null) {
      this.keys.push(row.key);
      this.bytes += row.size;
    }
    return row;
  }
}

function fill(stream: QueryStream, most: number): { documents: string[]; hasEnded: boolean } {
  const documents: string[] = [];
  while (documents.length < most) {
    const row = stream.next();
    if (row === null) return { documents, hasEnded: true };
    documents.push(row.json);
  }
  return { documents, hasEnded: false };
}

/** Reads one page. With an end cursor the page is exactly what lies up to there, however much that has become. */
export function readPage(tx: Transaction, request: PageRequest): Page {
  const print = fingerprint(request.query);
  const after = readCursor(print, request.cursor);
  const until = readCursor(print, request.endCursor);
  const nothing = { splitCursor: null, pageStatus: null };
  if (after === END) {
    return { documents: [], isDone: true, continueCursor: writeCursor(print, END), ...nothing };
  }
  const source = openSource(tx, request.query, { after, until: until === END ? null : until });
  const watched = new WatchedSource(source, request);
  const stream = new QueryStream(watched, request.query.operators);
  const { documents, hasEnded } = fill(stream, until === null ? request.pageSize : Infinity);
  let end: Buffer | typeof END | null = until;
  if (watched.isCut || until === null) {
    end = hasEnded && !watched.isCut ? END : (watched.keys.at(-1) ?? after);
  }
  const middle = watched.keys[Math.floor((watched.keys.length - 1) / 2)];
  const isLong = watched.isCut || documents.length > request.pageSize;
  return {
    documents,
    isDone: end === END,
    continueCursor: end === null ? writeCursor(print, Buffer.alloc(0)) : writeCursor(print, end),
    splitCursor: isLong && middle && watched.keys.length > 1 ? writeCursor(print, middle) : null,
    pageStatus: watched.isCut ? "SplitRequired" : null,
  };
}
