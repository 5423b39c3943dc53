import { createHash } from "node:crypto";
import type { Value } from "convex/values";
import type { IndexInfo, SearchIndexInfo, Table, VectorIndexInfo } from "./catalog.ts";
import type { Document } from "./document.ts";
import { encodeKey, fieldAt } from "./key-codec.ts";
import { writtenKey } from "./read-set.ts";
import type { Store } from "./store.ts";

/** The key of a document in an index. */
function keyIn(index: IndexInfo, document: Document): Buffer {
  return encodeKey(index.paths.map((path) => fieldAt(document, path)));
}

/** The FTS5 table that holds a search index. */
export function searchTable(index: { number: number }): string {
  return `search_${index.number}`;
}

/** A filter field's value as one word of the `filters` column, so that FTS5 itself applies the filter. */
export function filterWord(position: number, value: Value | undefined): string {
  const hash = createHash("sha256")
    .update(encodeKey([value]))
    .digest("hex")
    .slice(0, 32);
  return `f${position}x${hash}`;
}

function searchRow(index: SearchIndexInfo, document: Document): [string, string] | null {
  const body = fieldAt(document, index.searchField.split("."));
  if (typeof body !== "string") return null;
  const filters = index.filterFields.map((field, position) =>
    filterWord(position, fieldAt(document, field.split("."))),
  );
  return [body, filters.join(" ")];
}

function vectorRow(index: VectorIndexInfo, document: Document): [Buffer, string] | null {
  const vector = fieldAt(document, index.vectorField.split("."));
  if (!Array.isArray(vector) || vector.length !== index.dimensions) return null;
  if (!vector.every((item) => typeof item === "number")) return null;
  const filters = index.filterFields.map((field) =>
    encodeKey([fieldAt(document, field.split("."))]).toString("hex"),
  );
  return [Buffer.from(new Float64Array(vector as number[]).buffer), JSON.stringify(filters)];
}

function sameRow(before: readonly unknown[] | null, after: readonly unknown[] | null): boolean {
  if (before === null || after === null) return before === after;
  return before.every((part, at) =>
    Buffer.isBuffer(part) ? part.equals(after[at] as Buffer) : part === after[at],
  );
}

function setSearchRow(
  store: Store,
  index: SearchIndexInfo,
  n: number,
  row: [string, string],
): void {
  store
    .sql(`INSERT INTO ${searchTable(index)} (rowid, body, filters) VALUES (?, ?, ?)`)
    .run(n, ...row);
}

function setVectorRow(
  store: Store,
  index: VectorIndexInfo,
  n: number,
  row: [Buffer, string],
): void {
  store.sql("INSERT INTO vectors VALUES (?, ?, ?, ?)").run(index.number, n, ...row);
}

/** Enters a document into one index that has just been created. */
export function enter(
  store: Store,
  table: Table,
  indexNumber: number,
  n: number,
  document: Document,
) {
  for (const index of table.indexes) {
    if (index.number === indexNumber) store.addEntry(index.number, keyIn(index, document), n);
  }
  for (const index of table.searches) {
    const row = index.number === indexNumber ? searchRow(index, document) : null;
    if (row !== null) setSearchRow(store, index, n, row);
  }
  for (const index of table.vectors) {
    const row = index.number === indexNumber ? vectorRow(index, document) : null;
    if (row !== null) setVectorRow(store, index, n, row);
  }
}

/**
 * Moves a document from one state to another in every index of its table (null before: it is new; null after: it is
 * gone). Answers the keys that queries may have read.
 */
export function reindex(
  store: Store,
  table: Table,
  n: number,
  before: Document | null,
  after: Document | null,
): string[] {
  const written: string[] = [];
  for (const index of table.indexes) {
    const oldKey = before && keyIn(index, before);
    const newKey = after && keyIn(index, after);
    if (oldKey) written.push(writtenKey(index.label, oldKey));
    if (newKey && oldKey?.equals(newKey)) continue;
    if (oldKey) store.removeEntry(index.number, oldKey);
    if (!newKey) continue;
    store.addEntry(index.number, newKey, n);
    written.push(writtenKey(index.label, newKey));
  }
  reindexSearches(store, table, n, before, after);
  reindexVectors(store, table, n, before, after);
  return written;
}

function reindexSearches(
  store: Store,
  table: Table,
  n: number,
  before: Document | null,
  after: Document | null,
): void {
  for (const index of table.searches) {
    const oldRow = before && searchRow(index, before);
    const newRow = after && searchRow(index, after);
    if (sameRow(oldRow, newRow)) continue;
    if (oldRow) store.sql(`DELETE FROM ${searchTable(index)} WHERE rowid = ?`).run(n);
    if (newRow) setSearchRow(store, index, n, newRow);
  }
}

function reindexVectors(
  store: Store,
  table: Table,
  n: number,
  before: Document | null,
  after: Document | null,
): void {
  for (const index of table.vectors) {
    const oldRow = before && vectorRow(index, before);
    const newRow = after && vectorRow(index, after);
    if (sameRow(oldRow, newRow)) continue;
    if (oldRow) {
      store.sql("DELETE FROM vectors WHERE idx = ? AND n = ?").run(index.number, n);
    }
    if (newRow) setVectorRow(store, index, n, newRow);
  }
}
