/** The answers that could not be read, for each person and agent the last few, to be read again after an update of the extension. */
import type { FailureRow, RawAnswer, SyncDatabase } from "./database";

/** So many of one agent are kept. */
export const MAX_FAILURES = 5;
/** UTF-8 bytes of a body. */
export const MAX_FAILURE_BYTES = 2 * 1024 * 1024;

/** Above every string in IndexedDB's order of keys: an array. */
const AFTER_STRINGS: never[] = [];

/** An answer whose body is not longer than may be kept. */
export function capped(answer: RawAnswer): RawAnswer {
  const { body } = answer;
  if (body.length * 3 <= MAX_FAILURE_BYTES) return answer;
  const { read } = new TextEncoder().encodeInto(body, new Uint8Array(MAX_FAILURE_BYTES));
  if (read === body.length) return answer;
  return { ...answer, body: body.slice(0, read), isTruncated: true };
}

/** The one that an equal answer has already. */
function equalOf(rows: readonly FailureRow[], { answer, tap }: FailureRow): FailureRow | undefined {
  return rows.find(
    (row) =>
      row.tap === tap &&
      row.answer.url === answer.url &&
      row.answer.body === answer.body &&
      row.answer.request === answer.request,
  );
}

/** Keeps one, in the place of the oldest when there are many; answers how many there are. */
export async function keepFailure(database: SyncDatabase, row: FailureRow): Promise<number> {
  const transaction = database.transaction("failures", "readwrite", { durability: "strict" });
  const { store } = transaction;
  const rows = await store.index("by_agent").getAll([row.owner, row.agent]);
  const before = equalOf(rows, row);
  const kept = rows.filter((other) => other !== before);
  if (before) await store.delete(before.id!);
  await store.add(row);
  const tooMany = kept.slice(0, Math.max(0, kept.length + 1 - MAX_FAILURES));
  for (const { id } of tooMany) await store.delete(id!);
  await transaction.done;
  return kept.length + 1 - tooMany.length;
}

/** Of one agent, the oldest first. */
export function readFailures(
  database: SyncDatabase,
  owner: string,
  agent: string,
): Promise<FailureRow[]> {
  return database.getAllFromIndex("failures", "by_agent", [owner, agent]);
}

/** All of a person that this version has not tried. */
export async function readUntried(
  database: SyncDatabase,
  owner: string,
  version: string,
): Promise<FailureRow[]> {
  const range = IDBKeyRange.bound([owner], [owner, AFTER_STRINGS]);
  const rows = await database.getAllFromIndex("failures", "by_agent", range);
  return rows.filter((row) => row.version !== version);
}

/** How many there are of one agent. */
export function countFailures(
  database: SyncDatabase,
  owner: string,
  agent: string,
): Promise<number> {
  return database.countFromIndex("failures", "by_agent", [owner, agent]);
}

/** Deletes all of one agent. */
export async function deleteFailures(
  database: SyncDatabase,
  owner: string,
  agent: string,
): Promise<void> {
  const transaction = database.transaction("failures", "readwrite");
  const keys = await transaction.store.index("by_agent").getAllKeys([owner, agent]);
  for (const key of keys) await transaction.store.delete(key);
  await transaction.done;
}

/** Notes that a version has tried it: read, it goes. One that was deleted meanwhile does not come back. */
export async function settleFailure(
  database: SyncDatabase,
  id: number,
  outcome: { isRead: boolean; version: string },
): Promise<void> {
  const transaction = database.transaction("failures", "readwrite", { durability: "strict" });
  const row = await transaction.store.get(id);
  if (row && outcome.isRead) await transaction.store.delete(id);
  else if (row) await transaction.store.put({ ...row, version: outcome.version });
  await transaction.done;
}
