/**
 * What a user's sessions come to, per day, agent and model, kept when messages are written so that no question has to read them
 * again. The guarantee: a row is the sum of what its sessions and messages are counted with (`counted`), whatever was added,
 * replaced and deleted; what a message was counted with is what is taken away again, even when prices changed meanwhile.
 *
 * A session's own figures win over its messages', and what agents give wins over estimates: the session is counted with the
 * difference between what it comes to and what its messages were counted with, so nothing is counted twice.
 */
import { estimateTokenCount } from "tokenx";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { cutUtf8, utf8Length } from "../utf8";
import { MAX_TEXT_BYTES, type Message } from "../validators";
import {
  type Amounts,
  costCount,
  countOf,
  type Counted,
  givenTokens,
  isNothing,
  pricedTokens,
  sum,
} from "./amounts";
import type { SizedMessage } from "./check";
import { costOf } from "./prices";

/** Every time zone's days begin at a full quarter of an hour of UTC. */
export const QUARTER_MS = 15 * 60 * 1000;

/** In place of a day: the row that sums up all days. */
export const ALL_DAYS = "all";

/** What nobody named. */
export const UNKNOWN_MODEL = "unknown";

const MAX_MODEL_BYTES = 128;
/** A longer turn is a clock that was wrong. */
const MAX_DURATION_MS = 24 * 3600 * 1000;
const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2100, 0);

/** What one call changes of the usage rows. */
export type UsageChange = Map<string, RowChange>;

type RowChange = { day: string; agent: string; model: string; slots: Map<number, Amounts> };

/** The UTC day of a time as YYYY-MM-DD. */
export function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The first of these times that can be one, or else `now`; as the beginning of its quarter of an hour. */
function quarterOf(times: (number | undefined)[], now: number): number {
  const at = times.find((time) => time !== undefined && time >= EARLIEST && time < LATEST) ?? now;
  return Math.floor(at / QUARTER_MS) * QUARTER_MS;
}

function modelName(...names: (string | undefined)[]): string {
  const name = names.find((candidate) => candidate !== undefined && candidate !== "");
  return name === undefined ? UNKNOWN_MODEL : cutUtf8(name, MAX_MODEL_BYTES);
}

/** Tokens of a message by its text; beyond what is kept of the text, by the size of its parts. */
function estimated({ message, bytes }: SizedMessage, text: string): Amounts {
  const known = utf8Length(text);
  const isCut = known >= MAX_TEXT_BYTES - 4;
  const scale = isCut ? Math.max(1, (message.upload?.bytes ?? bytes) / known) : 1;
  const tokens = Math.round(estimateTokenCount(text) * scale);
  return message.role === "assistant" ? { estimatedOutput: tokens } : { estimatedInput: tokens };
}

function durationOf({ createdAt, completedAt }: Message): number {
  if (createdAt === undefined || completedAt === undefined) return 0;
  return Math.min(countOf(completedAt - createdAt), MAX_DURATION_MS);
}

/** What a message is counted with. */
export function messageUsage(
  item: SizedMessage,
  text: string,
  known: { agent: string; model?: string; counted?: Counted },
): Counted {
  const { message } = item;
  const model = modelName(message.model, known.model);
  const given = givenTokens(message.tokens);
  const tokens = given.total === undefined ? estimated(item, text) : given;
  const amounts = {
    messages: 1,
    durationMs: durationOf(message),
    ...costsOf(model, message, tokens),
  };
  return {
    at: quarterOf([message.createdAt, message.completedAt, known.counted?.at], Date.now()),
    agent: known.agent,
    model,
    amounts: sum(amounts, tokens),
  };
}

function costsOf(model: string, message: Message, tokens: Amounts): Amounts {
  const cost = costCount(message.cost);
  if (cost > 0) return { cost };
  if (tokens.total !== undefined)
    return { estimatedCost: costOf(model, pricedTokens(tokens)) ?? 0 };
  const { estimatedInput: input = 0, estimatedOutput: output = 0 } = tokens;
  return { guessedCost: costOf(model, pricedTokens({ input, output })) ?? 0 };
}

type Header = Pick<Doc<"sessions">, "tokens" | "cost" | "model" | "durationMs" | "totals">;

const NO_TOKENS = ["sessions", "messages", "durationMs", "cost", "estimatedCost", "guessedCost"];

