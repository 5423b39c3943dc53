import { expect, test } from "vitest";
import { firstDue, nextDue, type Schedule } from "./cron-schedule.ts";

const at = (text: string) => Date.parse(`${text}Z`);
const SATURDAY = at("2026-11-21T12:34:56");

function next(schedule: Schedule, from = SATURDAY): string {
  return new Date(nextDue("job", schedule, from, from)).toISOString().slice(0, 16);
}

test.for<[Schedule, string]>([
  [{ type: "hourly", minuteUTC: 40 }, "2026-11-21T12:40"],
  [{ type: "hourly", minuteUTC: 34 }, "2026-11-21T13:34"],
  [{ type: "daily", hourUTC: 3, minuteUTC: 5 }, "2026-11-22T03:05"],
  [{ type: "weekly", dayOfWeek: "monday", hourUTC: 0, minuteUTC: 0 }, "2026-11-23T00:00"],
  [{ type: "monthly", day: 31, hourUTC: 1, minuteUTC: 0 }, "2026-12-31T01:00"],
  [{ type: "cron", cron: "*/20 * * * *" }, "2026-11-21T12:40"],
  [{ type: "cron", cron: "0 9-17/4 * * mon-fri" }, "2026-11-23T09:00"],
  [{ type: "cron", cron: "15 7 29 2 *" }, "2028-02-29T07:15"],
  [{ type: "cron", cron: "0 0 1 * 0" }, "2026-11-22T00:00"],
  [{ type: "cron", cron: "0 0 * jan 7" }, "2027-01-03T00:00"],
])("%j comes next at %s", ([schedule, expected]) => {
  expect(next(schedule)).toBe(expected);
});

test("an interval begins at once and keeps its beat", () => {
  const schedule: Schedule = { type: "interval", minutes: 10 };
  expect(firstDue("job", schedule, 5000)).toBe(5000);
  expect(nextDue("job", schedule, 5000, 6000)).toBe(605_000);
  expect(nextDue("job", schedule, 5000, 2_000_000)).toBe(2_405_000);
});

test("without a minute each job has one of its own, always the same", () => {
  const schedule: Schedule = { type: "daily", hourUTC: 4 };
  expect(firstDue("a", schedule, SATURDAY)).toBe(firstDue("a", schedule, SATURDAY));
  const minutes = ["a", "b", "c", "d"].map((name) => firstDue(name, schedule, SATURDAY));
  expect(new Set(minutes).size).toBeGreaterThan(1);
});

test.for(["* * * *", "60 * * * *", "x * * * *", "*/0 * * * *", "0 0 30 2 *"])(
  "%s is refused",
  (cron) => {
    expect(() => next({ type: "cron", cron })).toThrow(/cron/);
  },
);
