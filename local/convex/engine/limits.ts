import { getConvexSize, type Value } from "convex/values";
import type { CallUsage } from "../types.ts";
import { isPlainObject } from "./key-codec.ts";

/** The limits of a Convex deployment, as its documentation states them. */
const LIMITS = {
  documentBytes: 1 << 20,
  fields: 1024,
  documentNesting: 16,
  valueNesting: 64,
  arrayItems: 8192,
  topLevelFieldName: 64,
  argumentBytes: 16 << 20,
  returnBytes: 16 << 20,
  documentsRead: 32_000,
  documentsWritten: 16_000,
  bytesRead: 16 << 20,
  bytesWritten: 16 << 20,
  databaseQueries: 4096,
  functionsScheduled: 1000,
  scheduledFunctionArgsBytes: 16 << 20,
} as const;

function mib(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(2)} MiB`;
}

function checkShape(value: Value | undefined, nesting: number, allowed: number): void {
  if (typeof value === "string") {
    if (!value.isWellFormed()) {
      throw new Error(
        "A string holds half of a character (an unpaired surrogate), which Convex cannot store. Use `toWellFormed()` on it first.",
      );
    }
  } else if (Array.isArray(value)) {
    checkNesting(nesting, allowed);
    if (value.length > LIMITS.arrayItems) {
      throw new Error(
        `Array length is too long (${value.length} > maximum length ${LIMITS.arrayItems})`,
      );
    }
    for (const item of value) checkShape(item, nesting + 1, allowed);
  } else if (isPlainObject(value)) {
    checkNesting(nesting, allowed);
    checkFields(value, nesting, allowed);
  }
}

function checkNesting(nesting: number, allowed: number): void {
  if (nesting > allowed) {
    throw new Error(
      `Value is nested too deeply: arrays and objects may nest up to ${allowed} levels.`,
    );
  }
}

function checkFields(value: { [key: string]: Value }, nesting: number, allowed: number): void {
  const names = Object.keys(value);
  if (names.length > LIMITS.fields) {
    throw new Error(
      `Object has too many fields (${names.length} > maximum number ${LIMITS.fields})`,
    );
  }
  for (const name of names) {
    if (name === "") throw new Error("Field name must not be empty.");
    checkShape(value[name], nesting + 1, allowed);
  }
}

/** Refuses a document that a deployment would refuse whatever its schema says; answers its size in bytes. */
export function checkDocument(fields: { [key: string]: Value }, size: number): void {
  for (const name of Object.keys(fields)) {
    if (name.startsWith("_") && name !== "_id" && name !== "_creationTime") {
      throw new Error(
        `Field '${name}' starts with an underscore, which is only allowed for system fields like '_id'.`,
      );
    }
    if (name.length > LIMITS.topLevelFieldName) {
      throw new Error(
        `Field name ${name} is too long (${name.length} > maximum ${LIMITS.topLevelFieldName})`,
      );
    }
  }
  if (size > LIMITS.documentBytes) {
    throw new Error(`Value is too large (${mib(size)} > maximum size 1 MiB)`);
  }
  checkShape(fields, 1, LIMITS.documentNesting);
}

/** Refuses arguments or a return value that are too large or of a shape that Convex does not carry. */
export function checkCallValue(value: Value, what: "arguments" | "return value"): void {
  const size = getConvexSize(value);
  const limit = what === "arguments" ? LIMITS.argumentBytes : LIMITS.returnBytes;
  if (size > limit) {
    throw new Error(`Function ${what} too large (${mib(size)} > maximum ${mib(limit)})`);
  }
  checkShape(value, 1, LIMITS.valueNesting);
}

const COUNTED = {
  documentsRead: [
    "Too many documents read in a single function execution",
    "Read fewer documents at a time: use an index with a narrow range, `take` or pagination.",
  ],
  bytesRead: [
    "Too many bytes read in a single function execution",
    "Read fewer documents at a time: use an index with a narrow range, `take` or pagination.",
  ],
  databaseQueries: [
    "Too many reads in a single function execution",
    "Read several documents with one index range instead of one by one.",
  ],
  documentsWritten: [
    "Too many writes in a single function execution",
    "Split the work over several mutations.",
  ],
  bytesWritten: [
    "Too many bytes written in a single function execution",
    "Split the work over several mutations.",
  ],
  functionsScheduled: [
    "Too many functions scheduled by this mutation",
    "Schedule one function that schedules the rest.",
  ],
  scheduledFunctionArgsBytes: [
    "Too large total size of the arguments of scheduled functions from this mutation",
    "Store the data in a document and pass its id.",
  ],
} as const;

/** One of the things that a transaction counts. */
export type Metric = keyof typeof COUNTED;

/** Counts what one transaction reads and writes, and refuses to go past the limits. */
export class Usage {
  private readonly used: Record<Metric, number> = {
    documentsRead: 0,
    bytesRead: 0,
    databaseQueries: 0,
    documentsWritten: 0,
    bytesWritten: 0,
    functionsScheduled: 0,
    scheduledFunctionArgsBytes: 0,
  };

  add(metric: Metric, amount: number): void {
    this.used[metric] += amount;
    if (this.used[metric] > LIMITS[metric]) {
      const [problem, advice] = COUNTED[metric];
      throw new Error(`${problem} (limit: ${LIMITS[metric]}). ${advice}`);
    }
  }

  /** What a nested call had written is forgotten when it is rolled back; what it read was read. */
  mark(): Record<Metric, number> {
    return { ...this.used };
  }

  forgetWritesSince(mark: Record<Metric, number>): void {
    for (const metric of ["documentsWritten", "bytesWritten", "functionsScheduled"] as const) {
      this.used[metric] = mark[metric];
    }
    this.used.scheduledFunctionArgsBytes = mark.scheduledFunctionArgsBytes;
  }

  /** What was read and written. */
  counts(): CallUsage {
    const { documentsRead, bytesRead, databaseQueries, documentsWritten, bytesWritten } = this.used;
    return { documentsRead, bytesRead, databaseQueries, documentsWritten, bytesWritten };
  }

  /** The answer of `ctx.meta.getTransactionMetrics()`. */
  report(): Record<string, { used: number; remaining: number }> {
    return Object.fromEntries(
      Object.entries(this.used).map(([metric, used]) => [
        metric,
        { used, remaining: LIMITS[metric as Metric] - used },
      ]),
    );
  }
}
