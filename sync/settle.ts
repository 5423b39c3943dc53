/**
 * Convex's answers, taken into outbox and ledger: in one transaction an acknowledged version enters the ledger and leaves the outbox. A
 * newer version that arrived while the older one was on its way stays.
 */
import type { Message, RecordResult } from "../convex/validators";
import { HEADER_KEY, type OutboxRow, type SyncDatabase, type Transaction, write } from "./database";
import { acknowledge } from "./ledger";
import type { Batch } from "./outbox";

async function parkRow(transaction: Transaction, sent: OutboxRow, reason: string): Promise<void> {
  const outbox = transaction.objectStore("outbox");
  const current = await outbox.get(sent.id!);
  if (current?.message.hash !== sent.message.hash) return;
  await outbox.put({ ...current, status: "refused", reason });
}

/** What the ledger keeps of a version. Absent fields stay absent: stored rows are compared whole. */
function ledgerOf({ hash, state, position, parentKey }: Message, fullness: number | undefined) {
  return {
    hash,
    state,
    position,
    ...(parentKey === undefined ? {} : { parentKey }),
    ...(fullness === undefined ? {} : { fullness }),
  };
}

async function settleRow(
  transaction: Transaction,
  deployment: string,
  sent: OutboxRow,
  result: RecordResult,
): Promise<void> {
  if (result.outcome === "refused") {
    return parkRow(transaction, sent, result.reason ?? "Convex gave no reason.");
  }
  const outbox = transaction.objectStore("outbox");
  const { owner, agent, session, key, message } = sent;
  const entry = { deployment, owner, agent, session, key };
  await acknowledge(transaction, { ...entry, ...ledgerOf(message, sent.fullness) }, result.outcome);
  const current = await outbox.get(sent.id!);
  if (current?.message.hash === message.hash) await outbox.delete(sent.id!);
}

async function settleHeader(
  transaction: Transaction,
  deployment: string,
  { owner, agent, session, headerText: hash }: Batch,
): Promise<void> {
  const entry = { deployment, owner, agent, session, key: HEADER_KEY, hash };
  await acknowledge(transaction, { ...entry, state: "final" }, "stored");
  const headers = transaction.objectStore("headers");
  const current = await headers.get([owner, agent, session]);
  if (current?.text === hash) await headers.put({ ...current, status: "sent" });
}

/** Takes the answers to a batch in, and gives how many of its messages were answered. */
export function settleBatch(
  database: SyncDatabase,
  deployment: string,
  batch: Batch,
  results: RecordResult[],
): Promise<number> {
  const answers = new Map(results.map((result) => [result.key, result]));
  const answered = batch.rows.filter((row) => answers.has(row.key));
  return write(database, async (transaction) => {
    await settleHeader(transaction, deployment, batch);
    for (const row of answered) {
      await settleRow(transaction, deployment, row, answers.get(row.key)!);
    }
    return answered.length;
  });
}

/** Parks a whole batch that Convex refused: its messages, or its header when it carries none. */
export function parkBatch(database: SyncDatabase, batch: Batch, reason: string): Promise<void> {
  const { owner, agent, session, headerText, rows } = batch;
  return write(database, async (transaction) => {
    for (const row of rows) await parkRow(transaction, row, reason);
    const headers = transaction.objectStore("headers");
    const current = await headers.get([owner, agent, session]);
    if (rows.length > 0 || current?.text !== headerText) return;
    await headers.put({ ...current, status: "refused", reason });
  });
}

/** Lets the person's refused messages and headers wait again. */
export function unparkAll(database: SyncDatabase, owner: string): Promise<void> {
  return write(database, async (transaction) => {
    const outbox = transaction.objectStore("outbox");
    const headers = transaction.objectStore("headers");
    for (const row of await outbox.index("by_status").getAll([owner, "refused"])) {
      await outbox.put({ ...row, status: "waiting", reason: undefined });
    }
    for (const row of await headers.index("by_status").getAll([owner, "refused"])) {
      await headers.put({ ...row, status: "waiting", reason: undefined });
    }
  });
}
