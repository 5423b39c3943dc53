/** Readings for tests. */
import type { MessageReading } from "../../convex/validators";
import type { Captured } from "../outbox";

/** A message whose content is `text`. */
export function message(key: string, text = "hello", state: MessageReading["state"] = "final") {
  const parts = [{ type: "text" as const, text }];
  return { key, role: "user" as const, position: 1, state, parts } satisfies MessageReading;
}

/** A reading of one session of opencode. */
export function captured(
  session: string,
  messages: MessageReading[] = [],
  header: Partial<Captured["session"]> = {},
): Captured {
  return { session: { agent: "opencode", key: session, ...header }, messages };
}
