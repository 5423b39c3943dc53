import { MAX_BODY_BYTES, PARTIAL_MS } from "./limits";
import type { PageRule } from "./rules";

/** Frames that arrive within this time are one batch, where no frame ends one. */
const BATCH_MS = 500;

/** A batch whose last frame does not come is over when nothing has come for so long. */
const IDLE_MS = 60_000;

/** Puts the frames of WebSockets together. */
export interface Frames {
  add(rule: PageRule, socket: number, url: string, frame: string): void;
  /** Gives at once what waits. */
  flush(): void;
  stop(): void;
}

/** Takes one batch: its frames joined by newlines. */
type Give = (rule: PageRule, url: string, text: string, isTruncated: boolean) => void;

interface Batch {
  add(frame: string): void;
  flush(): void;
  stop(): void;
}

/** Batches of one rule on one WebSocket. */
function createBatch(
  until: string | undefined,
  give: (text: string, isCut: boolean) => void,
): Batch {
  const end = until === undefined ? null : new RegExp(until);
  let frames: string[] = [];
  let chars = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let partial: ReturnType<typeof setTimeout> | undefined;

  function stop(): void {
    clearTimeout(timer);
    clearTimeout(partial);
    timer = partial = undefined;
    frames = [];
    chars = 0;
  }

  function close(isCut: boolean): void {
    const text = frames.join("\n");
    stop();
    if (text) give(text, isCut);
  }

  return {
    add(frame) {
      frames.push(frame);
      chars += frame.length + 1;
      if (chars > MAX_BODY_BYTES) return close(true);
      if (!end) {
        timer ??= setTimeout(() => close(false), BATCH_MS);
        return;
      }
      if (end.test(frame)) return close(false);
      clearTimeout(timer);
      timer = setTimeout(() => close(true), IDLE_MS);
      // A long turn is given once as it is so far.
      partial ??= setTimeout(() => give(frames.join("\n"), true), PARTIAL_MS);
    },
    flush: () => close(end !== null),
    stop,
  };
}

/** One for the script's life. */
export function createFrames(give: Give): Frames {
  const batches = new Map<string, Batch>();

  function batchOf(rule: PageRule, socket: number, url: string): Batch {
    const key = `${socket} ${rule.tap}`;
    const batch =
      batches.get(key) ??
      createBatch(rule.until, (text, isTruncated) => give(rule, url, text, isTruncated));
    batches.set(key, batch);
    return batch;
  }

  return {
    add: (rule, socket, url, frame) => batchOf(rule, socket, url).add(frame),
    flush() {
      for (const batch of batches.values()) batch.flush();
    },
    stop() {
      for (const batch of batches.values()) batch.stop();
    },
  };
}
