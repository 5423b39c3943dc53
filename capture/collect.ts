/**
 * Puts the chunks of a content script together to whole observations. What comes in is not trusted: shapes, sizes and order are
 * checked, the origin is the one that the browser tells, and no origin can fill the memory. Nothing here survives the worker, and
 * nothing has to: the sender keeps an observation until it is acknowledged.
 */
import * as valibot from "valibot";
import type { Observation } from "../agents/agent";
import { MAX_BODY_BYTES, MAX_PIECE_CHARS, MAX_REQUEST_CHARS, MAX_URL_CHARS } from "./limits";

/** Who sent a chunk, as the browser tells it. */
export interface ChunkSender {
  tabId: number;
  /** `scheme://host:port` */
  origin: string;
}

/**
 * `waiting`: more chunks are to come. `incomplete`: chunks are missing, or the origin sends too much at once; the sender tries again
 * later. `refused`: no content script of ours sends this; it must stop.
 */
export type Collected =
  | { kind: "complete"; observation: Observation }
  | { kind: "waiting" }
  | { kind: "incomplete" }
  | { kind: "refused" };

export interface Collector {
  /** Takes one chunk, unchecked. */
  add(sender: ChunkSender, chunk: unknown): Collected;
}

/** Longest time between the first and the last chunk of an observation. */
const MAX_AGE_MS = 60_000;

/** Longest observation: the request's body and the answer's. */
const MAX_CHARS = MAX_BODY_BYTES + MAX_REQUEST_CHARS + MAX_PIECE_CHARS;

/** UTF-16 units that one origin may have begun to send, and observations. */
const MAX_OPEN_CHARS = 64 * 1024 * 1024;
const MAX_OPEN = 64;

/** UTF-16 units that one origin may send within a minute. */
const MAX_CHARS_PER_MINUTE = 256 * 1024 * 1024;

const address = valibot.pipe(valibot.string(), valibot.maxLength(MAX_URL_CHARS), valibot.url());
const word = valibot.pipe(valibot.string(), valibot.maxLength(100));
const taps = valibot.pipe(valibot.string(), valibot.maxLength(1_000));

const chunkShape = valibot.strictObject({
  id: valibot.pipe(valibot.string(), valibot.minLength(8), valibot.maxLength(64)),
  index: valibot.pipe(valibot.number(), valibot.integer(), valibot.minValue(0)),
  isLast: valibot.boolean(),
  text: valibot.pipe(valibot.string(), valibot.maxLength(MAX_PIECE_CHARS)),
  head: valibot.optional(
    valibot.strictObject({
      tap: taps,
      url: address,
      method: word,
      status: valibot.pipe(valibot.number(), valibot.integer()),
      isTruncated: valibot.boolean(),
      request: valibot.pipe(
        valibot.number(),
        valibot.integer(),
        valibot.minValue(0),
        valibot.maxValue(MAX_REQUEST_CHARS),
      ),
      pageUrl: address,
    }),
  ),
});

type Chunk = valibot.InferOutput<typeof chunkShape>;
type Head = NonNullable<Chunk["head"]>;

interface Open {
  origin: string;
  head: Head;
  texts: string[];
  chars: number;
  startedAt: number;
}

/** What collecting needs from outside. */
export interface CollectorDeps {
  now(): number;
  /** Source of a RegExp for hosts besides the page's own from which a tap (`<agent>/<tap>`) may copy. */
  hostsOf(tap: string): string | undefined;
}

/** Whether an address lies on the origin's host; `ws:` and `http:` are one host. */
function isOn(url: string, origin: string): boolean {
  return URL.parse(url)?.host === URL.parse(origin)?.host;
}

function observationOf({ head: { request, ...head }, texts }: Open): Observation {
  const text = texts.join("");
  const body = text.slice(request);
  return request > 0 ? { ...head, request: text.slice(0, request), body } : { ...head, body };
}

/** One collector for the worker's life. */
export function createCollector(deps: CollectorDeps): Collector {
  const open = new Map<string, Open>();
  const sent = new Map<string, { since: number; chars: number }>();

  function isFrom({ tap, url }: Head, origin: string): boolean {
    if (isOn(url, origin)) return true;
    const host = URL.parse(url)?.host ?? "";
    return tap.split(" ").every((one) => new RegExp(deps.hostsOf(one) ?? "$^").test(host));
  }

  function isShaped({ origin }: ChunkSender, { index, head }: Chunk): boolean {
    if ((index === 0) !== (head !== undefined)) return false;
    return !head || (isFrom(head, origin) && isOn(head.pageUrl, origin));
  }

  function dropOld(): void {
    const oldest = deps.now() - MAX_AGE_MS;
    for (const [key, { startedAt }] of open) if (startedAt < oldest) open.delete(key);
  }

  function isOverBudget(origin: string, chars: number): boolean {
    const window = sent.get(origin);
    const isNew = !window || deps.now() - window.since >= 60_000;
    const total = (isNew ? 0 : window.chars) + chars;
    sent.set(origin, { since: isNew ? deps.now() : window.since, chars: total });
    const own = [...open.values()].filter((item) => item.origin === origin);
    const held = own.reduce((sum, item) => sum + item.chars, chars);
    return total > MAX_CHARS_PER_MINUTE || held > MAX_OPEN_CHARS || own.length > MAX_OPEN;
  }

  function itemOf(key: string, sender: ChunkSender, chunk: Chunk): Open | null {
    if (chunk.head) {
      const { origin } = sender;
      const item = { origin, head: chunk.head, texts: [], chars: 0, startedAt: deps.now() };
      open.set(key, item);
      return item;
    }
    const item = open.get(key);
    return item?.texts.length === chunk.index ? item : null;
  }

  function add(sender: ChunkSender, raw: unknown): Collected {
    const parsed = valibot.safeParse(chunkShape, raw);
    if (!parsed.success || !isShaped(sender, parsed.output)) return { kind: "refused" };
    const chunk = parsed.output;
    dropOld();
    const key = `${sender.tabId} ${sender.origin} ${chunk.id}`;
    const item = isOverBudget(sender.origin, chunk.text.length) ? null : itemOf(key, sender, chunk);
    if (!item || item.chars + chunk.text.length > MAX_CHARS) {
      open.delete(key);
      return { kind: "incomplete" };
    }
    item.texts.push(chunk.text);
    item.chars += chunk.text.length;
    if (!chunk.isLast) return { kind: "waiting" };
    open.delete(key);
    return { kind: "complete", observation: observationOf(item) };
  }

  return { add };
}
