/**
 * Watches a page's elements and gathers its session: looks when something changed, a few milliseconds at a time while the page is idle, and
 * reads a message again only if something in it changed. An answer that is being written is read when it is settled, and once after 10 s.
 */
import type { PageRules } from "../../agents/agent";
import type { PageBody, PageMessage } from "../../agents/shared/page-reading";
import { parentOf } from "./find";
import { Gathering } from "./gather";
import { messageOf } from "./message";
import { isRunning, joinPieces, messageElements, neighboursOf, rootsOf, titleOf } from "./page";
import { watchScrolling } from "./scrolling";
import { createStaleness } from "./stale";

export interface WatchDeps {
  rules: PageRules;
  page: Document;
  /** The page's address now. */
  address(): string;
  /** Takes everything that was gathered at an address. */
  deliver(body: PageBody, address: string): void;
  /** Runs work when the page has nothing to do; returns what calls it off. */
  whenIdle(work: () => void): () => void;
  /** Milliseconds. */
  now(): number;
}

export interface Watch {
  /** Delivers at once what is gathered: the page may be about to go. */
  flush(): void;
  stop(): void;
}

/** After a change, so that one look serves many; short, because a person who scrolls fast sees a message for no longer. */
const LOOK_AFTER_MS = 120;
const DELIVER_AFTER_MS = 1_000;
/** A message that has not changed for so long is not being written. */
const STILL_MS = 1_500;
/** How long an answer may be written before it is read as it is. */
const ROUGH_AFTER_MS = 10_000;
/** Readings tell answers without ids apart by their beginning (agents/shared/page-reading); Markdown's signs do not count there. */
const KNOWABLE_CHARS = 160;
/** One slice of reading. */
const SLICE_MS = 4;
/** A page that was just rendered may get its address a moment later. */
const SURE_AFTER_MS = 300;

