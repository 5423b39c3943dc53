/** ChatGPT's WebSocket (seen 2026-09): the turns of all open sessions over one connection, each under its topic. */
import { type SseEvent, jsonLines, sseEvents } from "./frames";
import { readTurn, type Turn } from "./chatgpt-stream";
import { listOf } from "./chatgpt-text";
import { asNumber, asRecord, asString } from "./json";

/** What came under one topic. */
interface Topic {
  /** By id: a page that subscribes again gets what it had once more. */
  items: Map<string, SseEvent[]>;
  isDone: boolean;
  error?: string;
}

function take(topics: Map<string, Topic>, value: unknown): boolean {
  const message = asRecord(value);
  const type = asString(message?.type);
  if (!message || !type) return false;
  for (const missed of listOf(asRecord(message.reply)?.catchups)) take(topics, missed);
  const payload = asRecord(message.payload);
  const inner = asRecord(payload?.payload);
  const id = asString(message.topic_id);
  if (type !== "message" || payload?.type !== "conversation-turn-stream" || !inner || !id)
    return true;
  const topic = topics.get(id) ?? { items: new Map<string, SseEvent[]>(), isDone: false };
  topics.set(id, topic);
  const text = asString(inner.encoded_item);
  if (inner.type === "done") topic.isDone = true;
  else if (inner.type === "error") topic.error = asString(inner.message) ?? "";
  else if (text !== undefined) {
    const item =
      asString(inner.stream_item_id) ?? asNumber(inner.stream_item_id) ?? topic.items.size;
    if (!topic.items.has(`${item}`)) topic.items.set(`${item}`, sseEvents(text));
  }
  return true;
}

/** The events by the items' numbers: what was missed can come after what is new. */
function inOrder(items: Map<string, SseEvent[]>): SseEvent[] {
  const all = [...items];
  if (all.every(([id]) => /^\d+$/.test(id))) all.sort(([a], [b]) => Number(a) - Number(b));
  return all.flatMap(([, events]) => events);
}

/** The turns in a batch of frames, one a topic; null where no frame has the connection's form. */
export function readSocket(text: string): Turn[] | null {
  const topics = new Map<string, Topic>();
  let isKnown = false;
  for (const line of jsonLines(text)) {
    for (const value of Array.isArray(line) ? line : [line]) {
      if (take(topics, value)) isKnown = true;
    }
  }
  if (!isKnown) return null;
  return [...topics.values()].map(({ items, isDone, error }) => {
    const turn = readTurn(inOrder(items));
    return {
      ...turn,
      isComplete: turn.isComplete || isDone,
      error: error ?? turn.error,
    };
  });
}
