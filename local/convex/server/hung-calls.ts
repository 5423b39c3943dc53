import { createHash } from "node:crypto";
import type { Json, Outcome } from "../types.ts";

/** One call of a function: its name, and a digest of name and arguments that tells calls apart without holding them. */
export interface CallMark {
  path: string;
  digest: string;
}

export function markOf(path: string, args: Json): CallMark {
  const digest = createHash("sha256").update(path).update(JSON.stringify(args)).digest("hex");
  return { path, digest };
}

/**
 * Calls that have hung the backend and are refused from then on: clients resend what was not answered, so without this a
 * hung mutation or live query would hang every restart again. A push clears it, as new code may have mended the loop.
 */
export class HungCalls {
  #marks: CallMark[];
  readonly #limitSeconds: number;

  constructor(marks: CallMark[], limitSeconds: number) {
    this.#marks = marks;
    this.#limitSeconds = limitSeconds;
  }

  clear(): void {
    this.#marks = [];
  }

  refusal(path: string, args: Json): Outcome | null {
    if (this.#marks.length === 0) return null;
    const { digest } = markOf(path, args);
    if (!this.#marks.some((mark) => mark.digest === digest)) return null;
    return {
      success: false,
      errorMessage:
        `The function ${path} ran for ${this.#limitSeconds} seconds without a pause with these arguments and was stopped; ` +
        "nothing that it wrote was kept. Look for an endless loop in it and push the code again.",
      logLines: [],
    };
  }
}
