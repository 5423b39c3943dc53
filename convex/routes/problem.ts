import { ConvexError } from "convex/values";
import type { Refusal, RefusalCode } from "../model/errors";
import { retryAfter } from "../model/limits";

/** A request that cannot be answered as asked; `message` is for people and for whoever wrote the client. */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Problem";
    this.status = status;
  }
}

/** Statuses of the refusals that are not a conflict with what is stored. */
const statuses: Partial<Record<RefusalCode, number>> = {
  unauthenticated: 401,
  "user-missing": 401,
  "too-many-messages": 413,
  "batch-too-large": 413,
  "invalid-session": 400,
  "invalid-search": 400,
};

function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof ConvexError)) return undefined;
  const data = error.data as Partial<Refusal> | null;
  return typeof data?.code === "string" ? (data as Refusal) : undefined;
}

/** The problem behind whatever was thrown, if the caller can do something about it. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  const refusal = refusalOf(error);
  return refusal && new Problem(statuses[refusal.code] ?? 409, refusal.message);
}

/** Where a fault of ours happened, for the log: the error's text may quote what the caller sent, so it is left out. */
function place(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return [error.name, ...frames.slice(0, 3).map((line) => line.trim())].join(" ");
}

/** Logs a fault of ours, and gives the sentence that says nothing of it but the number by which the log can be searched. */
export function reportFault(error: unknown): string {
  const id = crypto.randomUUID();
  console.error(`request ${id} failed: ${place(error)}`);
  return `Something went wrong on the server. Try again; if it stays, report request ${id}.`;
}

/** The answer to a request that failed. */
export function problemAnswer(error: unknown): Response {
  const seconds = retryAfter(error);
  if (seconds !== undefined) {
    return Response.json(
      {
        error: `Too much at once: nothing was done. Send it again in ${seconds} seconds.`,
      },
      { status: 429, headers: { "Retry-After": String(seconds) } },
    );
  }
  const problem = problemOf(error);
  if (problem !== undefined) {
    return Response.json({ error: problem.message }, { status: problem.status });
  }
  return Response.json({ error: reportFault(error) }, { status: 500 });
}
