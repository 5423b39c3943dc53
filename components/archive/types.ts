import type { FunctionReturnType } from "convex/server";
import type { api } from "../../convex/_generated/api";

/** A session's header as the archive gives it. */
export type Session = NonNullable<FunctionReturnType<typeof api.sessions.get>>;

/** A message as the archive gives it. */
export type Message = FunctionReturnType<typeof api.messages.list>["page"][number];
