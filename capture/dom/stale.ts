/**
 * Keeps sessions apart when a page goes from one to the other without loading: its address is the new one's at once, its elements are the
 * old one's for a while.
 */
import type { PageMessage } from "../../agents/shared/page-reading";

type Read = PageMessage | null | undefined;

export interface Staleness {
  /** The address changed: these elements were read at the one before. */
  leave(address: string, read: readonly (readonly [Element, Read])[]): void;
  /** Whether everything that is shown was read before the address changed. */
  isStale(elements: readonly Element[], read: readonly Read[]): boolean;
}

/** Whether an address names a session: a chat that is new gets its id while it is shown, and stays the same. */
function namesSession(address: string): boolean {
  const { pathname = "", search = "" } = URL.parse(address) ?? {};
  return /[0-9a-f]{8}|\d{5}|[\w-]{16}/i.test(pathname + search);
}

/** One page's staleness. */
export function createStaleness(): Staleness {
  let old: WeakMap<Element, string> | null = null;
  return {
    leave(address, read) {
      if (!namesSession(address)) return;
      old = new WeakMap(read.map(([element, message]) => [element, message?.text ?? ""]));
    },
    isStale(elements, read) {
      // What only grew is the old session's answer, which was still being written.
      const isStale =
        old !== null &&
        elements.every((element, at) => {
          const before = old?.get(element);
          return before !== undefined && (read[at]?.text ?? before).startsWith(before);
        });
      if (!isStale) old = null;
      return isStale;
    },
  };
}
