import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/**
 * The SQLite file: documents, index entries and the engine's own state. A commit that was acknowledged survives the
 * process being killed: the journal is a write-ahead log, flushed at every commit.
 */

const FORMAT = 1;

const LAYOUT = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tables (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS indexes (number INTEGER PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL, UNIQUE (owner, name));
CREATE TABLE IF NOT EXISTS documents (n INTEGER PRIMARY KEY, size INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (idx INTEGER NOT NULL, key BLOB NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (idx, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (idx INTEGER NOT NULL, n INTEGER NOT NULL, vector BLOB NOT NULL, filters TEXT NOT NULL, PRIMARY KEY (idx, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (session TEXT NOT NULL, request INTEGER NOT NULL, outcome TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (session, request)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, due REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_by_due ON jobs (due);
CREATE TABLE IF NOT EXISTS crons (name TEXT PRIMARY KEY, spec TEXT NOT NULL, due REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, type TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS upload_tokens (token TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS environment (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

/** The disk refused a write: the whole transaction is undone. */
export class StorageFailed extends Error {
  constructor(cause: Error) {
    super(
      `The database could not write to the disk (${cause.message}). Nothing of this mutation was stored, and everything from before is intact. Make room on the disk or repair it, then try again.`,
      { cause },
    );
    this.name = "StorageFailed";
  }
}

/** One document as it lies in the store. */
export interface StoredDocument {
  n: number;
  size: number;
  json: string;
}

/** A document found through an index, with its key there. */
export interface FoundDocument extends StoredDocument {
  key: Buffer;
}

const EVERY_BATCH = 500;
const NO_KEY = Buffer.alloc(0);
const LAST_KEY = Buffer.of(0xff);

/** A range of keys of one index: `low` inclusive, `high` exclusive. */
export interface KeyRange {
  low: Buffer;
  high: Buffer;
}

const SCAN = `SELECT e.key, d.n, d.size, d.json FROM entries e JOIN documents d ON d.n = e.n
  WHERE e.idx = ? AND e.key >= ? AND e.key < ? ORDER BY e.key`;

export class Store {
  readonly db: DatabaseSync;
  readonly file: string;
  private readonly statements = new Map<string, StatementSync>();

  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true });
    this.file = join(dataDir, "convex.sqlite");
    this.db = new DatabaseSync(this.file);
    this.db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;",
    );
    this.checkFormat();
    this.db.exec(LAYOUT);
  }

  private checkFormat(): void {
    const { user_version: found } = this.db.prepare("PRAGMA user_version").get() as {
      user_version: number;
    };
    if (found > FORMAT) {
      throw new Error(
        `${this.file} was written by a newer version of this program (format ${found}, this one knows ${FORMAT}). Nothing was changed. Update this program, or start with another data folder.`,
      );
    }
    this.db.exec(`PRAGMA user_version = ${FORMAT}`);
  }

  /** A prepared statement, kept for the next use. */
  sql(text: string): StatementSync {
    let statement = this.statements.get(text);
    if (statement === undefined) {
      statement = this.db.prepare(text);
      this.statements.set(text, statement);
    }
    return statement;
  }

  meta(name: string): string | null {
    const row = this.sql("SELECT value FROM meta WHERE name = ?").get(name);
    return row === undefined ? null : (row.value as string);
  }

  setMeta(name: string, value: string): void {
    this.sql("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value").run(
      name,
      value,
    );
  }

  find(index: number, key: Buffer): StoredDocument | null {
    const row = this.sql(
      "SELECT d.n, d.size, d.json FROM entries e JOIN documents d ON d.n = e.n WHERE e.idx = ? AND e.key = ?",
    ).get(index, key);
    return row === undefined ? null : (row as unknown as StoredDocument);
  }

  /** Documents of an index range in order, at most `count` of them and no more than about `bytes` together. */
  scan(
    index: number,
    range: KeyRange,
    order: "asc" | "desc",
    count: number,
    bytes: number,
  ): FoundDocument[] {
    const found: FoundDocument[] = [];
    let size = 0;
    const statement = this.sql(`${SCAN} ${order === "desc" ? "DESC" : "ASC"} LIMIT ?`);
    for (const row of statement.iterate(index, range.low, range.high, count)) {
      const key = row.key as Uint8Array;
      const document = {
        key: Buffer.from(key.buffer, key.byteOffset, key.byteLength),
        n: row.n as number,
        size: row.size as number,
        json: row.json as string,
      };
      found.push(document);
      size += document.size;
      if (size > bytes) break;
    }
    return found;
  }

  insertDocument(size: number, json: string): number {
    const { lastInsertRowid } = this.sql("INSERT INTO documents (size, json) VALUES (?, ?)").run(
      size,
      json,
    );
    return Number(lastInsertRowid);
  }

  updateDocument(n: number, size: number, json: string): void {
    this.sql("UPDATE documents SET size = ?, json = ? WHERE n = ?").run(size, json, n);
  }

  deleteDocument(n: number): void {
    this.sql("DELETE FROM documents WHERE n = ?").run(n);
  }

  addEntry(index: number, key: Buffer, n: number): void {
    this.sql("INSERT INTO entries VALUES (?, ?, ?)").run(index, key, n);
  }

  removeEntry(index: number, key: Buffer): void {
    this.sql("DELETE FROM entries WHERE idx = ? AND key = ?").run(index, key);
  }

  /** Runs `work` in a transaction of its own; everything or nothing. */
  atomically<T>(work: () => T): T {
    this.db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.db.exec("COMMIT");
      return result;
    } catch (error) {
      this.db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.statements.clear();
    this.db.close();
  }
}

/** Every document of a table in `_creationTime` order, some at a time, so that the caller may write meanwhile. */
export function* everyDocument(
  store: Store,
  table: { byCreation: { number: number } },
): Generator<FoundDocument> {
  let low = NO_KEY;
  for (;;) {
    const range = { low, high: LAST_KEY };
    const batch = store.scan(table.byCreation.number, range, "asc", EVERY_BATCH, 1 << 24);
    yield* batch;
    const last = batch.at(-1);
    if (last === undefined) return;
    low = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
