import { type GenericValidator, type Infer, v } from "convex/values";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { Problem, problemOf, reportFault } from "./problem";
import { readValue } from "./read";
import { store } from "./store";
import {
  readMessage,
  readSession,
  vSentMessage,
  vSentSession,
  type WireMessage,
  type WireReading,
} from "./wireShapes";

/** Most sessions and messages in one batch. */
const MAX_ITEMS = 5_000;

const vItem = v.object({
  externalId: v.string(),
  outcome: v.union(
    v.literal("stored"),
    v.literal("same"),
    v.literal("older"),
    v.literal("refused"),
  ),
  /** Set when refused. */
  reason: v.optional(v.string()),
});

/** The answer to a batch; `ok` is false, and the status an error's, when something was refused and nothing stored. */
export const vBatchAnswer = v.object({
  ok: v.boolean(),
  /** How many were stored. */
  sessions: v.number(),
  messages: v.number(),
  errors: v.array(v.string()),
  results: v.object({ sessions: v.array(vItem), messages: v.array(vItem) }),
});

type Item = Infer<typeof vItem>;

/** What goes into one session, with the places of its items in the answer. */
type Group = {
  reading: WireReading;
  sessionAt?: number;
  messages: { message: WireMessage; at: number }[];
};

type Items = { sessions: Item[]; messages: Item[] };

function idIn(value: unknown): string {
  const { externalId, sessionId } = (value ?? {}) as Record<string, unknown>;
  const id = externalId ?? sessionId;
  return typeof id === "string" ? id.replace(/\p{Surrogate}/gu, "\ufffd") : "";
}

function refused(externalId: string, error: unknown): Item {
  const reason = problemOf(error)?.message ?? reportFault(error);
  return { externalId, outcome: "refused", reason };
}

/** Reads every item by itself, so that a bad one keeps no other from being stored. */
function readEach<V extends GenericValidator, T>(
  values: unknown[],
  validator: V,
  read: (value: Infer<V>) => T,
): { items: Item[]; good: { value: T; at: number }[] } {
  const good: { value: T; at: number }[] = [];
  const items = values.map((value, at): Item => {
    const externalId = idIn(value);
    try {
      good.push({ value: read(readValue(validator, value)), at });
      return { externalId, outcome: "stored" };
    } catch (error) {
      return refused(externalId, error);
    }
  });
  return { items, good };
}

/** A message without a source belongs to the session of that id in the same batch, whatever its agent. */
function grouped(
  sessions: { value: WireReading; at: number }[],
  messages: { value: { session: WireReading; message: WireMessage }; at: number }[],
): Group[] {
  const groups: Group[] = [];
  const find = ({ agent, key }: WireReading) =>
    groups.findLast(
      ({ reading }) => reading.key === key && (agent === undefined || reading.agent === agent),
    );
  for (const { value, at } of sessions) {
    groups.push({ reading: value, sessionAt: at, messages: [] });
  }
  for (const { value, at } of messages) {
    let group = find(value.session);
    if (group === undefined) groups.push((group = { reading: value.session, messages: [] }));
    group.messages.push({ message: value.message, at });
  }
  return groups;
}

async function storeGroup(
  ctx: ActionCtx,
  userId: Id<"users">,
  { reading, sessionAt, messages }: Group,
  items: Items,
): Promise<void> {
  const sent = messages.map(({ message }) => message);
  const none = { messages: 0, bytes: 0 };
  try {
    const { results, problem } = await store(ctx, userId, reading, sent, none);
    for (const [index, { message, at }] of messages.entries()) {
      const result = results[index];
      const { outcome, reason } = result ?? refused(message.key, problem);
      items.messages[at] = { externalId: message.key, outcome, ...(reason && { reason }) };
    }
  } catch (error) {
    if (sessionAt !== undefined) items.sessions[sessionAt] = refused(reading.key, error);
    for (const { message, at } of messages) items.messages[at] = refused(message.key, error);
  }
}

function count(items: Item[]): number {
  return items.filter(({ outcome }) => outcome === "stored").length;
}

function answerOf(items: Items): Infer<typeof vBatchAnswer> {
  const errors = Object.entries(items).flatMap(([kind, list]) =>
    list
      .filter(({ outcome }) => outcome === "refused")
      .map(({ externalId, reason }) => `${kind.slice(0, -1)} ${externalId}: ${reason}`),
  );
  const all = [...items.sessions, ...items.messages];
  const ok = errors.length === 0 || all.some(({ outcome }) => outcome !== "refused");
  const counts = { sessions: count(items.sessions), messages: count(items.messages) };
  return { ok, ...counts, errors, results: items };
}

/** Stores a batch. The limiter counts it whole before anything is written, so that a 429 has written nothing. */
export async function storeBatch(
  ctx: ActionCtx,
  userId: Id<"users">,
  body: { sessions?: unknown[]; messages?: unknown[] },
  bytes: number,
): Promise<Infer<typeof vBatchAnswer> | Response> {
  const { sessions = [], messages = [] } = body;
  if (sessions.length > MAX_ITEMS || messages.length > MAX_ITEMS) {
    throw new Problem(
      413,
      `Nothing was stored: a batch may carry at most ${MAX_ITEMS} sessions and ${MAX_ITEMS} messages.`,
    );
  }
  const load = { messages: messages.length, bytes };
  await ctx.runMutation(internal.wire.admit, { userId, load });
  const readSessions = readEach(sessions, vSentSession, readSession);
  const readMessages = readEach(messages, vSentMessage, readMessage);
  const items = { sessions: readSessions.items, messages: readMessages.items };
  for (const group of grouped(readSessions.good, readMessages.good)) {
    await storeGroup(ctx, userId, group, items);
  }
  const answer = answerOf(items);
  if (answer.ok) return answer;
  return Response.json({ ...answer, error: answer.errors[0] }, { status: 400 });
}
