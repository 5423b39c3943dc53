/** Kimi's stream: events that set or append to the chat, its messages and their blocks, named by a mask. */
import { jsonObjects } from "./frames";
import { asNumber, asRecord, asRecords, asString } from "./json";

type Json = Record<string, unknown>;

/** What the events of a stream add up to. */
export interface KimiStream {
  chat: Json;
  /** By id, in the order in which they came, each with its `blocks`. */
  messages: Map<string, Json>;
  isDone: boolean;
  error?: Json;
}

/** `next` laid over `before`: strings at the mask's end are appended to, objects grow, anything else is replaced. */
function merged(before: unknown, next: unknown, isAppended: boolean): unknown {
  if (isAppended && typeof before === "string" && typeof next === "string") return before + next;
  const left = asRecord(before);
  const right = asRecord(next);
  if (left && right) {
    const result: Json = { ...left };
    for (const [name, value] of Object.entries(right)) {
      // An id is given with every event and never grows.
      result[name] = merged(left[name], value, isAppended && !/^(id|parentId|role)$/.test(name));
    }
    return result;
  }
  if (isAppended && Array.isArray(before) && Array.isArray(next)) return [...before, ...next];
  return next;
}

function addBlock(message: Json, block: Json, isAppended: boolean): void {
  const blocks = asRecords(message.blocks);
  const at = blocks.findIndex(({ id }) => id === block.id);
  if (at === -1) blocks.push(block);
  else blocks[at] = merged(blocks[at], block, isAppended) as Json;
  message.blocks = blocks;
}

/** The frames of a body; one that comes twice counts once. A body without any is not Kimi's. */
export function readKimiStream(body: string): KimiStream | null {
  const stream: KimiStream = { chat: {}, messages: new Map(), isDone: false };
  const seen = new Set<number>();
  let current: Json | undefined;
  let isStream = false;
  for (const value of jsonObjects(body)) {
    const event = asRecord(value) ?? {};
    const offset = asNumber(event.eventOffset);
    const isAppended = event.op === "append";
    isStream ||= "op" in event || "heartbeat" in event || "done" in event || "error" in event;
    stream.isDone ||= "done" in event;
    stream.error ??= asRecord(event.error);
    if (offset !== undefined && seen.has(offset)) continue;
    if (offset !== undefined) seen.add(offset);
    const chat = asRecord(event.chat);
    if (chat) stream.chat = merged(stream.chat, chat, isAppended) as Json;
    const message = asRecord(event.message);
    const id = asString(message?.id) ?? asString(current?.id);
    if (message && id !== undefined) {
      current = merged(stream.messages.get(id) ?? {}, message, isAppended) as Json;
      stream.messages.set(id, current);
    }
    const block = asRecord(event.block);
    const owner = stream.messages.get(asString(event.messageId) ?? "") ?? current;
    if (block && owner) addBlock(owner, block, isAppended);
  }
  return isStream ? stream : null;
}
