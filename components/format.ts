const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** The last time that a Date can hold. */
const MAX_TIME = 8.64e15;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "1 message", "1,204 messages". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${whole.format(n)} ${n === 1 ? one : many}`;
}

/** "950", "12.3K". */
export function formatCompact(n: number): string {
  return compact.format(n);
}

/** US dollars: cents for ordinary sums, more digits for the small ones of single turns. */
export function formatCost(dollars: number): string {
  if (dollars === 0) return "$0";
  const digits = dollars >= 1 ? 2 : dollars >= 0.01 ? 3 : 5;
  return `$${dollars.toFixed(digits)}`;
}

/** "512 B", "64.0 KB", "1.2 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** "120 ms", "4.2 s", "3 min 5 s". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / MINUTE)} min ${Math.round((ms % MINUTE) / 1000)} s`;
}

/** Captured numbers may be no time at all; formatting those would throw. */
function isTime(at: number): boolean {
  return Math.abs(at) <= MAX_TIME;
}

/** Date and time in the person's own way; "unknown time" for a number that is none. */
export function formatTime(at: number): string {
  return isTime(at) ? full.format(at) : "unknown time";
}

/** The time of day in the person's own way. */
export function formatClock(at: number): string {
  return isTime(at) ? clock.format(at) : "an unknown time";
}

/** The date in the person's own way; "an unknown day" for a number that is none. */
export function formatDay(at: number): string {
  return isTime(at) ? day.format(at) : "an unknown day";
}

/** The time for machines, or undefined for a number that is none. */
export function isoTime(at: number): string | undefined {
  return isTime(at) ? new Date(at).toISOString() : undefined;
}

/** "now", "5 min. ago", "yesterday"; a date beyond a week. */
export function formatAgo(at: number, now: number): string {
  const age = now - at;
  if (age < MINUTE) return "now";
  if (age < HOUR) return relative.format(-Math.floor(age / MINUTE), "minute");
  if (age < DAY) return relative.format(-Math.floor(age / HOUR), "hour");
  if (age < 7 * DAY) return relative.format(-Math.floor(age / DAY), "day");
  return isTime(at) ? day.format(at) : "unknown time";
}
