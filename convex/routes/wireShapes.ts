/** What OpenSync's clients send, and what is made of it. */
import { type Infer, v } from "convex/values";
import { hasLoneSurrogate } from "../model/check";
import type { vWireMessage, vWireReading } from "../model/wire";
import { partsOf, type WirePart } from "../model/wireParts";
import { type Tokens, vRole } from "../validators";
import { Problem } from "./problem";
import { readValue } from "./read";

const figures = {
  model: v.optional(v.string()),
  provider: v.optional(v.string()),
  promptTokens: v.optional(v.number()),
  completionTokens: v.optional(v.number()),
  durationMs: v.optional(v.number()),
  /** Unix ms. */
  createdAt: v.optional(v.number()),
  source: v.optional(v.string()),
};

/** A session; its id is `externalId` or, as some clients say, `sessionId`. */
export const vSentSession = v.object({
  externalId: v.optional(v.string()),
  sessionId: v.optional(v.string()),
  title: v.optional(v.string()),
  projectPath: v.optional(v.string()),
  projectName: v.optional(v.string()),
  /** US dollars. */
  cost: v.optional(v.number()),
  ...figures,
});

/** A message; without `parts` and `textContent` its content stays as it is. */
export const vSentMessage = v.object({
  sessionExternalId: v.string(),
  externalId: v.string(),
  role: vRole,
  textContent: v.optional(v.string()),
  parts: v.optional(v.array(v.any())),
  ...figures,
});

type SentSession = Infer<typeof vSentSession>;
type Sent = Pick<Infer<typeof vSentMessage>, "promptTokens" | "completionTokens">;

export type WireReading = Infer<typeof vWireReading>;
export type WireMessage = Infer<typeof vWireMessage>;

const MAX_TIME = 8.64e15;
const MAX_COUNT = 1e15;

function amount(name: string, value: number | undefined, most = MAX_COUNT): number | undefined {
  if (value === undefined || (value >= 0 && value <= most)) return value;
  throw new Problem(400, `${name} has to be between 0 and ${most}. Nothing was stored.`);
}

/** 0 says nothing: clients send it for what they do not know, and it must not blank what they said before. */
function unlessZero(name: string, value: number | undefined): number | undefined {
  return amount(name, value) || undefined;
}

function tokensOf({ promptTokens, completionTokens }: Sent): { tokens?: Tokens } {
  const input = unlessZero("promptTokens", promptTokens);
  const output = unlessZero("completionTokens", completionTokens);
  if (input === undefined && output === undefined) return {};
  return { tokens: { ...(input && { input }), ...(output && { output }) } };
}

/** The client's name of the agent as an agent's id; undefined when it names none. */
export function agentOf(source: string | undefined): string | undefined {
  const id = (source ?? "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 64)
    .replace(/^-+|-+$/g, "");
  if (id === "") return undefined;
  return id === "cursor" ? "cursor-sync" : id;
}

/** Drops what is undefined: a Convex function's arguments may not hold it in a list. */
function known<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function checked<T>(what: string, value: T): T {
  if (!hasLoneSurrogate(value)) return value;
  throw new Problem(
    400,
    `The ${what} holds half a character (an unpaired surrogate). Nothing was stored.`,
  );
}

/** The session as it is recorded. */
export function readSession(sent: SentSession): WireReading {
  const key = sent.externalId || sent.sessionId;
  if (!key) throw new Problem(400, "Missing externalId or sessionId");
  const { title, projectPath, projectName, model, provider } = sent;
  return checked(
    "session",
    known({
      ...{ key, agent: agentOf(sent.source), title, projectPath, projectName, model, provider },
      ...tokensOf(sent),
      cost: unlessZero("cost", sent.cost),
      durationMs: unlessZero("durationMs", sent.durationMs),
      createdAt: amount("createdAt", sent.createdAt, MAX_TIME),
    }),
  );
}

/** A part without `content` has its fields beside its type. */
function readPart(part: unknown, index: number): WirePart {
  const path = `parts[${index}]`;
  const { type } = readValue(v.object({ type: v.string() }), part, path);
  const { content, ...beside } = part as Record<string, unknown>;
  if (content !== undefined) return { type, content };
  delete beside.type;
  return { type, content: Object.keys(beside).length > 0 ? beside : null };
}

/** The message as it is recorded, and the session that it belongs to. */
export function readMessage(sent: Infer<typeof vSentMessage>): {
  session: WireReading;
  message: WireMessage;
} {
  const { sessionExternalId, externalId, role, textContent, model, provider } = sent;
  if (sessionExternalId === "") throw new Problem(400, "Missing sessionExternalId");
  if (externalId === "") throw new Problem(400, "Missing externalId");
  const session = known({ key: sessionExternalId, agent: agentOf(sent.source) });
  const message = known({
    ...{ key: externalId, role, model, provider },
    parts: partsOf(sent.parts?.map(readPart), textContent),
    ...tokensOf(sent),
    durationMs: unlessZero("durationMs", sent.durationMs),
    createdAt: amount("createdAt", sent.createdAt, MAX_TIME / 2),
  });
  return checked("message", { session, message });
}
