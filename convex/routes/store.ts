import type { Infer } from "convex/values";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { messageText } from "../messageText";
import type { Load } from "../model/limits";
import type { vWireResult } from "../model/wire";
import { utf8Length } from "../utf8";
import { MAX_CHUNKED_BYTES } from "../validators";
import { problemOf } from "./problem";
import type { WireMessage, WireReading } from "./wireShapes";

/** Most messages in one mutation, which reads the stored ones twice. */
const MESSAGES_PER_CALL = 32;

/** Most bytes of parts in one mutation. */
const BYTES_PER_CALL = 2 * 1024 * 1024;

type Stored = Infer<typeof vWireResult>;
type Recorded = { sessionId: Id<"sessions">; results: Stored[] };

/** What became of one session and its messages; `problem` stands for everything that is not in `results`. */
export type Outcome = { sessionId?: Id<"sessions">; results: Stored[]; problem?: unknown };

type Sized = { message: WireMessage; bytes: number };

/** Puts parts that are too large for a mutation into a file. */
async function uploaded(ctx: ActionCtx, message: WireMessage): Promise<Sized> {
  const { parts, ...fields } = message;
  const json = JSON.stringify(parts ?? []);
  const bytes = utf8Length(json);
  if (parts === undefined || bytes <= MAX_CHUNKED_BYTES) return { message, bytes };
  const storageId = await ctx.storage.store(new Blob([json], { type: "application/json" }));
  const preview = messageText(parts);
  return { message: { ...fields, upload: { storageId, bytes, preview } }, bytes: preview.length };
}

/** Deletes files that no message took. */
async function dropFiles(ctx: ActionCtx, messages: WireMessage[]): Promise<void> {
  for (const { upload } of messages) {
    if (upload !== undefined) await ctx.storage.delete(upload.storageId);
  }
}

/** Records these messages in one mutation, or in two halves when they turn out too many for one. */
async function record(
  ctx: ActionCtx,
  userId: Id<"users">,
  session: WireReading,
  messages: WireMessage[],
  load: Load,
): Promise<Recorded> {
  try {
    return await ctx.runMutation(internal.wire.record, { userId, session, messages, load });
  } catch (error) {
    if (messages.length > 1 && problemOf(error)?.status === 413) {
      const middle = Math.ceil(messages.length / 2);
      const first = await record(ctx, userId, session, messages.slice(0, middle), load);
      const second = await record(ctx, userId, session, messages.slice(middle), load);
      return { ...second, results: [...first.results, ...second.results] };
    }
    await dropFiles(ctx, messages);
    throw error;
  }
}

function portions(messages: Sized[]): WireMessage[][] {
  const all: WireMessage[][] = [];
  let bytes = 0;
  for (const item of messages) {
    const last = all.at(-1);
    bytes += item.bytes;
    if (last && last.length < MESSAGES_PER_CALL && bytes <= BYTES_PER_CALL) {
      last.push(item.message);
    } else {
      all.push([item.message]);
      bytes = item.bytes;
    }
  }
  return all;
}

/** Stores one session's header and any number of messages. Throws when nothing of it could be stored. */
export async function store(
  ctx: ActionCtx,
  userId: Id<"users">,
  session: WireReading,
  messages: WireMessage[],
  load: Load,
): Promise<Outcome> {
  const sized: Sized[] = [];
  for (const message of messages) sized.push(await uploaded(ctx, message));
  const calls = sized.length === 0 ? [[]] : portions(sized);
  const outcome: Outcome = { results: [] };
  for (const [index, call] of calls.entries()) {
    try {
      const { sessionId, results } = await record(ctx, userId, session, call, load);
      outcome.sessionId = sessionId;
      outcome.results.push(...results);
    } catch (error) {
      if (index === 0) {
        await dropFiles(ctx, calls.slice(1).flat());
        throw error;
      }
      await dropFiles(ctx, calls.slice(index + 1).flat());
      return { ...outcome, problem: error };
    }
  }
  return outcome;
}
