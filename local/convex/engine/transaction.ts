import type { SQLInputValue } from "node:sqlite";
import type { WriteSet } from "../types.ts";
import type { Catalog, IndexInfo, Table } from "./catalog.ts";
import type { Clock } from "./clock.ts";
import type { IdMaker } from "./ids.ts";
import { type Document, encodeDocument, parseDocument } from "./document.ts";
import { reindex } from "./indexer.ts";
import { afterKey, encodeKey } from "./key-codec.ts";
import { Usage } from "./limits.ts";
import { Reads } from "./read-set.ts";
import {
  type FoundDocument,
  type KeyRange,
  StorageFailed,
  type Store,
  type StoredDocument,
} from "./store.ts";

/** What the engine's parts share. */
export interface Base {
  store: Store;
  catalog: Catalog;
  clock: Clock;
  ids: IdMaker;
}

/** The state to go back to when a nested call fails. */
export interface Savepoint {
  name: string;
  written: number;
  usage: ReturnType<Usage["mark"]>;
  undo: number;
  commits: number;
}

/**
 * One transaction: everything that one query or mutation, with all that it calls, reads and writes. At any time at most
 * one is open, so it sees one state of the data and nobody sees half of its writes.
 */
export class Transaction {
  readonly base: Base;
  readonly isReadOnly: boolean;
  /** The time that the whole transaction lives at. */
  readonly startedAt: number;
  readonly usage = new Usage();
  readonly reads = new Reads();
  /** Rises with every write, so that a running query knows when rows that it fetched ahead are old. */
  version = 0;
  private readonly written: string[] = [];
  private readonly undoSteps: (() => void)[] = [];
  private readonly commitSteps: (() => void)[] = [];
  private hasWrites = false;
  private depth = 0;
  private failure: Error | null = null;

  constructor(base: Base, isReadOnly: boolean) {
    this.base = base;
    this.isReadOnly = isReadOnly;
    this.startedAt = Math.floor(base.clock.ms());
    base.store.db.exec(isReadOnly ? "BEGIN" : "BEGIN IMMEDIATE");
  }

  get(id: string): string | null {
    const found = this.locate(id);
    return found === null ? null : found.document.json;
  }

  insert(tableName: string, fields: Document): string {
    return this.write(() => this.insertNow(tableName, fields));
  }

  private insertNow(tableName: string, fields: Document): string {
    const { catalog, clock, ids, store } = this.base;
    const table = catalog.ensure(tableName);
    for (const name of ["_id", "_creationTime"]) {
      if (name in fields) {
        throw new Error(
          `Provided document has the system field '${name}', which Convex sets itself.`,
        );
      }
    }
    const id = ids.next(table.number, this.startedAt);
    const document = { ...fields, _id: id, _creationTime: clock.creationTime(this.startedAt) };
    const { size, json } = this.encode(table, document);
    const n = store.insertDocument(size, json);
    this.note(reindex(store, table, n, null, document));
    return id;
  }

  /** Puts new fields in place of a document's own; `change` answers them from the present ones. */
  update(id: string, what: "patch" | "replace", change: (present: Document) => Document): void {
    this.write(() => this.updateNow(id, what, change));
  }

  private updateNow(
    id: string,
    what: "patch" | "replace",
    change: (present: Document) => Document,
  ): void {
    const found = this.locate(id);
    if (found === null) {
      const verb = what === "patch" ? "Patch" : "Replace";
      throw new Error(`${verb} on non-existent document with ID "${id}"`);
    }
    const { table, document } = found;
    const present = parseDocument(document.json);
    const fields = change(present);
    for (const name of ["_id", "_creationTime"] as const) {
      if (fields[name] !== undefined && fields[name] !== present[name]) {
        throw new Error(`Provided \`${name}\` field value does not match the document's own.`);
      }
    }
    const next = { ...fields, _id: present._id!, _creationTime: present._creationTime! };
    const { size, json } = this.encode(table, next);
    this.base.store.updateDocument(document.n, size, json);
    this.note(reindex(this.base.store, table, document.n, present, next));
  }

  remove(id: string): void {
    this.write(() => this.removeNow(id));
  }

  private removeNow(id: string): void {
    const found = this.locate(id);
    if (found === null) throw new Error(`Delete on non-existent document with ID "${id}"`);
    this.usage.add("documentsWritten", 1);
    this.base.store.deleteDocument(found.document.n);
    this.note(
      reindex(
        this.base.store,
        found.table,
        found.document.n,
        parseDocument(found.document.json),
        null,
      ),
    );
  }

