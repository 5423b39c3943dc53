/**
 * The cross-check of reading traffic: a page that shows messages while the tap has seen none of them means that the agent's requests have
 * changed. Said once, so that capture never fails without anybody knowing.
 */

import { shadowRoots } from "./dom/find";

/** How long after loading or navigating a page may take until its messages have passed the tap. */
export const SILENT_AFTER_MS = 10_000;

export interface SilenceDeps {
  /** CSS selectors of what shows messages. */
  selectors: readonly string[];
  report(): void;
}

export interface SilenceWatch {
  /** The tap has handed something over: this page can be read. */
  seen(): void;
  stop(): void;
}

/** Looks once, SILENT_AFTER_MS after the page's load and after each navigation inside it, until something was seen. */
export function watchSilence({ selectors, report }: SilenceDeps): SilenceWatch {
  const ending = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function stop(): void {
    clearTimeout(timer);
    ending.abort();
  }
  function look(): void {
    const roots = [document, ...shadowRoots(document)];
    const isShown = (selector: string) => roots.some((root) => root.querySelector(selector));
    if (!selectors.some(isShown)) return;
    stop();
    report();
  }
  function lookLater(): void {
    clearTimeout(timer);
    timer = setTimeout(look, SILENT_AFTER_MS);
  }

  if (selectors.length > 0) {
    const { signal } = ending;
    if (document.readyState === "complete") lookLater();
    else addEventListener("load", lookLater, { once: true, signal });
    // Firefox before 147 has no Navigation API: there only a load starts the look.
    globalThis.navigation?.addEventListener("navigatesuccess", lookLater, { signal });
  }
  return { seen: stop, stop };
}
