import { browser } from "../utils/browser";

export type ExtensionPage = "archive" | "earlier" | "options" | "welcome";

/** The address of one of the extension's own pages. */
export function pageUrl(page: ExtensionPage, hash = ""): string {
  return browser.runtime.getURL(`/${page}.html`) + hash;
}

/** Opens one of the extension's own pages in a tab. */
export async function openPage(page: ExtensionPage): Promise<void> {
  if (page === "options") await browser.runtime.openOptionsPage();
  else await browser.tabs.create({ url: pageUrl(page) });
}
