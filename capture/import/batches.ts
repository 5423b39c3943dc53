import type { Reading } from "../../agents/agent";

/** UTF-16 units of JSON in one message to the background. */
const MAX_BATCH_CHARS = 4 * 1024 * 1024;

/** The reading in pieces that each fit into one message; every piece names the session. A message that is larger goes alone. */
export function batchesOf(reading: Reading): Reading[] {
  const batches: Reading[] = [];
  let messages: Reading["messages"] = [];
  let chars = 0;
  for (const message of reading.messages) {
    const size = JSON.stringify(message).length;
    if (messages.length > 0 && chars + size > MAX_BATCH_CHARS) {
      batches.push({ ...reading, messages });
      messages = [];
      chars = 0;
    }
    messages.push(message);
    chars += size;
  }
  return [...batches, { ...reading, messages }];
}
