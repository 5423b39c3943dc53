import { randomBytes } from "node:crypto";

/**
 * Document ids: 20 bytes in lower-case Crockford base32, 32 characters. Two bytes name the table, then time and a
 * counter (so that new documents land at the end of the B-tree), eight random bytes and a checksum, which makes a
 * mistyped id invalid instead of merely absent.
 */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_BYTES = 20;
const ID_LENGTH = 32;
const MAX_TABLE = 0xffff;

function checksum(bytes: Uint8Array): number {
  let low = 0;
  let high = 0;
  for (const byte of bytes.subarray(0, ID_BYTES - 2)) {
    low = (low + byte) % 255;
    high = (high + low) % 255;
  }
  return (high << 8) | low;
}

function toBase32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
      held &= (1 << bits) - 1;
    }
  }
  return text;
}

function fromBase32(text: string): Buffer | null {
  const bytes = Buffer.alloc(ID_BYTES);
  let bits = 0;
  let held = 0;
  let length = 0;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return null;
    held = (held << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (held >> bits) & 255;
      held &= (1 << bits) - 1;
    }
  }
  return bytes;
}

/** Makes ids that rise in the order in which they are made. */
export class IdMaker {
  private lastMs = 0;
  private counter = 0;

  /** A new id for the table with this number, made at `ms`. */
  next(tableNumber: number, ms: number): string {
    if (tableNumber < 1 || tableNumber > MAX_TABLE) {
      throw new Error(`There can be at most ${MAX_TABLE} tables.`);
    }
    this.tick(Math.floor(ms));
    const bytes = Buffer.alloc(ID_BYTES);
    bytes.writeUInt16BE(tableNumber, 0);
    bytes.writeUIntBE(this.lastMs, 2, 6);
    bytes.writeUInt16BE(this.counter, 8);
    randomBytes(8).copy(bytes, 10);
    bytes.writeUInt16BE(checksum(bytes), 18);
    return toBase32(bytes);
  }

  private tick(ms: number): void {
    if (ms > this.lastMs) {
      this.lastMs = ms;
      this.counter = 0;
    } else if (++this.counter > 0xffff) {
      this.lastMs += 1;
      this.counter = 0;
    }
  }
}

/** The table number inside an id, or null when the text is no id. */
export function tableNumberOf(id: string): number | null {
  if (id.length !== ID_LENGTH) return null;
  const bytes = fromBase32(id);
  if (bytes === null || bytes.readUInt16BE(18) !== checksum(bytes)) return null;
  return bytes.readUInt16BE(0);
}
