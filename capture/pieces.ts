import { MAX_BODY_BYTES, MAX_PIECE_CHARS, MAX_REQUEST_CHARS, MAX_URL_CHARS } from "./limits";
import { PARTIAL_MS } from "./limits";
import type { Head, Piece } from "./seal";

/** A body from the tap: whole, or what of it has come so far. */
export interface Body {
  head: Head;
  isTruncated: boolean;
  /** At most MAX_PIECE_CHARS each. */
  texts: string[];
  chars: number;
}

/** Takes the text of a body as it comes. */
export interface Follower {
  add(text: string): void;
  /** The body has come; `isTruncated`: its end is missing. */
  end(isTruncated: boolean): void;
  /** Nobody takes the body itself, which may have no end. */
  isAlone: boolean;
}

/** What takes the bodies. */
export interface BodySink {
  /** What takes the text besides, as it comes; null for most bodies. */
  follow(head: Head): Follower | null;
  /** `isLast` false: the body is still on its way, and the whole one follows. */
  take(body: Body, isLast: boolean): void;
}

/** Takes pieces from the tap. */
export interface Joiner {
  add(piece: unknown): void;
  /** Hands over what has come of every body: the page may be about to go. */
  flush(): void;
  stop(): void;
}

/** Bodies that may be on their way at once: a page has few connections. */
const MAX_OPEN = 32;

const MAX_CHARS = MAX_BODY_BYTES + MAX_REQUEST_CHARS + MAX_PIECE_CHARS;

interface Open extends Body {
  follower: Follower | null;
  timer: ReturnType<typeof setTimeout> | undefined;
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isShort(value: unknown, longest: number): boolean {
  return typeof value === "string" && value.length <= longest;
}

function isHead(value: unknown): value is Head {
  const head = value as Partial<Head> | null;
  return (
    typeof head === "object" &&
    head !== null &&
    Array.isArray(head.rules) &&
    head.rules.every(isCount) &&
    isShort(head.url, MAX_URL_CHARS) &&
    isShort(head.method, 100) &&
    isCount(head.status) &&
    isCount(head.request) &&
    head.request! <= MAX_REQUEST_CHARS &&
    (head.retryAfter === undefined || head.retryAfter === null || isShort(head.retryAfter, 100)) &&
    [head.socket, head.ask].every((id) => id === undefined || isCount(id))
  );
}

function isPiece(value: unknown): value is Piece {
  const piece = value as Partial<Piece> | null;
  return (
    typeof piece === "object" &&
    piece !== null &&
    isCount(piece.id) &&
    isShort(piece.text, MAX_PIECE_CHARS) &&
    typeof piece.isLast === "boolean" &&
    typeof piece.isTruncated === "boolean" &&
    (piece.head === undefined || isHead(piece.head))
  );
}

/** Adds a text to the last one while both fit into one hop: a stream comes in thousands of small pieces. */
function append(item: Open, text: string): void {
  // All of a stream is followed, and the beginning of it kept.
  item.isTruncated ||= item.follower !== null && item.chars + text.length > MAX_CHARS;
  if (item.isTruncated) return;
  item.chars += text.length;
  const last = item.texts.length - 1;
  if (last >= 0 && item.texts[last]!.length + text.length <= MAX_PIECE_CHARS) {
    item.texts[last] += text;
  } else item.texts.push(text);
}

/**
 * Puts the tap's pieces together. What has not the shape of a piece is ignored: the page can reach an unsealed port. A body that is still on
 * its way after PARTIAL_MS is given once as it is then.
 */
export function joinPieces(sink: BodySink): Joiner {
  const open = new Map<number, Open>();

  function giveSoFar(item: Open): void {
    clearTimeout(item.timer);
    const { head, texts, chars } = item;
    if (item.follower?.isAlone) return;
    sink.take({ head, texts: [...texts], chars, isTruncated: true }, false);
  }

  function itemOf({ id, head }: Piece): Open | undefined {
    if (!head || open.size >= MAX_OPEN) return open.get(id);
    const follower = sink.follow(head);
    const body: Body = { head, texts: [], chars: 0, isTruncated: false };
    const item: Open = { ...body, follower, timer: undefined };
    item.timer = setTimeout(() => giveSoFar(item), PARTIAL_MS);
    open.set(id, item);
    return item;
  }

  function close(id: number, item: Open): void {
    clearTimeout(item.timer);
    open.delete(id);
  }

  function add(piece: unknown): void {
    if (!isPiece(piece)) return;
    const item = itemOf(piece);
    if (!item) return;
    const { follower } = item;
    follower?.add(piece.text);
    if (!follower?.isAlone) append(item, piece.text);
    if (piece.isLast || item.chars > MAX_CHARS) close(piece.id, item);
    if (!piece.isLast) return;
    follower?.end(piece.isTruncated);
    const { head, texts, chars } = item;
    const isTruncated = piece.isTruncated || item.isTruncated;
    if (!follower?.isAlone) sink.take({ head, texts, chars, isTruncated }, true);
  }

  function flush(): void {
    for (const item of open.values()) giveSoFar(item);
  }

  function stop(): void {
    for (const [id, item] of open) close(id, item);
  }

  return { add, flush, stop };
}
