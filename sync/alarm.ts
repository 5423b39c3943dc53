/** The alarms of the extension: they wake the worker while something waits to be sent, and while a backfill runs. */
import { browser } from "../utils/browser";
import type { BackfillDeps } from "./backfill";
import type { DrainDeps } from "./drain";

/** Name of the alarm while something waits. */
export const FLUSH_ALARM = "flush";

/** Name of the alarm while a backfill runs. */
export const BACKFILL_ALARM = "backfill";

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

/** The alarm of backfills over the browser's API. */
export const backfillAlarm: BackfillDeps["alarm"] = {
  set(at) {
    browser.alarms.create(BACKFILL_ALARM, { when: at });
    return Promise.resolve();
  },
  async clear() {
    await browser.alarms.clear(BACKFILL_ALARM);
  },
};
