/**
 * The messages of one session, put together from what a page has mounted at one time and another. A page that shows four of sixty messages
 * shows each window in its order: what is in two windows tells where the rest belongs.
 */
import type { PageMessage } from "../../agents/shared/page-reading";

/** What one look at the page brought. */
export interface Look {
  /** In the page's order. */
  messages: readonly PageMessage[];
  /** The last of them is still being written. */
  isLastRough: boolean;
  /** Where it belongs when it shares nothing with what was seen before. */
  side: "above" | "below";
}

interface Entry {
  message: PageMessage;
  /** Something may lie between it and the one before. */
  isAfterGap: boolean;
  /** Read while it was being written. */
  isRough: boolean;
}

const bareTexts = new WeakMap<PageMessage, string>();

/** A text without what styling and highlighting change. */
function bareOf(message: PageMessage): string {
  const known = bareTexts.get(message);
  if (known !== undefined) return known;
  const bare =
    message.text.replace(/[^\p{L}\p{N}]+/gu, "") || JSON.stringify(message.files ?? message.text);
  bareTexts.set(message, bare);
  return bare;
}

function isSame(one: PageMessage, other: PageMessage): boolean {
  if (one === other) return true;
  if (one.id !== undefined && other.id !== undefined) return one.id === other.id;
  if (one.role !== other.role) return false;
  const [a, b] = [bareOf(one), bareOf(other)];
  return a.startsWith(b) || b.startsWith(a);
}

/** Where each message of a look is among the known ones, by id; -1 where it is not. */
function matchIds(known: readonly Entry[], looked: readonly PageMessage[]): number[] {
  const places = new Map(known.flatMap(({ message: { id } }, at) => (id ? [[id, at]] : [])));
  let last = -1;
  const matched = looked.map(({ id }) => {
    const at = id === undefined ? undefined : places.get(id);
    if (at === undefined || at <= last) return -1;
    last = at;
    return at;
  });
  if (last === -1) return matched;
  // What has no id is known by its neighbour.
  looked.forEach((message, at) => {
    const next = at > 0 && matched[at - 1] !== -1 ? matched[at - 1]! + 1 : -1;
    if (matched[at] !== -1 || next === -1 || matched.includes(next)) return;
    if (known[next] && isSame(known[next].message, message)) matched[at] = next;
  });
  return matched;
}

/** How well a look fits at a shift. What differs beyond a gap says nothing. */
function scoreOf(known: readonly Entry[], looked: readonly PageMessage[], shift: number): number {
  let score = 0;
  let [same, other] = [0, 0];
  for (let at = Math.max(0, -shift); at < looked.length && at + shift < known.length; at += 1) {
    const entry = known[at + shift]!;
    if (entry.isAfterGap) {
      if (same > 0) score += same - 0.4 * other;
      [same, other] = [0, 0];
    }
    if (isSame(entry.message, looked[at]!)) same += 1;
    else other += 1;
  }
  return same > 0 ? score + same - 0.4 * other : score;
}

/** How many entries at the end of one list are those at the beginning of the other. */
function overlapOf(upper: readonly Entry[], lower: readonly Entry[]): number {
  for (let count = Math.min(upper.length, lower.length); count > 0; count -= 1) {
    const end = upper.slice(-count);
    if (end.every(({ message }, at) => isSame(message, lower[at]!.message))) return count;
  }
  return 0;
}

/** The same for messages without ids: the shift at which most of them are the same as the known ones. */
function matchTexts(known: readonly Entry[], looked: readonly PageMessage[]): number[] {
  let best = { score: 0, shift: 0 };
  // A page that mounts everything is the same as before, or longer: no need to try every shift.
  const likely = [0, known.length - looked.length];
  const perfect = Math.min(known.length, looked.length);
  for (let next = -2; next < known.length + looked.length - 1; next += 1) {
    const shift = likely[next + 2] ?? known.length - 1 - next;
    const score = scoreOf(known, looked, shift);
    if (score > best.score) best = { score, shift };
    if (score === perfect) break;
  }
  return looked.map((message, at) => {
    const place = best.score > 0 ? known[at + best.shift] : undefined;
    return place && isSame(place.message, message) ? at + best.shift : -1;
  });
}

