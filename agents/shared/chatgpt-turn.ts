/** One turn of ChatGPT as a reading: what the page sent, and what came back over the stream or the WebSocket. */
import type { MessageReading, Reading, SessionReading } from "../agent";
import { isTemporaryPage, modelOf, placeOf } from "./chatgpt-session";
import type { Turn } from "./chatgpt-stream";
import { listOf } from "./chatgpt-text";
import { type Node, readTree } from "./chatgpt-tree";
import { asRecord, asString, compact } from "./json";

type Json = Record<string, unknown>;

/** What is known of a turn besides its stream. */
export interface TurnContext {
  /** The body that the page posted, where it could be read. */
  request?: Json;
  /** The turn was begun by another request: it is taken up again, or comes over the WebSocket. */
  isTakenUp: boolean;
  pageUrl: string;
}

/** The nodes of a turn: a message without parent follows the one before it, the first what the page's request says. */
function nodesOf(turn: Turn, request: Json | undefined): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const add = (message: Json, parent: string | undefined) => {
    const id = asString(message.id);
    if (!id) return;
    const named = asString(asRecord(message.metadata)?.parent_id) ?? parent;
    nodes.set(id, { id, parent: named === id ? undefined : named, message });
  };
  let before = asString(request?.parent_message_id);
  for (const value of listOf(request?.messages)) {
    const sent = asRecord(value);
    const id = asString(sent?.id);
    if (!sent || !id) continue;
    // The site's own version of it, where the stream has one.
    add(turn.messages.get(id) ?? sent, before);
    before = id;
  }
  for (const [id, message] of turn.messages) {
    if (!nodes.has(id)) add(message, before);
    before = id;
  }
  return nodes;
}

/**
 * Whether to keep a message of a turn. The prompt of one that is taken up, or answered again, does not say what it follows: it was kept when
 * it was sent, and must not lose that.
 */
function isTold(message: MessageReading, { request, isTakenUp }: TurnContext): boolean {
  if (message.role !== "user" || message.parentKey !== undefined) return true;
  if (isTakenUp) return false;
  if (!request) return true;
  return listOf(request.messages).length > 0 && asString(request.parent_message_id) !== message.key;
}

/** Puts the stream's error on the message that it cut short: the last answer, else the prompt. */
function withError(messages: MessageReading[], text: string | undefined): MessageReading[] {
  const at = messages.findLastIndex(({ role }) => role === "assistant");
  const failed = at === -1 ? messages.length - 1 : at;
  if (text === undefined || failed < 0) return messages;
  const error = { name: "Error", message: text };
  return messages.map((message, index) =>
    index === failed ? { ...message, state: "final" as const, error } : message,
  );
}

/** The reading of a turn; `[]` where the stream did not get as far as naming its session. */
export function readTurnReading(turn: Turn, context: TurnContext): Reading[] {
  const { request, pageUrl } = context;
  const key = turn.key ?? (asString(request?.conversation_id) || undefined);
  if (!key) return [];
  const hasEnded = turn.isComplete || turn.error !== undefined;
  const tree = readTree(nodesOf(turn, request), { isPart: true, hasEnded });
  const told = withError(tree.messages, turn.error).filter((message) => isTold(message, context));
  const messages = told.map((message) =>
    message.role === "assistant" && message.model === undefined
      ? compact({ ...message, model: turn.model })
      : message,
  );
  if (messages.length === 0) return [];
  const isTemporary = request?.history_and_training_disabled === true || isTemporaryPage(pageUrl);
  const leaf = tree.messages.at(-1)?.key;
  const session: SessionReading = compact({
    agent: "chatgpt",
    key,
    title: turn.title,
    ...(isTemporary ? {} : placeOf(key, pageUrl)),
    activeLeafKey: leaf,
    model: modelOf(messages, leaf),
  });
  return [isTemporary ? { session, messages, isTemporary } : { session, messages }];
}
