import { browser } from "../utils/browser";
import { FLUSH_ALARM } from "./alarm";
import type { Drain } from "./drain";
import type { Life } from "./life";

/** Listens to what the browser tells; each of these may wake the worker, so call it in the first tick. */
export function listenToBrowser(drain: Drain, life: Life): void {
  browser.permissions.onAdded.addListener(() => void life.apply());
  browser.permissions.onRemoved.addListener(() => void life.apply());
  browser.alarms.onAlarm.addListener(({ name }) => {
    if (name === FLUSH_ALARM) void drain.wake();
  });
  // Being listened to is what wakes the worker then; it looks for what waits at each start.
  browser.runtime.onStartup.addListener(() => undefined);
  browser.runtime.onInstalled.addListener(({ reason }) => {
    if (reason !== "install") return;
    void browser.tabs.create({ url: browser.runtime.getURL("/welcome.html") });
  });
  globalThis.addEventListener("online", () => void drain.wake({ isForced: true }));
}