function isTokenField(field: string): boolean {
  return !NO_TOKENS.includes(field);
}

function tokensOf(amounts: Amounts, isWanted: (field: string) => boolean): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).filter(([field]) => isTokenField(field) && isWanted(field)),
  );
}

function sessionTokens({ tokens, totals = {} }: Header): Amounts {
  const given = givenTokens(tokens);
  if (given.total !== undefined) return given;
  const isEstimated = (field: string) => field.startsWith("estimated");
  if (totals.total === undefined) return tokensOf(totals, isEstimated);
  return tokensOf(totals, (field) => !isEstimated(field));
}

function sessionCost(header: Header, tokens: Amounts): Amounts {
  const { totals = {} } = header;
  const cost = costCount(header.cost) || totals.cost;
  if (cost !== undefined) return { cost };
  if (tokens.total === undefined) return { guessedCost: totals.guessedCost ?? 0 };
  const isOwn = givenTokens(header.tokens).total !== undefined;
  const priced = isOwn ? costOf(modelName(header.model), pricedTokens(tokens)) : undefined;
  return { estimatedCost: priced ?? totals.estimatedCost ?? 0 };
}

/** What a session comes to: its own figures, else those of its messages, else estimates. */
export function sessionUsage(header: Header): Amounts {
  const tokens = sessionTokens(header);
  const { messages = 0, durationMs: worked = 0 } = header.totals ?? {};
  const durationMs = countOf(header.durationMs) || worked;
  return sum(sum({ sessions: 1, messages, durationMs }, tokens), sessionCost(header, tokens));
}

/** What the session's row is counted with, besides its messages. */
export function sessionCounted(
  session: Header & Pick<Doc<"sessions">, "agent" | "siteCreatedAt" | "counted">,
): Counted {
  return {
    at: quarterOf([session.siteCreatedAt, session.counted?.at], Date.now()),
    agent: session.agent,
    model: modelName(session.model),
    amounts: sum(sessionUsage(session), session.totals ?? {}, -1),
  };
}

function addTo(change: UsageChange, day: string, slot: number, counted: Counted, sign: 1 | -1) {
  const { agent, model } = counted;
  const key = JSON.stringify([day, agent, model]);
  const row = change.get(key) ?? { day, agent, model, slots: new Map<number, Amounts>() };
  row.slots.set(slot, sum(row.slots.get(slot) ?? {}, counted.amounts, sign));
  change.set(key, row);
}

/** Notes that something begins (1) or ceases (-1) to be counted. */
export function count(change: UsageChange, counted: Counted | undefined, sign: 1 | -1): void {
  if (counted === undefined) return;
  const day = utcDay(counted.at);
  addTo(change, day, (counted.at - Date.parse(day)) / QUARTER_MS, counted, sign);
  addTo(change, ALL_DAYS, 0, counted, sign);
}

function changedCells(row: Doc<"usage"> | null, { slots }: RowChange): Doc<"usage">["cells"] {
  const cells = new Map((row?.cells ?? []).map(({ slot, amounts }) => [slot, amounts]));
  for (const [slot, amounts] of slots) cells.set(slot, sum(cells.get(slot) ?? {}, amounts));
  return [...cells]
    .filter(([, amounts]) => !isNothing(amounts))
    .map(([slot, amounts]) => ({ slot, amounts }))
    .sort((a, b) => a.slot - b.slot);
}

async function writeRow(ctx: MutationCtx, userId: Id<"users">, change: RowChange): Promise<void> {
  if ([...change.slots.values()].every(isNothing)) return;
  const { day, agent, model } = change;
  const row = await ctx.db
    .query("usage")
    .withIndex("by_user_day_agent_model", (q) =>
      q.eq("userId", userId).eq("day", day).eq("agent", agent).eq("model", model),
    )
    .unique();
  const cells = changedCells(row, change);
  if (row === null) await ctx.db.insert("usage", { userId, day, agent, model, cells });
  else if (cells.length === 0) await ctx.db.delete("usage", row._id);
  else await ctx.db.patch("usage", row._id, { cells });
}

/** Writes what changed: one row per day, agent and model, each once. */
export async function writeUsage(
  ctx: MutationCtx,
  userId: Id<"users">,
  change: UsageChange,
): Promise<void> {
  for (const row of change.values()) await writeRow(ctx, userId, row);
}
