/**
 * What is captured and not yet in Convex. The guarantee: `addCaptured` has committed every new message before the observation is acknowledged to
 * the page, and a message leaves only when Convex has answered for that very version of it. Nothing is dropped: what Convex refuses is
 * kept and shown.
 */
import { contentHash } from "../convex/contentHash";
import {
  MAX_MESSAGES_PER_RECORD,
  type MessageReading,
  type SessionReading,
} from "../convex/validators";
import {
  HEADER_KEY,
  type LedgerRow,
  type OutboxRow,
  type SyncDatabase,
  type Transaction,
  write,
} from "./database";
import { readAcknowledged, type SessionId } from "./ledger";
import { fullnessOf, type Known, type PageOrigin, placePage } from "./page-order";
import { stableText } from "./stable-text";

/** A session with messages, as it comes from redaction. */
export interface Captured {
  session: SessionReading;
  messages: MessageReading[];
  /** Read from the page's elements (`Reading.fromPage` of agents/agent). */
  fromPage?: PageOrigin;
}

/** What one `sessions.record` call carries. */
export interface Batch extends SessionId {
  header: SessionReading;
  /** `stableText` of the header that goes out. */
  headerText: string;
  /** Oldest first; empty when only the header is new. */
  rows: OutboxRow[];
}

/** How many rows wait, for the status. */
export interface OutboxCounts {
  /** Of this person. */
  waiting: number;
  waitingForOthers: number;
  /** Of this person. */
  refused: number;
  /** Why the oldest of them was refused. */
  refusedWhy: string | null;
}

/** Bytes of parts in one batch: keeps a mutation within Convex's time and write throughput. A larger message goes alone. */
export const MAX_BATCH_BYTES = 512 * 1024;

const utf8 = new TextEncoder();

type Version = Pick<LedgerRow, "hash" | "state" | "fullness">;

/**
 * Whether `next` may take the place of `current`: a final reading is never replaced by a partial one, one of the traffic never by one of the
 * page's elements, and a fuller one of these never by a poorer one.
 */
function supersedes(next: Version, current: Version): boolean {
  if (next.hash === current.hash) return false;
  if (current.fullness !== undefined) {
    return next.fullness === undefined || next.fullness >= current.fullness;
  }
  if (next.fullness !== undefined) return false;
  return next.state === "final" || current.state === "partial";
}

/** The range of a session's rows in the outbox. */
function rowsOf({ owner, agent, session }: SessionId): IDBKeyRange {
  return IDBKeyRange.bound([owner, agent, session, ""], [owner, agent, session, []]);
}

/** Ids of the session's rows, by message key. */
async function readQueued(transaction: Transaction, id: SessionId): Promise<Map<string, number>> {
  const queued = new Map<string, number>();
  const index = transaction.objectStore("outbox").index("by_message");
  let cursor = await index.openKeyCursor(rowsOf(id));
  while (cursor) {
    queued.set(cursor.key[3], cursor.primaryKey);
    cursor = await cursor.continue();
  }
  return queued;
}

/** Queues a message that is new; keeps `queued` up to date, since a key may come twice in one reading. */
async function putMessage(
  transaction: Transaction,
  id: SessionId,
  { message, fullness }: Pick<OutboxRow, "message" | "fullness">,
  queued: Map<string, number>,
  acknowledged: LedgerRow | undefined,
): Promise<boolean> {
  const outbox = transaction.objectStore("outbox");
  const queuedId = queued.get(message.key);
  const waiting = queuedId === undefined ? undefined : await outbox.get(queuedId);
  // What waits may be on its way already: a reading is new against it, not against the older answer.
  const current = waiting ? { ...waiting.message, fullness: waiting.fullness } : acknowledged;
  if (current && !supersedes({ ...message, fullness }, current)) return false;
  const bytes = utf8.encode(JSON.stringify(message.parts)).length;
  const row: OutboxRow = {
    ...id,
    key: message.key,
    status: "waiting",
    bytes,
    message,
    ...(fullness === undefined ? {} : { fullness }),
  };
  queued.set(message.key, await outbox.put(waiting ? { ...row, id: waiting.id } : row));
  return true;
}

/** Merges what is known of the session: an absent field is unknown and blanks nothing. */
async function putHeader(
  transaction: Transaction,
  id: SessionId,
  reading: SessionReading,
  acknowledged: LedgerRow | undefined,
): Promise<boolean> {
  const headers = transaction.objectStore("headers");
  const stored = await headers.get([id.owner, id.agent, id.session]);
  const known = Object.entries(reading).filter(([, value]) => value !== undefined);
  const header: SessionReading = { ...(stored?.header ?? reading), ...Object.fromEntries(known) };
  const text = stableText(header);
  if (stored?.text === text && stored.status === "refused") return false;
  const status = acknowledged?.hash === text ? "sent" : "waiting";
  if (stored?.text === text && stored.status === status) return false;
  await headers.put({ ...id, status, header, text });
  return status === "waiting";
}

