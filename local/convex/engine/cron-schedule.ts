import { createHash } from "node:crypto";

/** A schedule as `convex/server` exports it. */
export type Schedule =
  | { type: "interval"; seconds?: number; minutes?: number; hours?: number }
  | { type: "hourly"; minuteUTC?: number }
  | { type: "daily"; hourUTC: number; minuteUTC?: number }
  | { type: "weekly"; dayOfWeek: string; hourUTC: number; minuteUTC?: number }
  | { type: "monthly"; day: number; hourUTC: number; minuteUTC?: number }
  | { type: "cron"; cron: string };

/** Minutes, hours, days of the month, months, days of the week; null stands for every one. */
type Fields = (Set<number> | null)[];

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const BOUNDS: [number, number][] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** 29 February can be eight years away. */
const SEARCH_DAYS = 366 * 8;

function invalid(cron: string): Error {
  return new Error(
    `Invalid cron schedule "${cron}": write minute, hour, day of month, month and day of week, for example "15 7 * * *".`,
  );
}

function parseNumber(text: string, at: number, cron: string): number {
  const lower = text.toLowerCase();
  const names = at === 3 ? MONTHS : at === 4 ? DAYS.map((day) => day.slice(0, 3)) : [];
  const named = names.indexOf(lower);
  const value = named >= 0 ? named + (at === 3 ? 1 : 0) : Number(text);
  const [low, high] = BOUNDS[at]!;
  if (!/^\d+$/.test(named >= 0 ? "0" : text) || value < low || value > high) throw invalid(cron);
  return value;
}

function parseField(text: string, at: number, cron: string): Set<number> | null {
  if (text === "*" || text === "?") return null;
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [span = "", stepText] = part.split("/");
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!Number.isInteger(step) || step < 1) throw invalid(cron);
    let [low, high] = BOUNDS[at]!;
    if (span !== "*") {
      const [from = "", to] = span.split("-");
      low = parseNumber(from, at, cron);
      if (to !== undefined) high = parseNumber(to, at, cron);
      else if (stepText === undefined) high = low;
    }
    for (let value = low; value <= high; value += step) values.add(at === 4 ? value % 7 : value);
  }
  return values;
}

function parseCron(cron: string): Fields {
  const parts = cron.trim().split(/\s+/);
  if (parts.length !== 5) throw invalid(cron);
  return parts.map((part, at) => parseField(part, at, cron));
}

/** Where no minute is given Convex picks one per job, so that not all of them run at the full hour. */
function ownMinute(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE(0) % 60;
}

function fieldsOf(name: string, schedule: Exclude<Schedule, { type: "interval" }>): Fields {
  if (schedule.type === "cron") return parseCron(schedule.cron);
  const minute = new Set([schedule.minuteUTC ?? ownMinute(name)]);
  if (schedule.type === "hourly") return [minute, null, null, null, null];
  const hour = new Set([schedule.hourUTC]);
  const day = schedule.type === "monthly" ? new Set([schedule.day]) : null;
  const weekday = schedule.type === "weekly" ? new Set([DAYS.indexOf(schedule.dayOfWeek)]) : null;
  return [minute, hour, day, null, weekday];
}

function dayMatches([, , days, months, weekdays]: Fields, date: Date): boolean {
  if (months && !months.has(date.getUTCMonth() + 1)) return false;
  const byDay = days?.has(date.getUTCDate()) ?? true;
  const byWeekday = weekdays?.has(date.getUTCDay()) ?? true;
  // As in every cron: with both given, either will do.
  return days && weekdays ? byDay || byWeekday : byDay && byWeekday;
}

function nextMatch(fields: Fields, after: number): number {
  const [minutes, hours] = fields;
  let at = Math.floor(after / MINUTE) * MINUTE + MINUTE;
  const end = at + SEARCH_DAYS * DAY;
  while (at < end) {
    const date = new Date(at);
    if (!dayMatches(fields, date)) at = (Math.floor(at / DAY) + 1) * DAY;
    else if (hours && !hours.has(date.getUTCHours())) at = (Math.floor(at / HOUR) + 1) * HOUR;
    else if (minutes && !minutes.has(date.getUTCMinutes())) at += MINUTE;
    else return at;
  }
  throw new Error("A cron's schedule names a date that never comes.");
}

/** When a cron runs for the first time: an interval at once, every other one at its next time. */
export function firstDue(name: string, schedule: Schedule, now: number): number {
  return schedule.type === "interval" ? now : nextMatch(fieldsOf(name, schedule), now);
}

/** When a cron that was due at `due` runs again, always after `now`: what was missed is not made up for. */
export function nextDue(name: string, schedule: Schedule, due: number, now: number): number {
  if (schedule.type !== "interval") return nextMatch(fieldsOf(name, schedule), now);
  const { seconds = 0, minutes = 0, hours = 0 } = schedule;
  const every = seconds * 1000 + minutes * MINUTE + hours * HOUR;
  return due + every * Math.max(1, Math.floor((now - due) / every) + 1);
}
