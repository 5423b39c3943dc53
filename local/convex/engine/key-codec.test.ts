import { compareValues, type Value } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { afterKey, afterPrefix, encodeKey } from "./key-codec.ts";

const numbers = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, Number.MIN_VALUE, -Number.MIN_VALUE),
);
const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom("\u0000", "\u0001", "a", "ÿ", "\uffff", "😀") }),
);
const bytes = fc.uint8Array({ maxLength: 6 }).map((array) => Uint8Array.from(array).buffer);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    numbers,
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    texts,
    bytes,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "ab", "b", "Z"), tie("value"), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
}));
const field = fc.oneof(
  { weight: 9, arbitrary: value },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

function compareLists(left: readonly (Value | undefined)[], right: readonly (Value | undefined)[]) {
  for (const [at, part] of left.entries()) {
    const order = compareValues(part, right[at]);
    if (order !== 0) return Math.sign(order);
  }
  return 0;
}

test("the order of the bytes is Convex's order of the values", () => {
  const pair = fc.tuple(field, field);
  fc.assert(
    fc.property(pair, pair, (left, right) => {
      const order = Buffer.compare(encodeKey(left), encodeKey(right));
      expect(order).toBe(compareLists(left, right));
    }),
    { numRuns: 5000 },
  );
});

test("texts and bytes that differ only in zero bytes and length are told apart by what they are", () => {
  const text = fc.string({ unit: fc.constantFrom("\u0000", "\u0001", "\u00ff"), maxLength: 3 });
  const part = fc.oneof(
    text,
    text.map((letters): Value => Uint8Array.from(Buffer.from(letters, "latin1")).buffer),
    text.map((letters): Value => [letters]),
  );
  const list = fc.tuple(part, fc.constantFrom(undefined, null, {}, "\u0000"));
  fc.assert(
    fc.property(list, list, (left, right) => {
      const order = Buffer.compare(encodeKey(left), encodeKey(right));
      expect(order).toBe(compareLists(left, right));
    }),
    { numRuns: 3000 },
  );
});

test("everything with a prefix lies from the prefix to just before what follows it", () => {
  fc.assert(
    fc.property(field, field, field, (first, second, other) => {
      const prefix = encodeKey([first]);
      const key = encodeKey([first, second]);
      expect(Buffer.compare(prefix, key)).toBe(-1);
      expect(Buffer.compare(key, afterPrefix(prefix))).toBe(-1);
      const outside = encodeKey([other]);
      if (compareValues(other, first) > 0) {
        expect(Buffer.compare(outside, afterPrefix(prefix))).toBe(1);
      }
      expect(Buffer.compare(key, afterKey(key))).toBe(-1);
    }),
    { numRuns: 2000 },
  );
});

test("types are ordered as Convex orders them", () => {
  const ascending = [undefined, null, -5n, 3n, -Infinity, -0, 0, NaN, false, true, "", "a"];
  const keys = [...ascending, new ArrayBuffer(1), [], {}].map((part) => encodeKey([part]));
  expect([...keys].sort(Buffer.compare)).toEqual(keys);
});
