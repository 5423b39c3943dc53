/** What the browser tells of tabs. */
import { browser } from "../utils/browser";

/** Names under which content scripts mark a page on which they run: `Symbol.for(name)` on its window. */
export function createTabs(hasPortsInPatterns: boolean, marks: string[]) {
  return {
    /** The one in front. */
    getTab: async () => (await browser.tabs.query({ active: true, lastFocusedWindow: true }))[0],

    /** Whether the pages of an address's origin may be read. */
    hasPermission(address: string): Promise<boolean> {
      const { protocol, host, hostname } = new URL(address);
      const pattern = `${protocol}//${hasPortsInPatterns ? host : hostname}/*`;
      return browser.permissions.contains({ origins: [pattern] });
    },

    /** Whether a content script runs in it. */
    async isRunning(tabId: number): Promise<boolean> {
      const [result] = await browser.scripting.executeScript({
        target: { tabId },
        func: (...names) => names.some((name) => Symbol.for(String(name)) in globalThis),
        args: marks,
      });
      return result?.result === true;
    },
  };
}
