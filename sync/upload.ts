/** One batch to Convex and one answer back; everything that can happen ends in one of the outcomes that the drain knows. */
import type { ConvexHttpClient } from "convex/browser";
import { api } from "../convex/_generated/api";
import type { Id } from "../convex/_generated/dataModel";
import { messageText } from "../convex/messageText";
import {
  MAX_CHUNKED_BYTES,
  MAX_UPLOAD_BYTES,
  type Message,
  type RecordResult,
} from "../convex/validators";
import type { Provision } from "./account";
import type { Caller } from "./convex-caller";
import { HttpFailure, type Later, type Refused } from "./convex-errors";
import type { OutboxRow } from "./database";
import type { Batch } from "./outbox";
import { trouble } from "./troubles";

/** What became of a batch. */
export type Outcome =
  { kind: "stored"; results: RecordResult[] } | Later | { kind: "signed-out" } | Refused;

/** Sends one batch to a deployment. */
export type Upload = (deployment: string, batch: Batch) => Promise<Outcome>;

/** What uploading needs from outside. */
export interface UploadDeps {
  call: Caller;
  /** Makes sure that the person has a row on the deployment. `isForced`: the deployment said that there is none. */
  provision: Provision;
  fetch: typeof globalThis.fetch;
  now(): number;
}

/** 64 MB over a slow line take minutes; an hour later the upload URL is dead anyhow. */
const FILE_TIMEOUT_MS = 10 * 60_000;

/** Puts a message's parts into file storage and gives the message that names the file instead. */
async function withFile(
  client: ConvexHttpClient,
  fetch: typeof globalThis.fetch,
  { message, bytes }: OutboxRow,
): Promise<Message> {
  const url = await client.mutation(api.files.generateUploadUrl, {});
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(message.parts),
    signal: AbortSignal.timeout(FILE_TIMEOUT_MS),
  });
  if (!response.ok) throw new HttpFailure(response.status, undefined);
  const { storageId } = (await response.json()) as { storageId: Id<"_storage"> };
  return {
    ...message,
    parts: [],
    upload: { storageId, bytes, preview: messageText(message.parts) },
  };
}

async function record(
  client: ConvexHttpClient,
  fetch: typeof globalThis.fetch,
  { header, rows }: Batch,
): Promise<RecordResult[]> {
  const tooLarge = rows.filter(({ bytes }) => bytes > MAX_UPLOAD_BYTES);
  const messages: Message[] = [];
  for (const row of rows) {
    if (row.bytes <= MAX_CHUNKED_BYTES) messages.push(row.message);
    else if (!tooLarge.includes(row)) messages.push(await withFile(client, fetch, row));
  }
  const { results } = await client.mutation(api.sessions.record, { session: header, messages });
  const reason = `The message has more than ${MAX_UPLOAD_BYTES / 1024 / 1024} MB.`;
  return [...results, ...tooLarge.map(({ key }) => ({ key, outcome: "refused" as const, reason }))];
}

/** Builds the upload. */
export function createUpload({ call, provision, fetch, now }: UploadDeps): Upload {
  return async (deployment, batch) => {
    for (const isForced of [false, true]) {
      const provisioned = await provision(deployment, batch.owner, isForced);
      if (provisioned.kind !== "done") return provisioned;
      const sent = await call(deployment, batch.owner, (client) => record(client, fetch, batch));
      if (sent.kind === "done") return { kind: "stored", results: sent.value };
      if (sent.kind !== "unknown-user") return sent;
    }
    return { kind: "later", trouble: trouble("unexpected", now()) };
  };
}