/** The attributes that tell that an answer is being written, or what a message's id is. */
function attributesOf({ running = [], ids = [] }: PageRules): string[] {
  const named = [...running.join().matchAll(/\[([\w-]+)/g)].flatMap(([, name]) => name ?? []);
  return [...new Set([...named, ...ids])];
}

/** Starts to watch. */
export function watchPage(deps: WatchDeps): Watch {
  const { rules, page, now } = deps;
  const known = new WeakMap<Node, { message: PageMessage | null }>();
  /** Of every message that was seen. */
  const changedAt = new WeakMap<Node, number>();
  const observed = new WeakSet<Node>();
  const staleness = createStaleness();
  const scrolling = watchScrolling(page);
  let gathering = new Gathering();
  let address = deps.address();
  let elements: Element[] = [];
  let shown: (readonly [Element, PageMessage | null | undefined])[] = [];
  let title: string | undefined;
  let runningSince: number | null = null;
  let hasRough = false;
  let hasRun = false;
  let takenAt: number | null = null;
  let lookTimer: ReturnType<typeof setTimeout> | undefined;
  let lookDue = 0;
  let deliverTimer: ReturnType<typeof setTimeout> | undefined;
  let callOff: () => void = () => undefined;

  const attributeFilter = attributesOf(rules);
  const observer = new MutationObserver(onChange);

  function observe(root: Node): void {
    if (observed.has(root)) return;
    observed.add(root);
    observer.observe(root, {
      childList: true,
      characterData: true,
      subtree: true,
      ...(attributeFilter.length > 0 ? { attributes: true, attributeFilter } : {}),
    });
  }

  function onChange(records: readonly MutationRecord[]): void {
    const seen = new Set<Node>();
    for (const { target } of records) {
      for (let node: Node | null = target; node && !seen.has(node); node = parentOf(node)) {
        seen.add(node);
        if (!changedAt.has(node)) continue;
        known.delete(node);
        changedAt.set(node, now());
      }
    }
    lookIn(LOOK_AFTER_MS);
  }

  function lookIn(ms: number): void {
    const due = now() + ms;
    if (lookTimer !== undefined && due >= lookDue) return;
    clearTimeout(lookTimer);
    lookDue = due;
    lookTimer = setTimeout(() => {
      lookTimer = undefined;
      callOff();
      callOff = deps.whenIdle(() => look(false));
    }, ms);
  }

  /** A new address is a new session, and what is still on the page may be the old one's. */
  function followAddress(): void {
    const current = deps.address();
    if (current === address) return;
    if (takenAt !== null && now() - takenAt > SURE_AFTER_MS) deliver();
    clearTimeout(deliverTimer);
    deliverTimer = undefined;
    [takenAt, title] = [null, undefined];
    staleness.leave(address, shown);
    gathering = new Gathering();
    address = current;
    lookIn(LOOK_AFTER_MS);
  }

  function isBeingWritten(element: Element, isLast: boolean, isForced: boolean): boolean {
    // What tells that an answer is written is believed once it was seen; it may have another name now.
    if (!isLast || isForced || (runningSince === null && hasRun)) return false;
    const isDue = !hasRough && runningSince !== null && now() - runningSince >= ROUGH_AFTER_MS;
    return !isDue && now() - changedAt.get(element)! < STILL_MS;
  }

  function read(at: number): { message: PageMessage | null } {
    const element = elements[at]!;
    const entry = { message: messageOf(element, rules, neighboursOf(elements, at)) };
    known.set(element, entry);
    return entry;
  }

  /** Goes on reading where the time was up, and looks again when all is read: the page may have changed meanwhile. */
  function readOn(from: number): void {
    const startedAt = now();
    // The last one may be being written: that the look decides.
    for (let at = from; at < elements.length - 1; at += 1) {
      if (known.has(elements[at]!)) continue;
      if (now() - startedAt > SLICE_MS) {
        callOff = deps.whenIdle(() => readOn(at));
        return;
      }
      read(at);
    }
    look(false);
  }

  /** Reads what is not known yet: undefined for a message that is left for later. When the time is up, where that was. */
  function readAll(isForced: boolean): (PageMessage | null | undefined)[] | number {
    const startedAt = now();
    const messages: (PageMessage | null | undefined)[] = [];
    // What is new while an answer is written may be that answer; on a page that just opened it is not.
    const firstSeen = runningSince !== null || !rules.running ? startedAt : -Infinity;
    for (const element of elements) {
      if (!changedAt.has(element)) changedAt.set(element, firstSeen);
    }
    for (const [at, element] of elements.entries()) {
      let entry = known.get(element);
      if (!entry) {
        if (isBeingWritten(element, at === elements.length - 1, isForced)) {
          messages.push(undefined);
          continue;
        }
        // The last one is read at once, or a large page would never come to it.
        if (at < elements.length - 1 && now() - startedAt > SLICE_MS) return at;
        entry = read(at);
      }
      messages.push(entry.message);
    }
    return messages;
  }

  function look(isForced: boolean): void {
    followAddress();
    const roots = rootsOf(page, rules);
    roots.forEach(observe);
    elements = messageElements(roots, rules);
    const isNowRunning = isRunning(roots, rules);
    if (!isNowRunning) [runningSince, hasRough] = [null, false];
    else [runningSince, hasRun] = [runningSince ?? now(), true];
    const all = readAll(isForced);
    if (typeof all === "number") {
      if (!isForced) callOff = deps.whenIdle(() => readOn(all));
      return;
    }
    shown = elements.map((element, at) => [element, all[at]]);
    const isLeft = all.at(-1) === undefined && all.length > 0;
    if (isLeft) lookIn(STILL_MS);
    take(all, isLeft, titleOf(roots, rules));
  }

  function take(
    read: readonly (PageMessage | null | undefined)[],
    isLeft: boolean,
    newTitle: string | undefined,
  ): void {
    if (staleness.isStale(elements, read)) return;
    const messages = joinPieces(
      read.filter((message) => message !== null && message !== undefined),
    );
    const isRough = runningSince !== null && !isLeft && messages.at(-1)?.role !== "user";
    if (isRough && runningSince !== null && now() - runningSince >= ROUGH_AFTER_MS) hasRough = true;
    const isNew = gathering.take({
      messages,
      isLastRough: isRough,
      side: scrolling.side(),
    });
    const isOther = isNew || title !== newTitle;
    title = newTitle;
    if (!isOther || gathering.messages.length === 0) return;
    takenAt = now();
    deliverTimer ??= setTimeout(deliver, DELIVER_AFTER_MS);
  }

  function deliver(): void {
    clearTimeout(deliverTimer);
    deliverTimer = undefined;
    if (takenAt === null) return;
    if (deps.address() !== address && now() - takenAt <= SURE_AFTER_MS) return;
    takenAt = null;
    const messages = isUnknowable() ? gathering.messages.slice(0, -1) : gathering.messages;
    const body = { isRunning: runningSince !== null, messages };
    if (messages.length > 0) deps.deliver(title === undefined ? body : { title, ...body }, address);
  }

  /** Whether the last message is being written, has no id, and is too short to be known again by its beginning. */
  function isUnknowable(): boolean {
    const last = gathering.messages.at(-1);
    if (!last || runningSince === null || last.role === "user") return false;
    return last.id === undefined && last.text.length < KNOWABLE_CHARS;
  }

  function stop(): void {
    observer.disconnect();
    scrolling.stop();
    clearTimeout(lookTimer);
    clearTimeout(deliverTimer);
    callOff();
    page.defaultView?.navigation?.removeEventListener("currententrychange", followAddress);
  }

  observe(page);
  // Firefox before 147 has no Navigation API: there the next look finds the new address.
  page.defaultView?.navigation?.addEventListener("currententrychange", followAddress);
  lookIn(0);
  return {
    flush() {
      look(true);
      deliver();
    },
    stop,
  };
}
