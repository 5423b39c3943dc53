/**
 * What outlives the worker of fetching earlier sessions: how far each run is, and when each session was fetched. A database of its own,
 * which holds no content. It stays at sign-out; every row is stamped with its owner.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Trouble } from "../utils/errors";
import type { Failure } from "./backfill-answer";

/** One run of one agent's backfill; the last one is kept. */
export interface BackfillRun {
  /** WorkOS user id. */
  owner: string;
  agent: string;
  /** Unix ms at which it was started: its id. */
  startedAt: number;
  state: "running" | "paused" | "stopped" | "done";
  /** The browser's run in which the person had it running. */
  life: string;
  /** Whose pages are asked. */
  origin: string;
  /** For the next page of the list. */
  cursor: string | null;
  /** The list was read to its end. */
  isListed: boolean;
  /** Pages of the list in a row that named nothing new. */
  repeats: number;
  listed: number;
  listTotal: number | null;
  total: number;
  fetched: number;
  failed: number;
  unchanged: number;
  /** Requests in a row that did not come through. */
  failures: number;
  /** What the last of them was, or null. */
  failure: Failure | null;
  /** Sessions in a row that could not be fetched. */
  failedInRow: number;
  /** Unix ms before which nothing is asked. */
  notBefore: number;
  /** How long a session takes. */
  msPerSession: number | null;
  /** The tab that was opened for it. */
  tabId: number | null;
  trouble: Trouble | null;
  endedAt: number | null;
}

/** One session of the site's list. */
export interface BackfillSession {
  owner: string;
  agent: string;
  /** The site's id of the session. */
  session: string;
  /** `startedAt` of the run that listed it last. */
  run: number;
  /** Its place among those still to fetch; absent: it is none of them. */
  place?: number;
  /** The site's, when it was listed last. */
  updatedAt?: number;
  /** How it was fetched last, whole. `isEmpty`: nothing of it was to be kept. */
  fetched?: { at: number; updatedAt?: number; isEmpty: boolean };
  /** The site has refused it once; it has gone to the end of the queue. */
  isRefused?: true;
}

/** A session as the list names it. */
export interface Listed {
  key: string;
  updatedAt?: number;
  /** It need not be fetched. */
  isUnchanged: boolean;
}

/** A change of a run; what it was may have changed meanwhile. */
export type RunChange = (run: BackfillRun) => Partial<BackfillRun>;

/** A run that begins after another one, or after none. */
export function newRun(
  of: Pick<BackfillRun, "owner" | "agent" | "origin" | "life">,
  now: number,
  before: BackfillRun | undefined,
): BackfillRun {
  return {
    ...of,
    state: "running",
    // Also within one millisecond of the one before.
    startedAt: Math.max(now, (before?.startedAt ?? 0) + 1),
    ...{ cursor: null, isListed: false, repeats: 0, listed: 0, listTotal: null },
    ...{ total: 0, fetched: 0, failed: 0, unchanged: 0, msPerSession: null },
    ...{ failures: 0, failedInRow: 0, tabId: null, trouble: null, endedAt: null },
    // The site may have asked for a wait that is longer than the run that heard it.
    failure: before?.failure === "wait" ? "wait" : null,
    notBefore: before?.failure === "wait" ? before.notBefore : 0,
  };
}

interface BackfillSchema extends DBSchema {
  runs: { key: [owner: string, agent: string]; value: BackfillRun };
  sessions: {
    key: [owner: string, agent: string, session: string];
    value: BackfillSession;
    indexes: { by_place: [owner: string, agent: string, place: number] };
  };
}

export type BackfillDatabase = IDBPDatabase<BackfillSchema>;

/** Opens the database, and makes it at the first start. */
export function openBackfillDatabase(): Promise<BackfillDatabase> {
  return openDB<BackfillSchema>("backfill", 1, {
    upgrade(created) {
      created.createObjectStore("runs", { keyPath: ["owner", "agent"] });
      const sessions = created.createObjectStore("sessions", {
        keyPath: ["owner", "agent", "session"],
      });
      sessions.createIndex("by_place", ["owner", "agent", "place"]);
    },
  });
}

type Id = Pick<BackfillRun, "owner" | "agent">;

