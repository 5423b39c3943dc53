import { ConvexError } from "convex/values";

/** What a client can act on. */
export type RefusalCode =
  | "unauthenticated"
  | "user-missing"
  | "too-many-messages"
  | "batch-too-large"
  | "invalid-session"
  | "invalid-agents"
  | "invalid-range"
  | "invalid-search"
  | "no-embedding-provider"
  | "invalid-key"
  | "too-many-keys"
  | "session-blocked"
  | "session-erased"
  | "invalid-change"
  | "erasing"
  | "account-erased";

/** `data` of every ConvexError that this backend throws; nothing was written. `message` is for people. */
export type Refusal = { code: RefusalCode; message: string };

/** The error with which a mutation refuses as a whole. */
export function refusal(code: RefusalCode, message: string): ConvexError<Refusal> {
  return new ConvexError({ code, message });
}
