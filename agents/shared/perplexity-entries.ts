/** Entries of Perplexity's threads: each is a prompt and its answer. */
import type { MessageReading, SessionReading } from "../agent";
import { asRecord, asString, compact } from "./json";
import { isoTime, textParts } from "./parts";
import { attachmentParts, blockParts, plainParts } from "./perplexity-blocks";

type Json = Record<string, unknown>;

/** Position of a turn whose time the site does not give, read while it was written: behind all that have one, until a load tells. */
const LAST = 1e15;

/** The site's id of an entry, which is the answer's key. */
export function entryKey(entry: Json | undefined): string | undefined {
  return asString(entry?.backend_uuid) ?? asString(entry?.uuid);
}

/** Key of the prompt of the answer with that key: the site has one id for both. */
function promptKey(key: string): string {
  return `${key}-query`;
}

function partsOf(entry: Json): MessageReading["parts"] {
  const parts = Array.isArray(entry.blocks) ? blockParts(entry.blocks) : [];
  return parts.length > 0 ? parts : plainParts(entry);
}

interface Status {
  state: MessageReading["state"];
  finish?: string;
  error?: MessageReading["error"];
}

/** The same words come in capitals and without. */
function statusOf(entry: Json): Status {
  const status = asString(entry.status)?.toLowerCase();
  const isFailed = status === "failed" || status === "error";
  const isRunning = status === "pending" || status === "in_progress" || status === "resuming";
  if (isRunning && entry.final_sse_message !== true) return { state: "partial" };
  if (!isFailed) return { state: "final", finish: status };
  const name = asString(entry.error_code) ?? "failed";
  const message = asString(entry.error_message) ?? asString(entry.text) ?? "";
  return { state: "final", finish: status, error: { name, message } };
}

/** The prompt and the answer of an entry. `index` is its place where the site gives no time; `parentKey` the answer that it follows. */
export function readEntry(
  entry: Json,
  key: string,
  { index, parentKey }: { index?: number; parentKey?: string },
): MessageReading[] {
  const createdAt = isoTime(entry.entry_created_datetime);
  const position = createdAt ?? index ?? LAST;
  const status = statusOf(entry);
  const prompt: MessageReading = compact({
    key: promptKey(key),
    parentKey,
    role: "user" as const,
    position,
    state: "final" as const,
    createdAt,
    parts: [...attachmentParts(entry.attachments), ...textParts(entry.query_str)],
  });
  const answer: MessageReading = compact({
    key,
    parentKey: promptKey(key),
    role: "assistant" as const,
    position: position + 0.5,
    ...status,
    model: asString(entry.display_model),
    createdAt,
    completedAt: status.state === "final" ? isoTime(entry.entry_updated_datetime) : undefined,
    parts: status.error ? partsOf({ ...entry, text: undefined }) : partsOf(entry),
  });
  return [prompt, answer];
}

/** What entries, oldest first, say of their session; undefined where none names it. */
export function sessionOf(
  entries: readonly Json[],
  origin: string,
): (Pick<SessionReading, "key"> & Partial<SessionReading> & { agent: string }) | undefined {
  const newest = (field: string) =>
    entries.map((entry) => asString(entry[field])).findLast((value) => value);
  const key = newest("thread_url_slug");
  if (!key) return undefined;
  return compact({
    agent: "perplexity",
    key,
    title: newest("thread_title")?.trim() || undefined,
    url: `${origin}/search/${key}`,
    account: newest("author_username"),
    projectName: asString(asRecord(entries.at(-1)?.collection_info)?.title),
    model: newest("display_model"),
    updatedAt: isoTime(newest("entry_updated_datetime")),
  });
}
