/** Text of ChatGPT's answers without the markers of citations in it, and the pages that it cites. */
import type { Part } from "../agent";
import { asRecord, asString } from "./json";
import { sourcePart } from "./parts";

type Json = Record<string, unknown>;

/** References whose `alt` is only a link to what their source part names. The `alt` of any other is what the page shows. */
const LINKS = new Set([
  "grouped_webpages",
  "grouped_webpages_model_predicted_fallback",
  "sources_footnote",
  "nav_list",
  "webpage",
  "webpage_extended",
  "hidden",
]);

/** One marker, U+E200 to U+E201; one that is still being written at the end; what strays. */
const MARKER = /\uE200[^\uE201\n]{0,4000}\uE201|\uE200[^\uE201\s]{0,400}$|[\uE200-\uE206]/g;

/** The text as the page shows it: a marker gives way to its words, or to nothing. */
export function withoutMarkers(text: string, metadata: Json): string {
  if (!/[\uE200-\uE206]/.test(text)) return text;
  const shown = new Map<string, string>();
  for (const value of listOf(metadata.content_references)) {
    const reference = asRecord(value);
    const marker = asString(reference?.matched_text);
    if (!reference || !marker || LINKS.has(asString(reference.type) ?? "")) continue;
    shown.set(marker, asString(reference.alt) ?? "");
  }
  return text.replace(MARKER, (marker) => shown.get(marker) ?? "");
}

/** The value when it is an array, else an empty one. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** How deep references nest: group, item, supporting website. */
const MAX_DEPTH = 4;

function collect(value: unknown, found: Json[], depth: number): void {
  const item = asRecord(value);
  if (!item || depth > MAX_DEPTH) return;
  if (typeof item.url === "string") found.push(item);
  for (const list of [
    item.items,
    item.sources,
    item.fallback_items,
    item.supporting_websites,
    item.entries,
  ]) {
    for (const inner of listOf(list)) collect(inner, found, depth + 1);
  }
}

/** Every page that the message cites or was written from, each once: the cited ones first. */
export function readSources(metadata: Json): Part[] {
  const found: Json[] = [];
  for (const reference of listOf(metadata.content_references)) collect(reference, found, 0);
  // The forms before 2025.
  for (const citation of listOf(metadata.citations))
    collect(asRecord(citation)?.metadata, found, 0);
  const cited = asRecord(metadata._cite_metadata);
  for (const page of listOf(cited?.metadata_list)) collect(page, found, 0);
  for (const group of listOf(metadata.search_result_groups)) collect(group, found, 0);
  const byUrl = new Map<string, Part>();
  for (const { url, title, snippet } of found) {
    for (const part of sourcePart({ url, title, snippet })) {
      if (part.type === "source" && !byUrl.has(part.url)) byUrl.set(part.url, part);
    }
  }
  return [...byUrl.values()];
}
