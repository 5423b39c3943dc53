/**
 * Readings of official export files, on their way into the outbox. An export may be old and says less than a page, so it only adds: what is
 * known of a session already, waiting or in Convex, stays as it is.
 */
import type { MessageReading, SessionReading } from "../convex/validators";
import type { Answer } from "../utils/errors";
import type { ImportBatch } from "../utils/import-run";
import { onPageMessage } from "../utils/page-messages";
import { hasConsent } from "./consents";
import type { SyncDatabase } from "./database";
import { readAcknowledged, type SessionId } from "./ledger";
import { addCaptured, type Captured } from "./outbox";
import type { Status } from "./status";
import { trouble } from "./troubles";

/** How many of the messages were new. */
export interface Imported {
  added: number;
  known: number;
}

/** What importing needs from outside. */
export interface ImportDeps {
  getDatabase(): Promise<SyncDatabase>;
  /** WorkOS user id, or null: signed out. */
  getPerson(): Promise<string | null>;
  getDeployment(): Promise<string>;
  /** The readings that have the shapes of sessions, of an agent that exists. */
  check(batch: ImportBatch): Captured[];
  /** Takes secrets out; `masks` are the different ones that it masked. */
  redact(captured: Captured): Promise<{ reading: Captured; masks: string[] }>;
  status: Pick<Status, "addMasks">;
  /** Something may wait to be sent. */
  wake(): void;
  now(): number;
}

/** What of a session is known: its message keys, and its header. */
async function readKnown(
  database: SyncDatabase,
  deployment: string,
  id: SessionId,
): Promise<{ keys: Set<string>; header: SessionReading | null }> {
  const transaction = database.transaction(["outbox", "headers", "ledger"]);
  const prefix = [id.owner, id.agent, id.session];
  const rows = IDBKeyRange.bound([...prefix, ""], [...prefix, []]);
  const acknowledged = await readAcknowledged(transaction.objectStore("ledger"), deployment, id);
  const queued = await transaction.objectStore("outbox").index("by_message").getAll(rows);
  const stored = await transaction.objectStore("headers").get([id.owner, id.agent, id.session]);
  const keys = new Set([...acknowledged.keys(), ...queued.map(({ key }) => key)]);
  return { keys, header: stored?.header ?? null };
}

/** Commits what of a reading is not known yet. */
export async function addImported(
  database: SyncDatabase,
  owner: string,
  deployment: string,
  { session, messages }: Captured,
): Promise<Imported> {
  const id = { owner, agent: session.agent, session: session.key };
  const { keys, header } = await readKnown(database, deployment, id);
  const isNew = ({ key }: MessageReading): boolean => !keys.has(key);
  const added = messages.filter(isNew);
  // The header goes with every message; what is known of it comes last, and so stays.
  await addCaptured(database, owner, deployment, {
    session: { ...session, ...header },
    messages: added,
  });
  return { added: added.length, known: messages.length - added.length };
}

async function importBatch(deps: ImportDeps, batch: ImportBatch): Promise<Answer<Imported>> {
  const owner = await deps.getPerson();
  if (owner === null || !(await hasConsent(owner))) {
    const words = {
      message:
        "You are signed out or have not agreed, so the import has stopped; what came before is kept.",
      next: "Sign in and agree on the welcome page, then choose the file again.",
    };
    return { ok: false, trouble: trouble("sign-in-needed", deps.now(), words) };
  }
  const total: Imported = { added: 0, known: 0 };
  try {
    for (const captured of deps.check(batch)) {
      const { reading, masks } = await deps.redact(captured);
      const deployment = await deps.getDeployment();
      const { added, known } = await addImported(
        await deps.getDatabase(),
        owner,
        deployment,
        reading,
      );
      if (masks.length > 0) await deps.status.addMasks(owner, masks);
      total.added += added;
      total.known += known;
    }
  } catch {
    // A full disk, above all. The transaction wrote nothing of this session.
    return { ok: false, trouble: trouble("storage-full", deps.now()) };
  }
  deps.wake();
  return { ok: true, value: total };
}

/** Registers the answer to the page that imports; to be called in the first tick. */
export function registerImport(deps: ImportDeps): void {
  onPageMessage("importReadings", (batch) => importBatch(deps, batch));
}
