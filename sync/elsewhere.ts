/**
 * Sessions that a site only shows, while a plugin uploads them from where they run. Some answers say so of a session, others carry its
 * messages without a word; so what was said is remembered, and nothing of such a session is kept from the site.
 */
import { elsewhereSessions } from "../utils/storage";
import type { Captured } from "./outbox";

/** Sessions remembered per person, the newest. */
const MOST = 2_000;

let turn: Promise<unknown> = Promise.resolve();

/** A sub-agent's session is named by its parent's key, a slash, and its own. */
function idOf(agentId: string, key: string): string {
  return `${agentId} ${key.split("/")[0]}`;
}

async function remember(owner: string, ids: string[]): Promise<string[]> {
  const all = await elsewhereSessions.getValue();
  const known = all[owner] ?? [];
  const added = ids.filter((id) => !known.includes(id));
  if (added.length === 0) return known;
  const next = [...known, ...added].slice(-MOST);
  await elsewhereSessions.setValue({ ...all, [owner]: next });
  return next;
}

/** The readings without those of sessions that run elsewhere; what they say of that is remembered. */
export function leaveOutElsewhere<T extends Captured & { isElsewhere?: true }>(
  owner: string,
  agentId: string,
  readings: readonly T[],
): Promise<T[]> {
  const said = readings.filter(({ isElsewhere }) => isElsewhere);
  // Reading and writing back must not cross with another change.
  const result = turn.then(async () => {
    const ids = said.map(({ session }) => idOf(agentId, session.key));
    const known = new Set(await remember(owner, ids));
    return readings.filter(({ session }) => !known.has(idOf(agentId, session.key)));
  });
  turn = result.catch(() => undefined);
  return result;
}
