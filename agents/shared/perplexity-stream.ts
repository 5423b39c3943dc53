/** An answer of Perplexity while it is written: server-sent events, each an entry whose blocks are whole or patches of what came before. */
import { sseEvents } from "./frames";
import { asRecord, asString, parseJson } from "./json";
import { entryKey } from "./perplexity-entries";
import { applyPatch } from "./perplexity-patch";

type Json = Record<string, unknown>;

function readBlock(blocks: Map<unknown, Json>, block: Json): void {
  const usage = block.intended_usage;
  const diff = asRecord(block.diff_block);
  if (!diff) {
    blocks.set(usage, block);
    return;
  }
  const field = asString(diff.field);
  if (!field) return;
  const known = blocks.get(usage) ?? { intended_usage: usage };
  const patches: unknown[] = Array.isArray(diff.patches) ? diff.patches : [];
  blocks.set(usage, { ...known, [field]: patches.reduce(applyPatch, known[field]) });
}

/** The entry that the events of one answer make, with its blocks as they are in the end; null where no event is one. */
export function readEvents(body: string): Json | null {
  const blocks = new Map<unknown, Json>();
  let entry: Json = {};
  for (const { data } of sseEvents(body)) {
    const event = asRecord(parseJson(data));
    const key = entryKey(event);
    if (!event || key === undefined) continue;
    // A stream is one answer's.
    if (entryKey(entry) !== undefined && entryKey(entry) !== key) continue;
    // The last event has the answer whole, but not always the plan: what came before stays.
    for (const block of Array.isArray(event.blocks) ? event.blocks : []) {
      const record = asRecord(block);
      if (record) readBlock(blocks, record);
    }
    entry = { ...entry, ...event };
  }
  if (entryKey(entry) === undefined) return null;
  return blocks.size > 0 ? { ...entry, blocks: [...blocks.values()] } : entry;
}
