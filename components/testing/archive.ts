import type { Id } from "../../convex/_generated/dataModel";
import type { Message, Session } from "../archive/types";

/** A message of a session, with what a test says about it. */
export function messageOf(given: Partial<Message> & { key: string }): Message {
  return {
    id: given.key as Id<"messages">,
    role: "assistant",
    position: Number(given.key.replace(/\D/g, "")) || 0,
    state: "final",
    parts: [],
    hash: `hash of ${given.key}`,
    ...given,
  };
}

/** A session's header, with what a test says about it. */
export function sessionOf(given: Partial<Session> = {}): Session {
  return {
    id: "session1" as Id<"sessions">,
    agent: "opencode",
    key: "ses_1",
    updatedAt: Date.UTC(2026, 10, 20, 12),
    messageCount: 1,
    usage: {
      ...{ sessions: 1, messages: 1, durationMs: 0, cost: 0, estimatedCost: 0 },
      tokens: {
        ...{ input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 },
        ...{ total: 0, estimated: 0 },
      },
    },
    ...given,
  };
}
