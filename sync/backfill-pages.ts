/** The open tabs of sites, from which a backfill asks. */
import type { Tabs } from "webextension-polyfill";
import type { PageAnswer, PageAsk } from "../utils/messages";
import type { BackfillPages } from "./backfill-ask";

/** The browser's APIs that are used, so that tests can give others. */
export interface PagesDeps {
  tabs: Pick<Tabs.Static, "query" | "create" | "get" | "remove">;
  askPage(tabId: number, wish: PageAsk): Promise<PageAnswer | null>;
}

/** Builds it. */
export function createBackfillPages({ tabs, askPage }: PagesDeps): BackfillPages {
  return {
    async find(origin, except) {
      // Firefox's patterns know no ports, so the origin is looked at afterwards.
      const found = await tabs.query({ url: `${origin.replace(/:\d+$/, "")}/*` });
      const open = found.filter(
        ({ id, url, discarded, incognito }) =>
          id !== except &&
          URL.parse(url ?? "")?.origin === origin &&
          discarded !== true &&
          !incognito,
      );
      // Of several the one that was looked at last: the others may be asleep.
      const [newest] = open.sort((a, b) => (b.lastAccessed ?? 0) - (a.lastAccessed ?? 0));
      return newest?.id ?? null;
    },
    async open(origin) {
      const tab = await tabs.create({ url: `${origin}/`, active: false });
      return tab.id!;
    },
    isOpen: (tabId) =>
      tabs.get(tabId).then(
        ({ discarded }) => discarded !== true,
        // It was closed.
        () => false,
      ),
    close: (tabId) =>
      // The person may have closed it.
      tabs.remove(tabId).catch(() => undefined),
    ask: askPage,
  };
}
