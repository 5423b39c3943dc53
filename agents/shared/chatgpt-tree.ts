/** ChatGPT's tree of messages as the archive keeps it: what was never shown is left out, and what follows it moves up. */
import type { MessageReading, Part, Role } from "../agent";
import { isContext, readCall, readContent, readResult } from "./chatgpt-content";
import { asNumber, asRecord, asString, compact } from "./json";
import { isoTime, secondsTime } from "./parts";
import { risingPositions } from "./tree";

type Json = Record<string, unknown>;

/** A place in the tree. */
export interface Node {
  id: string;
  parent?: string;
  message?: Json;
}

/** How the nodes came. */
export interface TreeOptions {
  /** They are a part of the session: a parent that is not among them exists all the same. */
  isPart: boolean;
  /** No message is still being written, whatever its status says. */
  hasEnded: boolean;
}

/** The messages that were shown, and where a node's place among them is. */
export interface Tree {
  messages: MessageReading[];
  /** Key of the node's own message, or of its nearest ancestor that is kept. */
  keptAt(id: string | undefined): string | undefined;
}

/** What the page calls the place above the first message. */
const ROOT = "client-created-root";

const ROLES = new Set<string>(["user", "assistant", "system", "tool"]);

/** Unix ms of a time that is seconds in the API and ISO in lists. */
export function timeOf(value: unknown): number | undefined {
  return secondsTime(value) ?? isoTime(value);
}

function isCall(message: Json): boolean {
  const recipient = asString(message.recipient) || "all";
  return asRecord(message.author)?.role === "assistant" && recipient !== "all";
}

function isTool(message: Json): boolean {
  return asRecord(message.author)?.role === "tool";
}

/**
 * The parts of what is kept, undefined for the rest: what is hidden, what only tells the model something, and the empty messages between two
 * steps. Calls of tools and their results are kept although the page shows them only as a line, or not at all.
 */
function keptParts(message: Json | undefined): Part[] | undefined {
  const content = asRecord(message?.content);
  const role = asRecord(message?.author)?.role;
  if (!message || !content || role === "system" || isContext(content)) return undefined;
  const metadata = asRecord(message.metadata) ?? {};
  if (isCall(message)) return readCall(message);
  // A result needs its call, which is looked for later.
  if (isTool(message)) return [];
  if (metadata.is_visually_hidden_from_conversation === true) return undefined;
  const parts = readContent(content, metadata);
  if (parts.length === 0 && asRecord(metadata.finish_details)?.type !== "interrupted")
    return undefined;
  if (message.channel !== "analysis") return parts;
  return parts.map((part) =>
    part.type === "text" ? { ...part, type: "reasoning" as const } : part,
  );
}

/**
 * For every node, the nearest one above it that `isWanted`, itself included. In linear time, standing loops: a path that was walked is not
 * walked again.
 */
function nearest(
  nodes: ReadonlyMap<string, Node>,
  isWanted: (node: Node) => boolean,
  isEnd: (node: Node) => boolean = () => false,
): (id: string | undefined) => string | undefined {
  const found = new Map<string, string | undefined>();
  return (id) => {
    const passed: string[] = [];
    const seen = new Set<string>();
    let at = id;
    let result: string | undefined;
    while (at !== undefined && !seen.has(at)) {
      if (found.has(at)) {
        result = found.get(at);
        break;
      }
      const node = nodes.get(at);
      passed.push(at);
      seen.add(at);
      if (!node || isWanted(node)) {
        result = at;
        break;
      }
      if (isEnd(node)) break;
      at = node.parent;
    }
    for (const key of passed) found.set(key, result);
    return result;
  };
}

function readMessage({ id, message = {} }: Node, parts: Part[], hasEnded: boolean): MessageReading {
  const metadata = asRecord(message.metadata) ?? {};
  const role = asString(asRecord(message.author)?.role) ?? "";
  const isAssistant = role === "assistant";
  const isRunning = message.status === "in_progress" && role !== "user" && !hasEnded;
  const seconds = asNumber(message.create_time);
  const createdAt = timeOf(message.create_time);
  const finish = asString(asRecord(metadata.finish_details)?.type);
  return compact({
    key: id,
    role: ROLES.has(role) ? (role as Role) : "unknown",
    // With the site's microseconds: a tool answers within one millisecond.
    position: seconds === undefined ? (createdAt ?? 0) : seconds * 1000,
    state: isRunning ? ("partial" as const) : ("final" as const),
    model: isAssistant
      ? (asString(metadata.resolved_model_slug) ?? asString(metadata.model_slug))
      : undefined,
    createdAt,
    completedAt: isAssistant && !isRunning ? timeOf(message.update_time) : undefined,
    finish: isAssistant ? finish : undefined,
    parts,
  });
}

/**
 * In the order of their positions. One without a time takes its parent's place and a step; at the top, the first time that is known.
 */
function inOrder(messages: MessageReading[]): MessageReading[] {
  const keys = new Set(messages.map(({ key }) => key));
  const first = messages.reduce((min, { position }) => Math.min(min, position || min), Infinity);
  const placed = messages.map((message) =>
    message.position === 0 && first < Infinity && !keys.has(message.parentKey ?? "")
      ? { ...message, position: first }
      : message,
  );
  return risingPositions(placed).sort((a, b) => a.position - b.position);
}

/** Reads the nodes of a tree. */
export function readTree(nodes: ReadonlyMap<string, Node>, options: TreeOptions): Tree {
  const kept = new Map<string, Part[]>();
  for (const { id, message } of nodes.values()) {
    const parts = keptParts(message);
    if (parts) kept.set(id, parts);
  }
  const resolve = nearest(nodes, ({ id }) => kept.has(id));
  const keptAt = (id: string | undefined) => {
    const key = resolve(id);
    if (key === undefined || nodes.has(key)) return key;
    return options.isPart && key !== ROOT ? key : undefined;
  };
  const callAt = nearest(
    nodes,
    ({ message }) => message !== undefined && isCall(message),
    ({ message }) => asRecord(message?.author)?.role === "user",
  );
  const messages = [...nodes.values()].flatMap((node) => {
    const parts = kept.get(node.id);
    if (!parts) return [];
    const message = node.message ?? {};
    const call = callAt(node.parent);
    const callKey = call !== undefined && nodes.get(call)?.message ? call : node.id;
    const parentKey = keptAt(node.parent);
    const all = isTool(message) ? readResult(callKey, message) : parts;
    const reading = readMessage(node, all, options.hasEnded);
    return [compact({ ...reading, parentKey: parentKey === node.id ? undefined : parentKey })];
  });
  return { messages: inOrder(messages), keptAt };
}
