/**
 * What Convex has acknowledged, per deployment and person. Only what is new or changed against it goes to the outbox, so reading an
 * unchanged page again writes nothing and sends nothing. Another deployment has acknowledged nothing.
 */
import type { RecordResult } from "../convex/validators";
import { HEADER_KEY, type LedgerRow, type SyncDatabase, type Transaction } from "./database";

/** One session of one person. */
export interface SessionId {
  /** WorkOS user id. */
  owner: string;
  agent: string;
  /** The site's id of the session. */
  session: string;
}

/** What the popup tells of one session. */
export interface SessionCounts {
  /** Messages captured, each once. */
  messages: number;
  /** Of them, in Convex as last read. */
  inConvex: number;
  waiting: number;
  refused: number;
}

/** Above every string in IndexedDB's order of keys: an array. */
const AFTER_STRINGS: never[] = [];

function range(deployment: string, { owner, agent, session }: SessionId, from: string) {
  const prefix = [deployment, owner, agent, session];
  return IDBKeyRange.bound([...prefix, from], [...prefix, AFTER_STRINGS]);
}

/** What is acknowledged of a session, by message key; the header under HEADER_KEY. */
export async function readAcknowledged(
  ledger: { getAll(range: IDBKeyRange): Promise<LedgerRow[]> },
  deployment: string,
  id: SessionId,
): Promise<Map<string, LedgerRow>> {
  const rows = await ledger.getAll(range(deployment, id, HEADER_KEY));
  return new Map(rows.map((row) => [row.key, row]));
}

/** Notes an answer for a message. A partial that was `older` counts as final: Convex holds the final one, and no partial may follow. */
export async function acknowledge(
  transaction: Transaction,
  row: LedgerRow,
  outcome: Exclude<RecordResult["outcome"], "refused">,
): Promise<void> {
  const state = outcome === "older" ? "final" : row.state;
  await transaction.objectStore("ledger").put({ ...row, state });
}

/** Counts of one session on one deployment. */
export async function countSession(
  database: SyncDatabase,
  deployment: string,
  id: SessionId,
): Promise<SessionCounts> {
  const transaction = database.transaction(["outbox", "ledger"]);
  const ledger = transaction.objectStore("ledger");
  const outbox = transaction.objectStore("outbox");
  const prefix = [id.owner, id.agent, id.session] as const;
  // The smallest string after HEADER_KEY, so that the header is not counted as a message.
  const acknowledged = await ledger.count(range(deployment, id, "\u0000"));
  const waiting = await outbox.index("by_session").count([...prefix, "waiting"]);
  const refused = await outbox.index("by_session").count([...prefix, "refused"]);
  const queued = IDBKeyRange.bound([...prefix, ""], [...prefix, AFTER_STRINGS]);
  let both = 0;
  let cursor = await outbox.index("by_message").openKeyCursor(queued);
  while (cursor) {
    both += await ledger.count([deployment, ...cursor.key]);
    cursor = await cursor.continue();
  }
  const messages = acknowledged + waiting + refused - both;
  return { messages, inConvex: acknowledged - both, waiting, refused };
}
