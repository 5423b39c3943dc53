import { compareValues, jsonToConvex, type Value } from "convex/values";
import type { Json } from "../types.ts";
import { isPlainObject } from "./key-codec.ts";

/** A validator as `convex/values` exports it in JSON. */
export type ValidatorJson =
  | { type: "null" | "number" | "bigint" | "boolean" | "string" | "bytes" | "any" | "commitTs" }
  | { type: "literal"; value: Json }
  | { type: "id"; tableName: string }
  | { type: "array"; value: ValidatorJson }
  | { type: "record"; keys: ValidatorJson; values: FieldJson }
  | { type: "union"; value: ValidatorJson[] }
  | { type: "object"; value: Record<string, FieldJson> };

interface FieldJson {
  fieldType: ValidatorJson;
  optional: boolean;
}

/** Whether a text is an id of the named table. */
export type IsIdOf = (tableName: string, id: string) => boolean;

/** Where and why a value does not fit. Says the kind of the value, never the value: it may be somebody's conversation. */
export interface Mismatch {
  /** Dotted path inside the value, empty at its top. */
  path: string;
  message: string;
}

function kindOf(value: Value | undefined): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value instanceof ArrayBuffer) return "bytes";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function describe(validator: ValidatorJson): string {
  switch (validator.type) {
    case "literal":
      return `v.literal(${JSON.stringify(validator.value)})`;
    case "id":
      return `v.id("${validator.tableName}")`;
    case "array":
      return `v.array(${describe(validator.value)})`;
    case "record":
      return `v.record(${describe(validator.keys)}, ${describe(validator.values.fieldType)})`;
    case "union":
      return `v.union(${validator.value.map(describe).join(", ")})`;
    case "object":
      return `v.object({${describeFields(validator.value)}})`;
    case "number":
      return "v.float64()";
    case "bigint":
      return "v.int64()";
    default:
      return `v.${validator.type}()`;
  }
}

function describeFields(fields: Record<string, FieldJson>): string {
  return Object.entries(fields)
    .map(([name, { fieldType, optional }]) => {
      const described = describe(fieldType);
      return `${name}: ${optional ? `v.optional(${described})` : described}`;
    })
    .join(", ");
}

function wrong(validator: ValidatorJson, value: Value | undefined, path: string): Mismatch {
  const place = path === "" ? "" : `\nPath: ${path}`;
  return {
    path,
    message: `Value does not match validator.${place}\nValue: ${kindOf(value)}\nValidator: ${describe(validator)}`,
  };
}

function fits(validator: ValidatorJson, value: Value, isIdOf: IsIdOf): boolean {
  switch (validator.type) {
    case "any":
      return true;
    case "null":
      return value === null;
    case "bytes":
      return value instanceof ArrayBuffer;
    case "number":
    case "boolean":
    case "string":
    case "bigint":
      return typeof value === validator.type;
    case "literal":
      return compareValues(value, jsonToConvex(validator.value)) === 0;
    case "id":
      return typeof value === "string" && isIdOf(validator.tableName, value);
    default:
      return false;
  }
}

/** Null when the value fits the validator. */
export function findMismatch(
  validator: ValidatorJson,
  value: Value,
  isIdOf: IsIdOf,
  path = "",
): Mismatch | null {
  switch (validator.type) {
    case "array":
      if (!Array.isArray(value)) return wrong(validator, value, path);
      return firstMismatch(value, (item, index) =>
        findMismatch(validator.value, item, isIdOf, `${path}[${index}]`),
      );
    case "union":
      return findUnionMismatch(validator, value, isIdOf, path);
    case "object":
      if (!isPlainObject(value)) return wrong(validator, value, path);
      return findObjectMismatch(validator.value, value, isIdOf, path);
    case "record":
      if (!isPlainObject(value)) return wrong(validator, value, path);
      return firstMismatch(
        Object.entries(value),
        ([key, item]) =>
          findMismatch(validator.keys, key, isIdOf, `${path}.<key>`) ??
          findMismatch(validator.values.fieldType, item, isIdOf, `${path}.${key}`),
      );
    default:
      return fits(validator, value, isIdOf) ? null : wrong(validator, value, path);
  }
}

function firstMismatch<T>(
  items: readonly T[],
  find: (item: T, index: number) => Mismatch | null,
): Mismatch | null {
  for (const [index, item] of items.entries()) {
    const mismatch = find(item, index);
    if (mismatch !== null) return mismatch;
  }
  return null;
}

function findUnionMismatch(
  validator: ValidatorJson & { type: "union" },
  value: Value,
  isIdOf: IsIdOf,
  path: string,
): Mismatch | null {
  let only: Mismatch | null = null;
  for (const member of validator.value) {
    const mismatch = findMismatch(member, value, isIdOf, path);
    if (mismatch === null) return null;
    only = mismatch;
  }
  return validator.value.length === 1 && only ? only : wrong(validator, value, path);
}

function findObjectMismatch(
  fields: Record<string, FieldJson>,
  value: { [key: string]: Value },
  isIdOf: IsIdOf,
  path: string,
): Mismatch | null {
  const place = path === "" ? "" : `\nPath: ${path}`;
  for (const [name, field] of Object.entries(fields)) {
    const present = Object.hasOwn(value, name) ? value[name] : undefined;
    if (present !== undefined) {
      const mismatch = findMismatch(field.fieldType, present, isIdOf, `${path}.${name}`);
      if (mismatch !== null) return mismatch;
    } else if (!field.optional) {
      return {
        path: `${path}.${name}`,
        message: `Object is missing the required field \`${name}\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.${place}`,
      };
    }
  }
  const extra = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
  if (extra === undefined) return null;
  return {
    path: `${path}.${extra}`,
    message: `Object contains extra field \`${extra}\` that is not in the validator.${place}`,
  };
}
