import { MAX_BODY_BYTES, MAX_PIECE_CHARS, MAX_URL_CHARS } from "./limits";
import type { Piece } from "./seal";

/** One whole body from the tap. */
export interface Handed {
  tap: string;
  url: string;
  method: string;
  status: number;
  isTruncated: boolean;
  texts: string[];
  chars: number;
}

/** Bodies that may be on their way at once: a page has few connections. */
const MAX_OPEN = 32;

type Head = NonNullable<Piece["head"]>;

function isHead(value: unknown): value is Head {
  const head = value as Partial<Head> | null;
  return (
    typeof head === "object" &&
    head !== null &&
    typeof head.tap === "string" &&
    head.tap.length <= 100 &&
    typeof head.url === "string" &&
    head.url.length <= MAX_URL_CHARS &&
    typeof head.method === "string" &&
    head.method.length <= 100 &&
    Number.isInteger(head.status)
  );
}

function isPiece(value: unknown): value is Piece {
  const piece = value as Partial<Piece> | null;
  return (
    typeof piece === "object" &&
    piece !== null &&
    Number.isInteger(piece.id) &&
    typeof piece.text === "string" &&
    piece.text.length <= MAX_PIECE_CHARS &&
    typeof piece.isLast === "boolean" &&
    typeof piece.isTruncated === "boolean" &&
    (piece.head === undefined || isHead(piece.head))
  );
}

/** Puts the tap's pieces together. What has not the shape of a piece is ignored: the page can reach an unsealed port. */
export function joinPieces(onWhole: (handed: Handed) => void): (piece: unknown) => void {
  const open = new Map<number, Handed>();

  function itemOf(piece: Piece): Handed | undefined {
    if (!piece.head) return open.get(piece.id);
    const { tap, url, method, status } = piece.head;
    const item = { tap, url, method, status, isTruncated: false, texts: [], chars: 0 };
    if (open.size < MAX_OPEN) open.set(piece.id, item);
    return open.get(piece.id);
  }

  return (piece) => {
    if (!isPiece(piece)) return;
    const item = itemOf(piece);
    if (!item) return;
    item.texts.push(piece.text);
    item.chars += piece.text.length;
    if (piece.isLast || item.chars > MAX_BODY_BYTES + MAX_PIECE_CHARS) open.delete(piece.id);
    if (piece.isLast) onWhole({ ...item, isTruncated: piece.isTruncated });
  };
}
