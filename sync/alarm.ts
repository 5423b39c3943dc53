/** The one alarm of the extension: it wakes the worker while something waits to be sent. */
import { browser } from "../utils/browser";
import type { DrainDeps } from "./drain";

/** Name of the alarm. */
export const FLUSH_ALARM = "flush";

/** The alarm over the browser's API. */
export const flushAlarm: DrainDeps["alarm"] = {
  async ensure(at) {
    // Making it anew at every start of the worker would put it off for ever.
    if (!(await browser.alarms.get(FLUSH_ALARM))) browser.alarms.create(FLUSH_ALARM, { when: at });
  },
  replace(at) {
    browser.alarms.create(FLUSH_ALARM, { when: at });
    return Promise.resolve();
  },
  async clear() {
    await browser.alarms.clear(FLUSH_ALARM);
  },
};
