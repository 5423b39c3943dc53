/** A body far beyond the cap, on its way through what stands before the readers: the page's tap, and the background's collector. */

/** One line of the table. */
export interface Row {
  name: string;
  figures: string;
  isOk: boolean;
}

/** Loads a module of the extension. */
export type Load = <T>(path: string) => Promise<T>;

interface Limits {
  MAX_BODY_BYTES: number;
  MAX_PIECE_CHARS: number;
  MAX_REQUEST_CHARS: number;
}

interface TapBody {
  readBody(
    body: ReadableStream,
    limit: number,
    onText: (text: string) => boolean,
    onEnd: (isTruncated: boolean) => void,
  ): unknown;
}

interface Collecting {
  createCollector(deps: { now(): number; hostsOf(): undefined }): {
    add(sender: { tabId: number; origin: string }, chunk: unknown): { kind: string };
  };
}

const MB = 1024 ** 2;
const BLOCK = 64 * 1024;

/** The tap copies as much as the cap, and stops taking more from the network. */
export async function measureTap(load: Load, bytes: number): Promise<Row> {
  const { MAX_BODY_BYTES } = await load<Limits>("capture/limits.ts");
  const { readBody } = await load<TapBody>("capture/tap/body.ts");
  const block = new Uint8Array(BLOCK).fill(0x78);
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken += BLOCK;
      controller.enqueue(block);
      if (taken >= bytes) controller.close();
    },
  });
  let chars = 0;
  const isTruncated = await new Promise<boolean>((resolve) => {
    const take = (text: string): boolean => {
      chars += text.length;
      return true;
    };
    readBody(body, MAX_BODY_BYTES, take, resolve);
  });
  return {
    name: "tap",
    figures: `${chars / MB} MB copied, ${(taken / MB).toFixed(1)} MB taken, ${isTruncated ? "cut" : "whole"}`,
    isOk: isTruncated && chars === MAX_BODY_BYTES && taken <= MAX_BODY_BYTES + 4 * BLOCK,
  };
}

/** The collector, which trusts no page, gives up on what is longer. */
export async function measureCollector(load: Load, bytes: number): Promise<Row> {
  const limits = await load<Limits>("capture/limits.ts");
  const { createCollector } = await load<Collecting>("capture/collect.ts");
  const collector = createCollector({ now: () => 0, hostsOf: () => undefined });
  const sender = { tabId: 1, origin: "https://site.example" };
  const url = `${sender.origin}/api`;
  const head = { tap: "a/b", url, method: "GET", status: 200, isTruncated: false, request: 0 };
  const text = "x".repeat(limits.MAX_PIECE_CHARS);
  let kept = 0;
  for (let index = 0; index * text.length < bytes; index += 1) {
    const first = index === 0 ? { head: { ...head, pageUrl: url } } : {};
    const isLast = (index + 1) * text.length >= bytes;
    const { kind } = collector.add(sender, { id: "body-one", index, isLast, text, ...first });
    if (kind !== "waiting") break;
    kept += text.length;
  }
  return {
    name: "collector",
    figures: `gives up after ${kept / MB} MB`,
    isOk: kept <= limits.MAX_BODY_BYTES + limits.MAX_REQUEST_CHARS + limits.MAX_PIECE_CHARS,
  };
}
