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

/** Keys of the messages from the leaf up to the root. */
function pathTo(leafKey: string, messages: Message[]): Set<string> {
  const parents = new Map(messages.map((message) => [message.key, message.parentKey]));
  const path = new Set<string>();
  let key: string | undefined = leafKey;
  while (key !== undefined && parents.has(key) && !path.has(key)) {
    path.add(key);
    key = parents.get(key);
  }
  return path;
}

/**
 * Whether a message was given up for its sibling on the path: a question that was edited, an answer that was asked for again. Steps of one
 * answer share a parent too; those ended in tool calls, and belong together.
 */
function isAlternative(message: Message, siblings: ReadonlySet<string>): boolean {
  if (!siblings.has(siblingsKey(message))) return false;
  return message.finish !== "tool-calls";
}

function siblingsKey({ role, parentKey }: Message): string {
  return `${role} ${parentKey ?? ""}`;
}

/** Keys of messages on branches that the agent's page does not show. */
function hiddenKeys(messages: Message[], leafKey: string | undefined): Set<string> {
  const hidden = new Set<string>();
  if (leafKey === undefined) return hidden;
  const path = pathTo(leafKey, messages);
  // Where prompts follow answers, several prompts that follow nothing are versions of the first one; else they are simply turns.
  const isLinked = messages.some(({ role, parentKey }) => role === "user" && parentKey);
  const onPath = messages.filter(
    ({ key, parentKey }) => path.has(key) && (isLinked || parentKey !== undefined),
  );
  const siblings = new Set(onPath.map(siblingsKey));
  // A parent comes before its children, so one pass reaches everything below an alternative.
  for (const message of messages) {
    const isBelow = message.parentKey !== undefined && hidden.has(message.parentKey);
    const isOff = !path.has(message.key);
    if (isOff && (isBelow || isAlternative(message, siblings))) hidden.add(message.key);
  }
  return hidden;
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
  const hidden = hiddenKeys(
    turns.map(({ message }) => message),
    leafKey,
  );
  const runs: Run[] = [];
  for (const turn of turns) {
    const isActive = !hidden.has(turn.message.key);
    const last = runs.at(-1);
    if (last?.isActive === isActive) last.turns.push(turn);
    else runs.push({ isActive, turns: [turn] });
  }
  return runs;
}
