/**
 * After an update of the extension: what an older version could not read is read once more. The guarantee: an answer leaves its store only when
 * what was read of it is committed to the outbox, and each version tries it once, also when the worker dies in between.
 */
import type { FailureRow, RawAnswer, SyncDatabase } from "./database";
import type { Drift, NotedRead } from "./drift";
import { leaveOutElsewhere } from "./elsewhere";
import { readUntried, settleFailure } from "./drift-store";
import { readAcknowledged } from "./ledger";
import type { Captured } from "./outbox";

/** A reading, as reading again gives it. */
type Found = Captured & { isTemporary?: true };

/** What reading again needs from outside. */
export interface RereadDeps {
  getDatabase(): Promise<SyncDatabase>;
  getDeployment(): Promise<string>;
  /** The person for whom capture is on, or null. */
  getActive(): Promise<string | null>;
  isWanted(owner: string, agentId: string): Promise<boolean>;
  /** Null: there is no such agent. */
  read(agentId: string, answer: RawAnswer): (NotedRead & { readings: readonly Found[] }) | null;
  keepsTemporary(owner: string): Promise<boolean>;
  redact(captured: Captured): Promise<{ reading: Captured }>;
  add(owner: string, captured: Captured): Promise<unknown>;
  drift: Pick<Drift, "note" | "renew" | "agentIds">;
  version: string;
  /** Something may wait to be sent. */
  wake(): void;
}

const MASK = "[redacted:";

/** Whether an id was taken for a secret when the answer was kept: the session would be another. */
function hasMaskedIds({ session, messages }: Captured): boolean {
  const ids = [session.key, ...messages.flatMap(({ key, parentKey = "" }) => [key, parentKey])];
  return ids.some((id) => id.includes(MASK));
}

/** Keeps what was stored since then: newer fields of the header, and messages that were read whole from another answer. */
async function withoutNewer(
  database: SyncDatabase,
  deployment: string,
  { owner, kind }: FailureRow,
  captured: Captured,
): Promise<Captured> {
  const { agent, key } = captured.session;
  const id = { owner, agent, session: key };
  const header = await database.get("headers", [owner, agent, key]);
  const session = { ...captured.session, ...header?.header };
  // Of these the answer itself was stored, with gaps.
  if (kind === "unknown-part") return { ...captured, session };
  const ledger = await readAcknowledged(
    database.transaction("ledger").objectStore("ledger"),
    deployment,
    id,
  );
  const isNew = await Promise.all(
    captured.messages.map(async (message) => {
      const row = [owner, agent, key, message.key] as [string, string, string, string];
      const waiting = await database.getFromIndex("outbox", "by_message", row);
      return (waiting?.message.state ?? ledger.get(message.key)?.state) !== "final";
    }),
  );
  return { ...captured, session, messages: captured.messages.filter((_, at) => isNew[at]) };
}

/** Builds the function that reads again what is left of older versions; to be called at each start and sign-in. */
export function createReread(deps: RereadDeps) {
  let running: Promise<void> | null = null;

  async function addAll(row: FailureRow, readings: readonly Found[]): Promise<boolean> {
    const database = await deps.getDatabase();
    const deployment = await deps.getDeployment();
    const keepsTemporary = await deps.keepsTemporary(row.owner);
    for (const found of await leaveOutElsewhere(row.owner, row.agent, readings)) {
      const { isTemporary, ...captured } = found;
      if (hasMaskedIds(captured) || (isTemporary && !keepsTemporary)) continue;
      const { reading } = await deps.redact(captured);
      const rest = await withoutNewer(database, deployment, row, reading);
      if (!(await deps.isWanted(row.owner, row.agent))) return false;
      const { fromPage } = captured;
      await deps.add(row.owner, fromPage ? { ...rest, fromPage } : rest);
    }
    return true;
  }

  /** How it was read; null when it is not to be read now. */
  async function readRow(row: FailureRow): Promise<NotedRead | null> {
    if (!(await deps.isWanted(row.owner, row.agent))) return null;
    const read = deps.read(row.agent, row.answer);
    if (!read || !(await addAll(row, read.readings))) return null;
    const hasUnknown = read.readings.some(({ messages }) =>
      messages.some(({ parts }) => parts.some((part) => part.type === "unknown")),
    );
    const isPlaced = read.readings.length > 0 || !row.answer.isTruncated;
    const isRead = read.problem === null && !hasUnknown && isPlaced;
    const { version } = deps;
    await settleFailure(await deps.getDatabase(), row.id!, { isRead, version });
    return read;
  }

  async function rereadAll(): Promise<void> {
    const owner = await deps.getActive();
    if (owner === null) return;
    const rows = await readUntried(await deps.getDatabase(), owner, deps.version);
    const reads: NotedRead[] = [];
    for (const row of rows) {
      const read = await readRow(row);
      if (read) reads.push(read);
    }
    for (const agentId of await deps.drift.agentIds(owner)) await deps.drift.renew(owner, agentId);
    const tapOf = ({ agentId, tap }: NotedRead) => `${agentId}/${tap}`;
    const failing = new Set(reads.filter(({ problem }) => problem).map(tapOf));
    for (const read of reads) {
      if (read.problem || !failing.has(tapOf(read))) await deps.drift.note(owner, read, null);
    }
    if (reads.length > 0) deps.wake();
  }

  return (): Promise<void> => {
    running ??= rereadAll().finally(() => {
      running = null;
    });
    return running;
  };
}
