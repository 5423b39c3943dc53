import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import type { Caller } from "../types.ts";
import type { FrameHandle } from "./bootstrap.ts";
import type { QueryStream } from "./query.ts";
import type { Transaction } from "./transaction.ts";

const MAX_LINES = 256;
const MAX_LINE_BYTES = 4096;

/** The kinds of functions. */
export type FunctionKind = "query" | "mutation" | "action";

/** One call from outside, with everything that it calls in turn. */
export class Execution {
  readonly id = randomUUID();
  readonly caller: Caller;
  /** Null in actions, which have no transaction. */
  readonly tx: Transaction | null;
  readonly logLines: string[] = [];
  readonly scheduledFunctionId: string | null;
  /** First continueCursor of a paginated query of an earlier run, or of this one. */
  journal: string | null;
  isOver = false;
  private readonly now: (() => number) | null;
  private seed = (Math.random() * 2 ** 32) >>> 0;

  constructor(options: {
    caller: Caller;
    tx: Transaction | null;
    journal?: string | null;
    scheduledFunctionId?: string | null;
    now: () => number;
  }) {
    this.caller = options.caller;
    this.tx = options.tx;
    this.journal = options.journal ?? null;
    this.scheduledFunctionId = options.scheduledFunctionId ?? null;
    this.now = options.now;
  }

  time(): number {
    return this.tx === null ? Math.floor(this.now!()) : this.tx.startedAt;
  }

  /** Seeded once per call (mulberry32), so a call depends on nothing that another one drew. */
  random(): number {
    if (this.tx === null) return Math.random();
    this.seed = (this.seed + 0x6d2b79f5) >>> 0;
    let mixed = this.seed;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  log(level: string, values: readonly unknown[]): void {
    if (this.isOver || this.logLines.length >= MAX_LINES) return;
    const text = values
      .map((value) => (typeof value === "string" ? `'${value}'` : inspect(value)))
      .join(" ");
    this.logLines.push(`[${level.toUpperCase()}] ${text}`.slice(0, MAX_LINE_BYTES));
  }
}

/** One function on the stack of an execution. */
export interface Frame extends FrameHandle {
  execution: Execution;
  /** `module:export`. */
  path: string;
  kind: FunctionKind;
  streams: Map<number, QueryStream>;
  hasPaginated: boolean;
  depth: number;
}

/** The frame that the running code belongs to, also across its awaits. */
export const currentFrame = new AsyncLocalStorage<Frame>();

/** A frame for a function that is about to be called. */
export function newFrame(execution: Execution, path: string, kind: FunctionKind, depth = 0): Frame {
  return {
    execution,
    path,
    kind,
    streams: new Map(),
    hasPaginated: false,
    pending: null,
    depth,
  };
}

/** The frame of a call into the engine; refuses calls of functions that have already answered. */
export function requireFrame(): Frame {
  const frame = currentFrame.getStore();
  if (frame === undefined) {
    throw new Error("The database can only be used inside a query, mutation or action.");
  }
  if (frame.execution.isOver) {
    throw new Error(
      `${frame.path} used its ctx after it had answered. Await every promise inside the function.`,
    );
  }
  return frame;
}
