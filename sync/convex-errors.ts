/** Everything that a call to Convex can end with other than its value, told apart at this one place. */
import { ConvexError } from "convex/values";
import type { Trouble } from "../utils/errors";
import { trouble } from "./troubles";

/** Try again later; `after` is the least wait in ms that the other side asked for. */
export interface Later {
  kind: "later";
  after?: number;
  trouble: Trouble;
  /** The function itself failed, and may well fail each time for the same arguments. */
  isFunctionError?: boolean;
}

/** Convex will not take it, now or later. */
export interface Refused {
  kind: "refused";
  /** For people. */
  reason: string;
  /** It is the session that is refused, so every batch of it is. */
  isSession?: boolean;
}

/** Why a call gave no value. `unauthorised`: this token is not accepted. `unknown-user`: the person has no row there yet. */
export type CallFailure =
  Later | { kind: "signed-out" } | { kind: "unauthorised" } | { kind: "unknown-user" } | Refused;

/** An answer whose HTTP status is not one of a function's result. */
export class HttpFailure extends Error {
  override name = "HttpFailure";
  readonly status: number;
  /** ms, or undefined when the answer names no time. */
  readonly after: number | undefined;
  constructor(status: number, after: number | undefined) {
    super(`HTTP ${status}`);
    this.status = status;
    this.after = after;
  }
}

/** Retry-After in ms: seconds or a date. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function fromHttp({ status, after }: HttpFailure, at: number): CallFailure {
  if (status === 401 || status === 403) return { kind: "unauthorised" };
  if (status === 429) return { kind: "later", after, trouble: trouble("rate-limited", at) };
  if (status === 413) {
    return { kind: "refused", reason: "Convex says that it is too large for one request." };
  }
  if (status >= 500) {
    return { kind: "later", after, trouble: trouble("deployment-unreachable", at) };
  }
  return { kind: "later", after, trouble: trouble("deployment-invalid", at) };
}

/** Codes that refuse a session whatever messages come with it. */
const ofSession = ["invalid-session", "session-blocked"];

function fromRefusal(data: unknown, at: number): CallFailure {
  const { code, message } = (typeof data === "object" && data !== null ? data : {}) as Record<
    string,
    unknown
  >;
  if (code === "unauthenticated") return { kind: "unauthorised" };
  if (code === "user-missing") return { kind: "unknown-user" };
  // An erasing ends by itself; what then may not be stored is refused for good.
  if (code === "rate-limited" || code === "erasing")
    return { kind: "later", trouble: trouble("rate-limited", at) };
  const reason = typeof message === "string" ? message : "Convex gave no reason.";
  return { kind: "refused", reason, isSession: ofSession.includes(String(code)) };
}

/** Sorts what a call through ConvexHttpClient threw. The texts are Convex's own; none of them is shown or kept. */
export function classify(error: unknown, at: number): CallFailure {
  if (error instanceof HttpFailure) return fromHttp(error, at);
  if (error instanceof ConvexError) return fromRefusal(error.data, at);
  if (error instanceof SyntaxError) {
    return { kind: "later", trouble: trouble("deployment-invalid", at) };
  }
  // fetch throws a TypeError without an answer, and a DOMException when our time limit ended it.
  if (error instanceof TypeError || error instanceof DOMException) {
    return { kind: "later", trouble: trouble("deployment-unreachable", at) };
  }
  const text = error instanceof Error ? error.message : "";
  if (text.includes("Could not find public function")) {
    return { kind: "later", trouble: trouble("deployment-outdated", at) };
  }
  if (text.startsWith("Invalid response:")) {
    return { kind: "later", trouble: trouble("deployment-invalid", at) };
  }
  if (text.includes("ArgumentValidationError")) {
    const reason =
      "The deployment does not know this kind of content; it may be older than this extension.";
    return { kind: "refused", reason };
  }
  return { kind: "later", trouble: trouble("unexpected", at), isFunctionError: true };
}
