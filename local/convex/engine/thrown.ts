import type { Json, Outcome } from "../types.ts";

const CONVEX_ERROR = Symbol.for("ConvexError");
const MAX_FRAMES = 10;

/** What a function threw, read from whatever context it came. */
export interface Thrown {
  name: string;
  message: string;
  /** Set for a ConvexError: its data in Convex's JSON. */
  data?: Json;
  stack: string[];
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null;
}

/** Lines of a stack that lie in pushed code; the engine's own say nothing to a person. */
function pushedFrames(stack: unknown): string[] {
  if (typeof stack !== "string") return [];
  return stack
    .split("\n")
    .filter((line) => line.includes("convex:/") && !line.includes("convex:/turn"))
    .map((line) => line.trim().replace("convex:/", "../convex/"))
    .slice(0, MAX_FRAMES);
}

/** Reads a thrown value. */
export function readThrown(thrown: unknown): Thrown {
  if (!isObject(thrown)) return { name: "Error", message: String(thrown), stack: [] };
  const read: Thrown = {
    name: typeof thrown.name === "string" ? thrown.name : "Error",
    message: typeof thrown.message === "string" ? thrown.message : String(thrown),
    stack: pushedFrames(thrown.stack),
  };
  if (CONVEX_ERROR in thrown && typeof thrown.data === "string") {
    read.data = JSON.parse(thrown.data) as Json;
    read.name = "ConvexError";
  }
  return read;
}

/** An error that `convex/server` turns into the caller's own kind of error. */
export function toSyscallError(thrown: Thrown): Error {
  const error = new Error(thrown.message);
  return thrown.data === undefined ? error : Object.assign(error, { data: thrown.data });
}

/** The answer to a call that failed by what the function threw. */
export function failedOutcome(thrown: unknown, logLines: string[]): Outcome {
  const { name, message, data, stack } = readThrown(thrown);
  const text = [`Uncaught ${name}: ${message}`, ...stack.map((line) => `    ${line}`)].join("\n");
  return data === undefined
    ? { success: false, errorMessage: text, logLines }
    : { success: false, errorMessage: text, errorData: data, logLines };
}