  /** Fetches part of an index range. What of it counts as read is for the caller to say, with `countRead`. */
  scan(index: IndexInfo, range: KeyRange, order: "asc" | "desc", count: number): FoundDocument[] {
    return this.base.store.scan(index.number, range, order, count, 1 << 22);
  }

  countRead(document: { size: number }): void {
    this.usage.add("documentsRead", 1);
    this.usage.add("bytesRead", document.size);
  }

  /** A write is several statements: where one of them fails in SQLite, nothing of the transaction may be kept. */
  write<T>(work: () => T): T {
    if (this.isReadOnly) throw new Error("Queries cannot write. Use a mutation.");
    // SQLite may have ended the transaction by itself, and would keep what came now for good.
    if (this.failure !== null) throw new StorageFailed(this.failure);
    try {
      return work();
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_SQLITE_ERROR") this.failure = error as Error;
      throw error;
    }
  }

  /** Enters another transaction's share: a nested mutation that can fail by itself. */
  savepoint(): Savepoint {
    const name = `nested_${++this.depth}`;
    this.base.store.db.exec(`SAVEPOINT ${name}`);
    return {
      name,
      written: this.written.length,
      usage: this.usage.mark(),
      undo: this.undoSteps.length,
      commits: this.commitSteps.length,
    };
  }

  release(savepoint: Savepoint): void {
    this.base.store.db.exec(`RELEASE ${savepoint.name}`);
  }

  rollbackTo(savepoint: Savepoint): void {
    this.base.store.db.exec(`ROLLBACK TO ${savepoint.name}; RELEASE ${savepoint.name}`);
    this.written.length = savepoint.written;
    this.usage.forgetWritesSince(savepoint.usage);
    this.version += 1;
    this.base.catalog.reload();
    this.undo(savepoint.undo);
    this.commitSteps.length = savepoint.commits;
  }

  /** Something outside the database (a file) to be put back if the transaction, or the nested call, fails. */
  onRollback(step: () => void): void {
    this.undoSteps.push(step);
  }

  /** Something outside the database to be done once the transaction is durable. */
  onCommit(step: () => void): void {
    this.commitSteps.push(step);
  }

  /** Makes the writes durable. Answers null where there were none. */
  commit(): { ts: bigint; writes: WriteSet } | null {
    const { clock, store } = this.base;
    if (this.failure !== null) throw new StorageFailed(this.failure);
    if (this.isReadOnly || !this.hasWrites) {
      store.db.exec("COMMIT");
      return null;
    }
    const ts = this.makeDurable();
    clock.committed(ts);
    for (const step of this.commitSteps) step();
    return { ts, writes: new Set(this.written) };
  }

  private makeDurable(): bigint {
    try {
      const ts = this.base.clock.stamp();
      this.base.store.db.exec("COMMIT");
      return ts;
    } catch (error) {
      throw new StorageFailed(error as Error);
    }
  }

  rollback(): void {
    // A failed commit may have ended the transaction already.
    if (this.base.store.db.isTransaction) this.base.store.db.exec("ROLLBACK");
    if (!this.isReadOnly) this.base.catalog.reload();
    this.undo(0);
  }

  /** Writes something outside the documents (a scheduled job, an upload token) that is to be committed with them. */
  execute(sql: string, ...values: SQLInputValue[]): void {
    this.write(() => this.base.store.sql(sql).run(...values));
    this.hasWrites = true;
  }

  /** Finds a document by its id and notes the read. */
  locate(id: string): { table: Table; document: StoredDocument } | null {
    const table = this.base.catalog.ofId(id);
    if (table === undefined) return null;
    const key = encodeKey([id]);
    this.usage.add("databaseQueries", 1);
    this.reads.add(table.byId.label, {
      low: key.toString("latin1"),
      high: afterKey(key).toString("latin1"),
    });
    const document = this.base.store.find(table.byId.number, key);
    if (document === null) return null;
    this.countRead(document);
    return { table, document };
  }

  private note(written: string[]): void {
    this.hasWrites = true;
    this.version += 1;
    this.written.push(...written);
  }

  private undo(from: number): void {
    for (const step of this.undoSteps.splice(from).reverse()) step();
  }

  private encode(table: Table, document: Document): { size: number; json: string } {
    const encoded = encodeDocument(table, document, this.base.catalog.isIdOf);
    this.usage.add("documentsWritten", 1);
    this.usage.add("bytesWritten", encoded.size);
    return encoded;
  }
}