/** What is known of each message of a session, sent or waiting. */
async function readKnown(
  database: SyncDatabase,
  deployment: string,
  id: SessionId,
): Promise<Map<string, Known>> {
  const transaction = database.transaction(["outbox", "ledger"]);
  const ledger = await readAcknowledged(transaction.objectStore("ledger"), deployment, id);
  ledger.delete(HEADER_KEY);
  const waiting = await transaction.objectStore("outbox").index("by_message").getAll(rowsOf(id));
  const queued = waiting.map((row): [string, Known] => [
    row.key,
    { ...row.message, fullness: row.fullness },
  ]);
  return new Map<string, Known>([...ledger, ...queued]);
}

/** Commits what is new in a reading against `deployment`'s ledger. `isNew`: there is something to send. */
export async function addCaptured(
  database: SyncDatabase,
  owner: string,
  deployment: string,
  captured: Captured,
): Promise<{ isNew: boolean }> {
  const { agent, key } = captured.session;
  const id = { owner, agent, session: key };
  const { fromPage } = captured;
  const { session, messages: readings } = fromPage
    ? placePage(captured, fromPage, await readKnown(database, deployment, id))
    : captured;
  // Before the transaction: it would end while a digest is awaited.
  const messages: Pick<OutboxRow, "message" | "fullness">[] = [];
  for (const reading of readings) {
    const message = { ...reading, hash: await contentHash(reading) };
    messages.push({ message, fullness: fromPage && fullnessOf(reading, fromPage) });
  }
  return write(database, async (transaction) => {
    const ledger = await readAcknowledged(transaction.objectStore("ledger"), deployment, id);
    const queued = await readQueued(transaction, id);
    let isNew = await putHeader(transaction, id, session, ledger.get(HEADER_KEY));
    for (const read of messages) {
      const acknowledged = ledger.get(read.message.key);
      if (await putMessage(transaction, id, read, queued, acknowledged)) isNew = true;
    }
    return { isNew };
  });
}

/**
 * The next batch of this person: of the session whose waiting message is oldest, else of a session of which only the header is new; null
 * when nothing waits.
 */
export async function peekBatch(
  database: SyncDatabase,
  owner: string,
  maxMessages = MAX_MESSAGES_PER_RECORD,
): Promise<Batch | null> {
  const transaction = database.transaction(["outbox", "headers"]);
  const outbox = transaction.objectStore("outbox");
  const headers = transaction.objectStore("headers");
  const oldest = await outbox.index("by_status").get([owner, "waiting"]);
  const first = oldest ?? (await headers.index("by_status").get([owner, "waiting"]));
  if (!first) return null;
  const { agent, session } = first;
  const { header, text } = (await headers.get([owner, agent, session]))!;
  const rows: OutboxRow[] = [];
  let bytes = 0;
  let cursor = await outbox.index("by_session").openCursor([owner, agent, session, "waiting"]);
  while (cursor && rows.length < maxMessages) {
    bytes += cursor.value.bytes;
    if (rows.length > 0 && bytes > MAX_BATCH_BYTES) break;
    rows.push(cursor.value);
    cursor = await cursor.continue();
  }
  return { owner, agent, session, header, headerText: text, rows };
}

/** Counts the messages of `owner` (null: nobody is signed in) and of the others. */
export async function countOutbox(
  database: SyncDatabase,
  owner: string | null,
): Promise<OutboxCounts> {
  const transaction = database.transaction(["outbox", "headers"]);
  const index = transaction.objectStore("outbox").index("by_status");
  const counts = { waiting: 0, waitingForOthers: 0, refused: 0 };
  let refusedWhy: string | null = null;
  let cursor = await index.openKeyCursor(null, "nextunique");
  while (cursor) {
    const [rowOwner, status] = cursor.key;
    const count = await index.count(cursor.key);
    if (rowOwner === owner) counts[status] += count;
    else if (status === "waiting") counts.waitingForOthers += count;
    if (rowOwner === owner && status === "refused") {
      refusedWhy = (await index.get(cursor.key))?.reason ?? null;
    }
    cursor = await cursor.continue();
  }
  // A session's header that was refused by itself stands for one; with its messages it is counted as those.
  if (owner !== null && counts.refused === 0) {
    const headers = transaction.objectStore("headers").index("by_status");
    counts.refused = await headers.count([owner, "refused"]);
    refusedWhy = (await headers.get([owner, "refused"]))?.reason ?? null;
  }
  return { ...counts, refusedWhy };
}
