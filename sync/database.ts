/**
 * The extension's one IndexedDB: what waits for Convex (outbox, headers), what Convex has acknowledged (ledger), and the answers that could
 * not be read (failures). It stays at sign-out; every row is stamped with its owner.
 */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from "idb";
import type { Message, SessionReading } from "../convex/validators";

/** `waiting`: to be sent. `refused`: Convex said no; kept and shown until it is sent again or read anew. */
export type RowStatus = "waiting" | "refused";

/** One message that is not yet in Convex, in the newest version that was read. */
export interface OutboxRow {
  /** Given by the database; rises in the order of arrival, and stays when a newer version replaces the row. */
  id?: number;
  /** WorkOS user id of the person in whose name it was captured. */
  owner: string;
  agent: string;
  /** The site's id of the session. */
  session: string;
  /** The site's id of the message. */
  key: string;
  status: RowStatus;
  /** For people, set when refused. */
  reason?: string;
  /** UTF-8 bytes of the message's parts as JSON. */
  bytes: number;
  /** Only of a reading of the page's elements: how much it holds (`fullnessOf`). */
  fullness?: number;
  message: Message;
}

/** The merged header of one session; kept for good, since every batch of the session carries it. */
export interface HeaderRow {
  owner: string;
  agent: string;
  session: string;
  /** `sent`: Convex has this very header. */
  status: RowStatus | "sent";
  /** For people, set when refused. */
  reason?: string;
  header: SessionReading;
  /** `stableText(header)`, to compare by. */
  text: string;
}

/** The message key under which the ledger keeps what was acknowledged of a session's header. */
export const HEADER_KEY = "";

/** What one deployment has acknowledged of one message. */
export interface LedgerRow {
  /** URL of the Convex deployment. */
  deployment: string;
  owner: string;
  agent: string;
  session: string;
  /** The site's id of the message, or HEADER_KEY. */
  key: string;
  /** The message's content hash, or the header's stable text. */
  hash: string;
  state: Message["state"];
  /** Of the acknowledged version, as in an outbox row. */
  fullness?: number;
  /** The message's own, by which later readings of the page's elements are placed. */
  position?: number;
  parentKey?: string;
}

/** A page's answer as it came, with its secrets masked. */
export interface RawAnswer {
  /** As the observation names it: `<agent>/<tap>`, several apart by spaces. */
  tap: string;
  url: string;
  method: string;
  status: number;
  body: string;
  request?: string;
  isTruncated: boolean;
  pageUrl: string;
}

/** An answer that could not be read, or not all of it: kept to be read again by a newer version of the extension. */
export interface FailureRow {
  /** Given by the database; rises in the order of arrival. */
  id?: number;
  /** WorkOS user id of the person in whose name it was captured. */
  owner: string;
  agent: string;
  /** Id of the tap, without the agent's. */
  tap: string;
  /** Why it could not be read. */
  kind: string;
  /** What of it: an error's name, or how many messages. Never content. */
  detail: string;
  /** Unix ms. */
  at: number;
  /** The extension's version that tried it last. */
  version: string;
  answer: RawAnswer;
  /** The answer's shape without its content, for the report. */
  shape: string;
}

export interface SyncSchema extends DBSchema {
  outbox: {
    key: number;
    value: OutboxRow;
    indexes: {
      /** One row a message. */
      by_message: [owner: string, agent: string, session: string, key: string];
      /** The oldest first, since equal keys are ordered by id. */
      by_status: [owner: string, status: RowStatus];
      by_session: [owner: string, agent: string, session: string, status: RowStatus];
    };
  };
  headers: {
    key: [owner: string, agent: string, session: string];
    value: HeaderRow;
    indexes: { by_status: [owner: string, status: HeaderRow["status"]] };
  };
  ledger: {
    key: [deployment: string, owner: string, agent: string, session: string, key: string];
    value: LedgerRow;
  };
  failures: {
    key: number;
    value: FailureRow;
    /** The oldest first, since equal keys are ordered by id. */
    indexes: { by_agent: [owner: string, agent: string] };
  };
}

type Stores = ("outbox" | "headers" | "ledger")[];

export type SyncDatabase = IDBPDatabase<SyncSchema>;
/** A writing transaction over all stores. */
export type Transaction = IDBPTransaction<SyncSchema, Stores, "readwrite">;

/** Name of the database in the extension's origin. */
const DATABASE_NAME = "sync";

function createFirstStores(created: SyncDatabase): void {
  const outbox = created.createObjectStore("outbox", { keyPath: "id", autoIncrement: true });
  outbox.createIndex("by_message", ["owner", "agent", "session", "key"], { unique: true });
  outbox.createIndex("by_status", ["owner", "status"]);
  outbox.createIndex("by_session", ["owner", "agent", "session", "status"]);
  const headers = created.createObjectStore("headers", { keyPath: ["owner", "agent", "session"] });
  headers.createIndex("by_status", ["owner", "status"]);
  created.createObjectStore("ledger", {
    keyPath: ["deployment", "owner", "agent", "session", "key"],
  });
}

/** Opens the database, and makes it at the first start. `onClosed`: the connection is of no use any more. */
export async function openDatabase(onClosed: () => void = () => undefined): Promise<SyncDatabase> {
  const database: SyncDatabase = await openDB<SyncSchema>(DATABASE_NAME, 2, {
    upgrade(created, oldVersion) {
      if (oldVersion < 1) createFirstStores(created);
      const failures = created.createObjectStore("failures", {
        keyPath: "id",
        autoIncrement: true,
      });
      failures.createIndex("by_agent", ["owner", "agent"]);
    },
    // A newer version of the extension wants to upgrade: an open connection of the old one would block it for ever.
    blocking() {
      database.close();
      onClosed();
    },
    terminated: onClosed,
  });
  return database;
}

/** Gives the one open connection, and opens another after it was closed or could not be opened. */
export function createConnection(): () => Promise<SyncDatabase> {
  let opened: Promise<SyncDatabase> | null = null;
  const forget = () => {
    opened = null;
  };
  return () => {
    opened ??= openDatabase(forget).catch((error: unknown) => {
      forget();
      throw error;
    });
    return opened;
  };
}

/**
 * Runs `work` in one transaction over all stores, all or nothing. When this resolves, the writes have reached the disk and survive a crash
 * of the browser. `work` may await nothing but the transaction itself.
 */
export async function write<Result>(
  database: SyncDatabase,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const stores: Stores = ["outbox", "headers", "ledger"];
  const transaction = database.transaction(stores, "readwrite", { durability: "strict" });
  // Both ends are awaited below; this keeps a rejection from counting as unhandled meanwhile.
  transaction.done.catch(() => undefined);
  try {
    const result = await work(transaction);
    await transaction.done;
    return result;
  } catch (error) {
    // What aborted the transaction (a full disk) says more than the request that failed by it.
    if (transaction.error) throw transaction.error;
    transaction.abort();
    throw error;
  }
}