/** Reads and writes it; each write is one transaction, and a change of a run that is another one by now changes nothing. */
export function createBackfillStore(getDatabase: () => Promise<BackfillDatabase>) {
  async function inTransaction<T>(work: (open: Opened) => Promise<T>): Promise<T> {
    const transaction = writing(await getDatabase());
    const [result] = await Promise.all([work(storesOf(transaction)), transaction.done]);
    return result;
  }

  async function changed({ runs }: Opened, run: BackfillRun, change: RunChange): Promise<boolean> {
    const current = await runs.get([run.owner, run.agent]);
    if (current?.startedAt !== run.startedAt) return false;
    await runs.put({ ...current, ...change(current) });
    return true;
  }

  return {
    readRun: async ({ owner, agent }: Id) => (await getDatabase()).get("runs", [owner, agent]),
    readRuns: async () => (await getDatabase()).getAll("runs"),
    readSession: async ({ owner, agent }: Id, session: string) =>
      (await getDatabase()).get("sessions", [owner, agent, session]),

    /** The session to fetch next. */
    async next({ owner, agent }: Id): Promise<BackfillSession | undefined> {
      const range = placesOf({ owner, agent });
      return (await getDatabase()).getFromIndex("sessions", "by_place", range);
    },

    /** Begins a run, with nothing to fetch yet. */
    begin: (run: BackfillRun) =>
      inTransaction(async ({ runs, sessions }) => {
        const queued = await sessions.index("by_place").getAll(placesOf(run));
        for (const row of queued)
          await sessions.put({ ...row, place: undefined, isRefused: undefined });
        await runs.put(run);
      }),

    change: (run: BackfillRun, change: RunChange) =>
      inTransaction((open) => changed(open, run, change)),

    /** Takes a page of the list, counts what is new, and then how the run goes on. */
    addListed: (run: BackfillRun, listed: readonly Listed[], change: RunChange) =>
      inTransaction((open) => addListed(open, run, listed, change)),

    /** Takes a session off the queue, or to its end (`isLater`), and counts it. */
    settle: (run: BackfillRun, row: BackfillSession, isLater: boolean, change: RunChange) =>
      inTransaction(async (open) => {
        if (!(await changed(open, run, change))) return;
        const place = isLater ? await endOf(open, run) : undefined;
        await open.sessions.put({ ...row, place });
      }),
  };

  async function addListed(
    open: Opened,
    run: BackfillRun,
    listed: readonly Listed[],
    change: RunChange,
  ): Promise<void> {
    const { owner, agent, startedAt } = run;
    if (!(await changed(open, run, () => ({})))) return;
    let place = await endOf(open, run);
    const counts = { listed: 0, total: 0, unchanged: 0 };
    for (const { key, updatedAt, isUnchanged } of listed) {
      const known = await open.sessions.get([owner, agent, key]);
      // Lists shift while they are read: what came on the last page can come again on this one.
      if (known?.run === startedAt) continue;
      counts.listed += 1;
      counts[isUnchanged ? "unchanged" : "total"] += 1;
      const row = {
        owner,
        agent,
        session: key,
        run: startedAt,
        updatedAt,
        fetched: known?.fetched,
      };
      await open.sessions.put(isUnchanged ? row : { ...row, place });
      place += 1;
    }
    await changed(open, run, (now) => {
      const counted = {
        listed: now.listed + counts.listed,
        total: now.total + counts.total,
        unchanged: now.unchanged + counts.unchanged,
        repeats: counts.listed > 0 ? 0 : now.repeats + 1,
      };
      return { ...counted, ...change({ ...now, ...counted }) };
    });
  }
}

type Opened = ReturnType<typeof storesOf>;

function storesOf(transaction: ReturnType<typeof writing>) {
  return {
    runs: transaction.objectStore("runs"),
    sessions: transaction.objectStore("sessions"),
  };
}

function writing(database: BackfillDatabase) {
  return database.transaction(["runs", "sessions"], "readwrite", { durability: "strict" });
}

function placesOf({ owner, agent }: Id): IDBKeyRange {
  return IDBKeyRange.bound([owner, agent, 0], [owner, agent, Infinity]);
}

async function endOf({ sessions }: Opened, id: Id): Promise<number> {
  const last = await sessions.index("by_place").openKeyCursor(placesOf(id), "prev");
  return last ? last.key[2] + 1 : 0;
}

export type BackfillStore = ReturnType<typeof createBackfillStore>;