/** The fuller of two readings of a message; one that was read while it was being written gives way. */
function fuller(entry: Entry, message: PageMessage, isRough: boolean): Entry {
  if (entry.message === message) return { ...entry, isRough: entry.isRough && isRough };
  const isPoorer = !entry.isRough && message.text.length < entry.message.text.length;
  const merged = isPoorer
    ? { ...message, ...entry.message, id: entry.message.id ?? message.id }
    : { ...entry.message, ...message, id: message.id ?? entry.message.id };
  if (merged.id === undefined) delete merged.id;
  const isEqual = JSON.stringify(merged) === JSON.stringify(entry.message);
  return {
    message: isEqual ? entry.message : merged,
    isAfterGap: entry.isAfterGap,
    isRough: isPoorer ? entry.isRough : isRough,
  };
}

/** What stays above the first message that is known, and what comes between. */
function joinAbove(above: readonly Entry[], first: Entry, fresh: Entry[]): Entry[] {
  if (fresh.length === 0) return [...above];
  const shared = first.isAfterGap ? overlapOf(above, fresh) : 0;
  if (shared > 0) return [...above, ...fresh.slice(shared)];
  // What stood directly above is not there any more: an edit, another branch.
  let kept = above.length;
  let isOpen = first.isAfterGap;
  while (!isOpen && kept > 0 && above.length - kept < fresh.length) {
    kept -= 1;
    isOpen = above[kept]!.isAfterGap;
  }
  fresh[0]!.isAfterGap = kept > 0 && (isOpen || above.length - kept < fresh.length);
  return [...above.slice(0, kept), ...fresh];
}

/** What comes below the last message that is known, and what stays. */
function joinBelow(below: readonly Entry[], fresh: readonly Entry[]): readonly Entry[] {
  if (fresh.length === 0) return below;
  // What stood directly below is not there any more, nor what followed it.
  const gap = below.findIndex(({ isAfterGap }) => isAfterGap);
  const shared = gap === 0 ? overlapOf(fresh, below) : 0;
  if (shared > 0) {
    const [next, ...rest] = below;
    return [...fresh.slice(0, -shared), { ...next!, isAfterGap: false }, ...rest];
  }
  return [...fresh, ...(gap === -1 ? [] : below.slice(gap))];
}

function merged(known: readonly Entry[], look: Look): readonly Entry[] {
  const { messages, isLastRough, side } = look;
  const fresh = messages.map((message, at): Entry => {
    const isRough = isLastRough && at === messages.length - 1;
    return { message, isAfterGap: false, isRough };
  });
  const byId = matchIds(known, messages);
  const places = byId.some((at) => at !== -1) ? byId : matchTexts(known, messages);
  const first = places.findIndex((at) => at !== -1);
  if (first === -1) {
    const [upper, lower] = side === "above" ? [fresh, known] : [known, fresh];
    const [next, ...rest] = lower;
    return next ? [...upper, { ...next, isAfterGap: upper.length > 0 }, ...rest] : upper;
  }
  const last = places.findLastIndex((at) => at !== -1);
  const middle = fresh.slice(first, last + 1).map((entry, index): Entry => {
    const place = places[first + index]!;
    const before = known[place];
    if (!before) return entry;
    const isAfterGap = index === 0 && first === 0 && before.isAfterGap;
    return { ...fuller(before, entry.message, entry.isRough), isAfterGap };
  });
  const top = known[places[first]!]!;
  return [
    ...joinAbove(known.slice(0, places[first]), top, fresh.slice(0, first)),
    ...middle,
    ...joinBelow(known.slice(places[last]! + 1), fresh.slice(last + 1)),
  ];
}

/** Gathers one session. */
export class Gathering {
  #entries: readonly Entry[] = [];

  /** All that was seen, oldest first. */
  get messages(): PageMessage[] {
    return this.#entries.map(({ message }) => message);
  }

  /** Takes a look in, and answers whether anything is new. */
  take(look: Look): boolean {
    if (look.messages.length === 0) return false;
    const before = this.#entries;
    const ids = new Set(look.messages.flatMap(({ id }) => id ?? []));
    const seen = new Set<string>();
    this.#entries = merged(before, look).filter(({ message: { id } }) => {
      if (id === undefined || !ids.has(id)) return true;
      if (seen.has(id)) return false;
      seen.add(id);
      return true;
    });
    return (
      before.length !== this.#entries.length ||
      before.some(({ message, isRough }, at) => {
        const after = this.#entries[at]!;
        return message !== after.message || isRough !== after.isRough;
      })
    );
  }
}
