import { beforeEach, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { FLUSH_ALARM, flushAlarm } from "./alarm";

beforeEach(() => fakeBrowser.reset());

const at = async () => (await fakeBrowser.alarms.get(FLUSH_ALARM))?.scheduledTime;

it("a worker that starts again does not put the alarm off", async () => {
  await flushAlarm.ensure(1_000);
  await flushAlarm.ensure(2_000);
  expect(await at()).toBe(1_000);
});

it("is put off when asked to, and gone when nothing waits", async () => {
  await flushAlarm.ensure(1_000);
  await flushAlarm.replace(3_000);
  expect(await at()).toBe(3_000);
  await flushAlarm.clear();
  expect(await fakeBrowser.alarms.getAll()).toEqual([]);
});
