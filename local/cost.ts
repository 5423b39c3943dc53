/** What operations cost in documents and bytes, counted by the embedded backend itself. */
import type { CallUsage, Json } from "./convex/types.ts";
import type { Stack } from "./stack.ts";

/** A call's value and what it cost. */
export interface Costed<T> {
  value: T;
  usage: CallUsage;
}

/** One measured operation. */
export interface CostRow {
  operation: string;
  usage: CallUsage;
}

/** The figures that have targets. */
export interface CostReport {
  rows: CostRow[];
  /** Bytes and documents, read and written: what adding a message costs in a long session over what it costs in a short one. */
  growth: number;
  /** Documents written by sending a long session again, unchanged. */
  resent: number;
  /** Documents read per row of the dashboard's first page. */
  readPerRow: number;
  /** Documents read besides the page's own messages when a session is opened. */
  readBesidesPage: number;
  /** Messages stored after several writers sent theirs at once, and those that should be. */
  atOnce: { stored: number; sent: number; counted: number };
}

interface Session {
  id: string;
  messageCount: number;
}

const PAGE = 50;
const BATCH = 100;

/** Calls functions as one person, and tells what each call cost. */
export class CostMeter {
  private readonly url: string;
  private readonly token: string;

  constructor(stack: Stack, personId = stack.people[0]!.id) {
    this.url = stack.convex.url;
    this.token = stack.authkit.control.tokenFor(personId);
  }

  async call<T>(
    kind: "query" | "mutation" | "action",
    path: string,
    args: object,
  ): Promise<Costed<T>> {
    const response = await fetch(`${this.url}/api/${kind}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ path, args, format: "json" }),
    });
    const answer = (await response.json()) as { status: string; value: Json };
    if (answer.status !== "success") throw new Error(`${path}: ${JSON.stringify(answer)}`);
    const usage = JSON.parse(response.headers.get("x-convex-usage") ?? "null") as CallUsage;
    return { value: answer.value as T, usage };
  }
}

function message(position: number) {
  const body = `What the agent said in turn ${position}. `.repeat(12);
  return {
    ...{ key: `m${position}`, position, role: position % 2 === 0 ? "user" : "assistant" },
    ...{ state: "final", hash: `hash ${position}`, parts: [{ type: "text", text: body }] },
    createdAt: Date.UTC(2026, 10, 20, 12),
  };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => message(from + index));

/** Sends the messages from `from` to `to` of a session, in batches; answers what each cost. */
async function send(meter: CostMeter, key: string, from: number, to: number) {
  const usages: CallUsage[] = [];
  for (let start = from; start < to; start += BATCH) {
    const messages = range(start, Math.min(start + BATCH, to));
    const session = { agent: "opencode", key, title: `Session ${key}` };
    usages.push((await meter.call("mutation", "sessions:record", { session, messages })).usage);
  }
  return usages;
}

const sumOf = (usages: CallUsage[], field: keyof CallUsage) =>
  usages.reduce((total, usage) => total + usage[field], 0);

/** Everything that a call reads and writes, as one figure per unit; the largest ratio of two calls. */
function ratio(large: CallUsage, small: CallUsage): number {
  const fields = Object.keys(large) as (keyof CallUsage)[];
  return Math.max(...fields.map((field) => large[field] / small[field]));
}

async function firstPage(meter: CostMeter, rows: CostRow[]): Promise<number> {
  const paginationOpts = { numItems: PAGE, cursor: null };
  const list = await meter.call<{ page: Session[] }>("query", "sessions:list", { paginationOpts });
  const overview = await meter.call("query", "stats:overview", {});
  const days = { from: "2026-10-25", to: "2026-11-23" };
  const daily = await meter.call("query", "stats:daily", { range: days });
  rows.push({ operation: `list ${list.value.page.length} sessions`, usage: list.usage });
  rows.push({ operation: "overview of everything", usage: overview.usage });
  rows.push({ operation: "usage of 30 days", usage: daily.usage });
  const read = sumOf([list.usage, overview.usage, daily.usage], "documentsRead");
  return read / list.value.page.length;
}

async function openSession(meter: CostMeter, key: string, rows: CostRow[]): Promise<number> {
  const asked = { agent: "opencode", key };
  const header = await meter.call<Session>("query", "sessions:getByKey", asked);
  const page = await meter.call<{ page: unknown[] }>("query", "messages:list", {
    sessionId: header.value.id,
    paginationOpts: { numItems: PAGE, cursor: null },
  });
  const shown = page.value.page.length;
  const operation = `open a session of ${header.value.messageCount}, ${shown} messages shown`;
  rows.push({ operation, usage: page.usage });
  return page.usage.documentsRead - shown;
}

async function writeAtOnce(
  stack: Stack,
  writers: number,
  each: number,
): Promise<CostReport["atOnce"]> {
  const meter = new CostMeter(stack);
  const of = async () =>
    (await meter.call<{ messages: number }>("query", "stats:overview", {})).value.messages;
  const before = await of();
  const slices = Array.from({ length: writers }, (_, writer) =>
    send(new CostMeter(stack), "at once", writer * each, (writer + 1) * each),
  );
  await Promise.all(slices);
  const asked = { agent: "opencode", key: "at once" };
  const { value } = await meter.call<Session>("query", "sessions:getByKey", asked);
  const keys = await storedKeys(meter, value.id);
  const stored = new Set(keys).size === keys.length ? keys.length : -1;
  return { stored, sent: writers * each, counted: (await of()) - before };
}

/** The keys of every message of a session. */
async function storedKeys(meter: CostMeter, sessionId: string): Promise<string[]> {
  const keys: string[] = [];
  for (let cursor: string | null = null; ;) {
    const { value }: Costed<{ page: { key: string }[]; isDone: boolean; continueCursor: string }> =
      await meter.call("query", "messages:list", {
        sessionId,
        paginationOpts: { numItems: 100, cursor },
      });
    keys.push(...value.page.map(({ key }) => key));
    if (value.isDone) return keys;
    cursor = value.continueCursor;
  }
}

/** Measures every operation that has a target, in sessions of the given lengths. */
export async function measureCosts(
  stack: Stack,
  {
    short,
    long,
    sessions,
    writers,
    each,
  }: Record<"short" | "long" | "sessions" | "writers" | "each", number>,
): Promise<CostReport> {
  const meter = new CostMeter(stack);
  await meter.call("mutation", "users:getOrCreate", {});
  const rows: CostRow[] = [];
  await send(meter, "short", 0, short);
  const addShort = (await send(meter, "short", short, short + 1))[0]!;
  rows.push({ operation: `add a message to a session of ${short}`, usage: addShort });
  await send(meter, "long", 0, long);
  const addLong = (await send(meter, "long", long, long + 1))[0]!;
  rows.push({ operation: `add a message to a session of ${long}`, usage: addLong });
  const again = await send(meter, "long", 0, long);
  rows.push({ operation: `send 100 unchanged messages again`, usage: again[0]! });
  for (let at = 0; at < sessions; at += 1) await send(meter, `one of many ${at}`, 0, 2);
  return {
    rows,
    growth: ratio(addLong, addShort),
    resent: sumOf(again, "documentsWritten"),
    readPerRow: await firstPage(meter, rows),
    readBesidesPage: await openSession(meter, "long", rows),
    atOnce: await writeAtOnce(stack, writers, each),
  };
}
