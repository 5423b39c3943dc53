/**
 * Ends a copy when the page cancels its own body. A copied body is a tee: until both sides are cancelled, the download goes on, the page's
 * `cancel()` does not resolve, and an endless stream would hold its connection for ever. Aborting by signal needs none of this.
 */
import { wrap } from "./native";

const copies = new WeakMap<object, () => void>();

/** `giveUp` is called when the page cancels `body` or what it piped it through. */
export function followCancel(body: object, giveUp: () => void): void {
  copies.set(body, giveUp);
}

function cancelCopy(self: object): void {
  copies.get(self)?.();
}

function passOn(from: object, _: unknown, to: unknown): void {
  const giveUp = copies.get(from);
  if (giveUp) copies.set(to as object, giveUp);
}

/** Begins to notice what the page cancels. */
export function tapCancels(): void {
  const stream = ReadableStream.prototype;
  wrap(stream, "cancel", cancelCopy);
  wrap(stream, "getReader", passOn);
  wrap(stream, "pipeThrough", passOn);
  for (const reader of [ReadableStreamDefaultReader, ReadableStreamBYOBReader]) {
    wrap(reader.prototype, "cancel", cancelCopy);
  }
}
