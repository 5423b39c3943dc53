import * as v from "valibot";
import type { Json, Outcome } from "../types.ts";

/** Any JSON value; what crosses the socket has been parsed, so only its type is told here. */
const anyJson = v.custom<Json>((value) => value !== undefined);
const version = v.pipe(v.number(), v.integer(), v.minValue(0));
const callArguments = v.pipe(v.array(anyJson), v.maxLength(1));

const connect = v.object({
  type: v.literal("Connect"),
  sessionId: v.pipe(v.string(), v.maxLength(100)),
  maxObservedTimestamp: v.optional(v.string()),
  clientTs: v.optional(v.number()),
});

const authenticate = v.variant("tokenType", [
  v.object({
    type: v.literal("Authenticate"),
    tokenType: v.literal("None"),
    baseVersion: version,
  }),
  v.object({
    type: v.literal("Authenticate"),
    tokenType: v.literal("User"),
    value: v.string(),
    baseVersion: version,
  }),
  v.object({
    type: v.literal("Authenticate"),
    tokenType: v.literal("Admin"),
    value: v.string(),
    baseVersion: version,
    impersonating: v.optional(v.record(v.string(), anyJson)),
  }),
]);

const addQuery = v.object({
  type: v.literal("Add"),
  queryId: version,
  udfPath: v.string(),
  args: callArguments,
  journal: v.nullish(v.string()),
  componentPath: v.nullish(v.string()),
});

const modifyQuerySet = v.object({
  type: v.literal("ModifyQuerySet"),
  baseVersion: version,
  newVersion: version,
  modifications: v.array(
    v.variant("type", [addQuery, v.object({ type: v.literal("Remove"), queryId: version })]),
  ),
});

const callEntries = {
  requestId: version,
  udfPath: v.string(),
  args: callArguments,
  componentPath: v.nullish(v.string()),
};
const mutation = v.object({ type: v.literal("Mutation"), ...callEntries });
const action = v.object({ type: v.literal("Action"), ...callEntries });
const event = v.object({ type: v.literal("Event") });

const clientMessage = v.variant("type", [
  connect,
  authenticate,
  modifyQuerySet,
  mutation,
  action,
  event,
]);

/** What the official clients send over the sync socket. */
export type ClientMessage = v.InferOutput<typeof clientMessage>;
export type Authenticate = v.InferOutput<typeof authenticate>;
export type ModifyQuerySet = v.InferOutput<typeof modifyQuerySet>;
export type CallMessage = v.InferOutput<typeof mutation> | v.InferOutput<typeof action>;

/** Checks one frame; null when it is no message of the protocol. */
export function parseClientMessage(frame: string): ClientMessage | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(frame);
  } catch {
    return null;
  }
  const result = v.safeParse(clientMessage, parsed);
  return result.success ? result.output : null;
}

/** Timestamps cross the wire as base64 of the little-endian 64-bit integer. */
export function encodeTimestamp(ts: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(ts);
  return bytes.toString("base64");
}

export function decodeTimestamp(encoded: string): bigint {
  const bytes = Buffer.from(encoded, "base64");
  return bytes.length === 8 ? bytes.readBigUInt64LE() : 0n;
}

/** The versions that a Transition leads from and to. */
export interface StateVersion {
  querySet: number;
  identity: number;
  ts: bigint;
}

/** One query's news in a Transition. */
export type Modification =
  | {
      type: "QueryUpdated";
      queryId: number;
      value: Json;
      logLines: string[];
      journal: string | null;
    }
  | {
      type: "QueryFailed";
      queryId: number;
      errorMessage: string;
      errorData?: Json;
      logLines: string[];
      journal: string | null;
    }
  | { type: "QueryRemoved"; queryId: number };

/** The answer to a mutation (with the timestamp of its commit) or an action. */
export function responseFrame(message: CallMessage, outcome: Outcome, ts?: bigint): string {
  const { requestId } = message;
  const response = outcome.success
    ? { result: outcome.value, ts: ts === undefined ? undefined : encodeTimestamp(ts) }
    : { result: outcome.errorMessage, errorData: outcome.errorData };
  const { success, logLines } = outcome;
  return JSON.stringify({
    type: `${message.type}Response`,
    requestId,
    success,
    logLines,
    ...response,
  });
}

/** The size from which a Transition is sent in parts, in UTF-16 units of its JSON (the client joins strings). */
const CHUNK_LENGTH = 5 * 1024 * 1024;

function wireVersion(version: StateVersion) {
  return { ...version, ts: encodeTimestamp(version.ts) };
}

/** The frames of one Transition: itself, or its parts when it is long. */
export function transitionFrames(
  transition: {
    start: StateVersion;
    end: StateVersion;
    modifications: Modification[];
    clientClockSkew?: number;
  },
  transitionId: string,
): string[] {
  const { start, end, modifications, clientClockSkew } = transition;
  const whole = JSON.stringify({
    type: "Transition",
    startVersion: wireVersion(start),
    endVersion: wireVersion(end),
    modifications,
    clientClockSkew,
  });
  if (whole.length <= CHUNK_LENGTH) return [whole];
  const totalParts = Math.ceil(whole.length / CHUNK_LENGTH);
  return Array.from({ length: totalParts }, (_, partNumber) =>
    JSON.stringify({
      type: "TransitionChunk",
      chunk: whole.slice(partNumber * CHUNK_LENGTH, (partNumber + 1) * CHUNK_LENGTH),
      partNumber,
      totalParts,
      transitionId,
    }),
  );
}
