import type { Part } from "../../agents/agent";
import type { Message } from "./types";

export type ToolCallPart = Extract<Part, { type: "tool-call" }>;
export type ToolResultPart = Extract<Part, { type: "tool-result" }>;

/** What is shown of a message, piece by piece: a tool call and its result are one piece. */
export type Block =
  | Exclude<Part, ToolCallPart | ToolResultPart>
  | { type: "tool"; call: ToolCallPart | null; result: ToolResultPart | null };

/** A message ready to be shown. */
export interface Turn {
  message: Message;
  blocks: Block[];
  /** Its parts are large and not loaded yet. */
  isLarge: boolean;
}

/** Turns that follow each other on the same branch. */
export interface Run {
  /** On the branch that the agent's page shows. */
  isActive: boolean;
  turns: Turn[];
}

/** Parts of large messages that were loaded, by message id and hash (`partsKey`). */
export type LoadedParts = ReadonlyMap<string, Part[]>;

/** Names one version of a message's parts. */
export function partsKey(message: Pick<Message, "id" | "hash">): string {
  return `${message.id} ${message.hash}`;
}

/** A message's parts, or null while they are too large to have come along. */
function partsOf(message: Message, loaded: LoadedParts): Part[] | null {
  return message.large ? (loaded.get(partsKey(message)) ?? null) : message.parts;
}

/** Keys of the messages from the leaf up to the root; null when the branch is not known, and all count as active. */
function activeKeys(messages: Message[], leafKey: string | undefined): Set<string> | null {
  const parents = new Map(messages.map((message) => [message.key, message.parentKey]));
  if (leafKey === undefined || !parents.has(leafKey)) return null;
  const keys = new Set<string>();
  for (let key: string | undefined = leafKey; key !== undefined && !keys.has(key);) {
    keys.add(key);
    key = parents.get(key);
  }
  return keys;
}

function blocksOf(
  parts: Part[],
  calls: ReadonlyMap<string, ToolCallPart>,
  results: ReadonlyMap<string, ToolResultPart>,
): Block[] {
  return parts.flatMap((part): Block[] => {
    if (part.type === "tool-call") {
      return [{ type: "tool", call: part, result: results.get(part.toolCallId) ?? null }];
    }
    if (part.type === "tool-result") {
      // Shown with its call, wherever that is; alone only when the call was not captured.
      return calls.has(part.toolCallId) ? [] : [{ type: "tool", call: null, result: part }];
    }
    return [part];
  });
}

/** Messages in the order of their positions, tool results joined to their calls across messages. */
export function turnsOf(messages: Message[], loaded: LoadedParts): Turn[] {
  const sorted = [...messages].sort((a, b) => a.position - b.position);
  const all = sorted.flatMap((message) => partsOf(message, loaded) ?? []);
  const calls = new Map(
    all.filter((part) => part.type === "tool-call").map((part) => [part.toolCallId, part]),
  );
  const results = new Map(
    all.filter((part) => part.type === "tool-result").map((part) => [part.toolCallId, part]),
  );
  return sorted
    .map((message) => {
      const parts = partsOf(message, loaded);
      return { message, blocks: blocksOf(parts ?? [], calls, results), isLarge: parts === null };
    })
    .filter(({ message, blocks, isLarge }) => {
      // A message that only carried results to their calls has nothing left to show.
      return blocks.length > 0 || isLarge || message.error || message.role !== "tool";
    });
}

/** Turns in runs of the shown branch and of others. */
export function runsOf(turns: Turn[], leafKey: string | undefined): Run[] {
  const active = activeKeys(
    turns.map(({ message }) => message),
    leafKey,
  );
  const runs: Run[] = [];
  for (const turn of turns) {
    const isActive = active === null || active.has(turn.message.key);
    const last = runs.at(-1);
    if (last?.isActive === isActive) last.turns.push(turn);
    else runs.push({ isActive, turns: [turn] });
  }
  return runs;
}
