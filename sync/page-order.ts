/**
 * How readings of a page's elements fit what is known of their session. Such a page may show ten of sixty messages, so a reading's own
 * order begins anywhere: each message keeps the place that it was given first, and new ones get theirs between, before or after.
 */
import type { MessageReading, SessionReading } from "../convex/validators";

/** How a reading of a page's elements came about (`Reading.fromPage` of agents/agent). */
export interface PageOrigin {
  /** Key of the message that was still being written. */
  runningKey?: string;
  /** Keys of the messages to which the page gives no id. */
  madeKeys: string[];
}

/** What is known of a message, waiting or acknowledged. `fullness`: it was read from the page's elements. */
export interface Known {
  position?: number;
  parentKey?: string;
  fullness?: number;
}

interface PageSession {
  session: SessionReading;
  messages: MessageReading[];
}

/** How much a reading of a message holds; one that is still being written gives way to any other. */
export function fullnessOf(message: MessageReading, { runningKey }: PageOrigin): number {
  if (message.key === runningKey) return 0;
  const { parts, parentKey, model, createdAt } = message;
  const fields = [parentKey, model, createdAt].filter((field) => field !== undefined);
  // A single character more counts for more than all the fields.
  return JSON.stringify(parts).length * 4 + fields.length;
}

/** Positions that rise: those that are known, and between them as many as are new. */
function placesOf(messages: readonly MessageReading[], known: ReadonlyMap<string, Known>) {
  let last = -Infinity;
  const fixed = messages.map(({ key }) => {
    const position = known.get(key)?.position;
    if (position === undefined || position <= last) return undefined;
    last = position;
    return position;
  });
  const first = fixed.findIndex((position) => position !== undefined);
  if (first === -1) return messages.map((_, at) => at);
  const nextAt = fixed.map(() => -1);
  for (let at = fixed.length - 2; at >= 0; at -= 1) {
    nextAt[at] = fixed[at + 1] === undefined ? nextAt[at + 1]! : at + 1;
  }
  let from = first;
  return fixed.map((position, at) => {
    if (position !== undefined) from = at;
    if (at <= from) return fixed[from]! - (from - at);
    const next = nextAt[at]!;
    if (next === -1) return fixed[from]! + (at - from);
    return fixed[from]! + ((fixed[next]! - fixed[from]!) * (at - from)) / (next - from);
  });
}

/**
 * A reading of a page's elements with the places and the beginning that are known. Where the session's traffic was read, messages without
 * ids are left out: they are there under their own.
 */
export function placePage<Page extends PageSession>(
  page: Page,
  { madeKeys }: PageOrigin,
  known: ReadonlyMap<string, Known>,
): Page {
  const hasTraffic = [...known.values()].some(({ fullness }) => fullness === undefined);
  const made = new Set(hasTraffic ? madeKeys : []);
  const kept = page.messages.filter(({ key }) => !made.has(key));
  const keys = new Set(kept.map(({ key }) => key));
  const places = placesOf(kept, known);
  const messages = kept.map((message, at): MessageReading => {
    const before = known.get(message.key)?.parentKey;
    const above = kept[at - 1]?.key ?? (before && !keys.has(before) ? before : undefined);
    const placed: MessageReading = { ...message, position: places[at]! };
    delete placed.parentKey;
    return above === undefined ? placed : { ...placed, parentKey: above };
  });
  // What the traffic knows may be far from the end: the page shows as much as it is scrolled to.
  const leaf = known.get(page.session.activeLeafKey ?? "");
  const isLeafOld = leaf !== undefined && leaf.fullness === undefined;
  if (kept.length === page.messages.length && !isLeafOld) return { ...page, messages };
  const session = { ...page.session };
  delete session.activeLeafKey;
  // Of a session whose traffic was read that says how sure it is.
  delete session.certainty;
  return { ...page, session, messages };
}
