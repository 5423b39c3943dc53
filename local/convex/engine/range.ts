import { jsonToConvex, type JSONValue, type Value } from "convex/values";
import type { IndexInfo } from "./catalog.ts";
import { afterPrefix, encodeKey } from "./key-codec.ts";
import type { KeyRange } from "./store.ts";

/** One condition of `withIndex`, as `convex/server` sends it. */
export interface RangeExpression {
  type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  fieldPath: string;
  value: JSONValue;
}

/** A value inside a query, where `undefined` stands for a missing field. */
export function queryValue(json: JSONValue): Value | undefined {
  if (json !== null && typeof json === "object" && !Array.isArray(json) && "$undefined" in json) {
    return undefined;
  }
  return jsonToConvex(json);
}

function wrongField(expected: string | undefined, got: string): Error {
  return new Error(
    expected === undefined
      ? `Incorrect field used in \`withIndex\`: the index has no field after its last, got "${got}".`
      : `Incorrect field used in \`withIndex\`: expected "${expected}", got "${got}". Use the index's fields in their order, and \`.gt\` and \`.lt\` on the same field.`,
  );
}

/** The keys of an index that fulfil the conditions: equalities on its first fields, then bounds on the next. */
export function rangeOf(index: IndexInfo, conditions: readonly RangeExpression[]): KeyRange {
  const equal: (Value | undefined)[] = [];
  let at = 0;
  for (; conditions[at]?.type === "Eq"; at++) {
    const { fieldPath, value } = conditions[at]!;
    if (fieldPath !== index.fields[at]) throw wrongField(index.fields[at], fieldPath);
    equal.push(queryValue(value));
  }
  const prefix = encodeKey(equal);
  const range = { low: prefix, high: afterPrefix(prefix) };
  let hasLow = false;
  let hasHigh = false;
  for (const { type, fieldPath, value } of conditions.slice(at)) {
    const isLower = type === "Gt" || type === "Gte";
    if (type === "Eq" || (isLower ? hasLow : hasHigh)) {
      throw new Error(
        `Incorrect operator used in \`withIndex\`: after a bound only the opposite bound on the same field may follow, got \`.${type.toLowerCase()}\`.`,
      );
    }
    if (fieldPath !== index.fields[equal.length]) {
      throw wrongField(index.fields[equal.length], fieldPath);
    }
    const bound = encodeKey([...equal, queryValue(value)]);
    // A bound after a value lies after everything that starts with it: further fields only sort inside it.
    const edge = type === "Gt" || type === "Lte" ? afterPrefix(bound) : bound;
    if (isLower) {
      range.low = edge;
      hasLow = true;
    } else {
      range.high = edge;
      hasHigh = true;
    }
  }
  return range;
}
