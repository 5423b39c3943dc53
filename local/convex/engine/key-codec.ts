import type { Value } from "convex/values";

/**
 * Turns lists of Convex values into bytes whose byte order is Convex's value order
 * (undefined < null < int64 < float64 < boolean < string < bytes < array < object), so that SQLite's own B-tree
 * answers every index range. Each encoded value ends itself: no encoding is a prefix of another, which is what lets a
 * range on the first fields of an index be a range of bytes.
 */

const TAG = {
  undefined: 1,
  null: 2,
  int64: 3,
  float64: 4,
  false: 5,
  true: 6,
  string: 7,
  bytes: 8,
  array: 9,
  object: 10,
} as const;

/** Greater than every tag, so `prefix + ABOVE` lies after everything that starts with `prefix`. */
const ABOVE = 0xff;
const END = 0;
const ESCAPE = 0xff;
const SIGN_BIT = 1n << 63n;

class KeyWriter {
  private buffer = Buffer.allocUnsafe(128);
  private length = 0;

  byte(value: number): void {
    if (this.length === this.buffer.length) this.grow(1);
    this.buffer[this.length++] = value;
  }

  uint64(value: bigint): void {
    if (this.length + 8 > this.buffer.length) this.grow(8);
    this.length = this.buffer.writeBigUInt64BE(value, this.length);
  }

  /** A zero byte becomes 00 FF, the end is 00 00: shorter sorts before longer. */
  escaped(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.byte(byte);
      if (byte === END) this.byte(ESCAPE);
    }
    this.byte(END);
    this.byte(END);
  }

  finish(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.length));
  }

  private grow(by: number): void {
    const larger = Buffer.allocUnsafe((this.buffer.length + by) * 2);
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

const floatView = new DataView(new ArrayBuffer(8));

function orderedFloatBits(value: number): bigint {
  floatView.setFloat64(0, value);
  const bits = floatView.getBigUint64(0);
  return bits & SIGN_BIT ? BigInt.asUintN(64, ~bits) : bits | SIGN_BIT;
}

function write(writer: KeyWriter, value: Value | undefined): void {
  if (value === undefined) writer.byte(TAG.undefined);
  else if (value === null) writer.byte(TAG.null);
  else if (typeof value === "bigint") {
    writer.byte(TAG.int64);
    writer.uint64(BigInt.asUintN(64, value) ^ SIGN_BIT);
  } else if (typeof value === "number") {
    writer.byte(TAG.float64);
    writer.uint64(orderedFloatBits(value));
  } else if (typeof value === "boolean") writer.byte(value ? TAG.true : TAG.false);
  else if (typeof value === "string") {
    writer.byte(TAG.string);
    writer.escaped(Buffer.from(value, "utf8"));
  } else writeNested(writer, value);
}

function writeNested(writer: KeyWriter, value: Value & object): void {
  if (value instanceof ArrayBuffer) {
    writer.byte(TAG.bytes);
    writer.escaped(new Uint8Array(value));
    return;
  }
  if (Array.isArray(value)) {
    writer.byte(TAG.array);
    for (const element of value) write(writer, element);
  } else {
    writer.byte(TAG.object);
    const fields = value as { [key: string]: Value };
    for (const name of Object.keys(fields).sort()) {
      write(writer, name);
      write(writer, fields[name]);
    }
  }
  writer.byte(END);
}

/** The bytes of an index key, or of a prefix of one. */
export function encodeKey(values: readonly (Value | undefined)[]): Buffer {
  const writer = new KeyWriter();
  for (const value of values) write(writer, value);
  return writer.finish();
}

/** The first key after every key that starts with `prefix`. */
export function afterPrefix(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(ABOVE)]);
}

/** The first key after exactly `key`. */
export function afterKey(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(END)]);
}

/** The value at a dotted path of a document, or undefined where there is none. */
export function fieldAt(
  document: { [key: string]: Value },
  path: readonly string[],
): Value | undefined {
  let value: Value | undefined = document;
  for (const name of path) {
    if (!isPlainObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Whether a Convex value is an object with fields, not an array or bytes. */
export function isPlainObject(value: Value | undefined): value is { [key: string]: Value } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ArrayBuffer)
  );
}
