import { browser } from "./browser";

/** What is read of a message's sender; the browser fills it in. */
export interface Sender {
  id?: string;
  url?: string;
  origin?: string;
}

/** Whether a message comes from this extension's own background or pages, and not from a content script or elsewhere. */
export function isOwnPage(sender: Sender): boolean {
  // The url of a content script is its page's; Chrome's own worker has one too.
  const url = sender.url ?? sender.origin ?? "";
  return sender.id === browser.runtime.id && originOf(url) === originOf(browser.runtime.getURL(""));
}

// URL.origin is "null" for moz-extension: outside of Firefox's own pages, so it is put together here.
function originOf(url: string): string {
  if (!URL.canParse(url)) return "";
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
