import type { ArchivedSession } from "./archive.ts";

/** A delay longer than this is no delay of the upload: an old session was opened again. */
const LONGEST_DELAY_MS = 60_000;

/** Tells sessions that are new or have grown from those that were there before, and puts each into a line. */
export class SessionLines {
  #seen: Map<string, ArchivedSession> | null = null;

  /** The lines for what has changed since the last call; the first call only learns what is there. */
  changed(sessions: ArchivedSession[]): string[] {
    const before = this.#seen;
    this.#seen = new Map([...(before ?? []), ...sessions.map((one) => [one.id, one] as const)]);
    if (!before) return [];
    const isNews = ({ id, messageCount }: ArchivedSession) =>
      messageCount > 0 && before.get(id)?.messageCount !== messageCount;
    return sessions.filter(isNews).reverse().map(sessionLine);
  }
}

/** For example: opencode: 'Fix the bug', 4 messages, in Convex after 310 ms */
export function sessionLine(session: ArchivedSession): string {
  const { agent, title, messageCount, siteUpdatedAt, updatedAt } = session;
  const count = `${messageCount} ${messageCount === 1 ? "message" : "messages"}`;
  const delay = siteUpdatedAt === undefined ? NaN : updatedAt - siteUpdatedAt;
  const isDelay = delay >= 0 && delay < LONGEST_DELAY_MS;
  const place = isDelay ? `in Convex after ${Math.round(delay)} ms` : "in Convex";
  return `${agent}: '${title ?? "untitled"}', ${count}, ${place}`;
}
