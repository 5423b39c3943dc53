import { EngineError, type Json } from "../types.ts";
import { Catalog, type SchemaJson, type Table } from "./catalog.ts";
import { enter, searchTable } from "./indexer.ts";
import { everyDocument, type Store } from "./store.ts";
import { parseDocument, withoutSystemFields } from "./document.ts";
import { findMismatch, type Mismatch } from "./validate.ts";

interface Declared {
  owner: string;
  name: string;
  spec: string;
  isSearch: boolean;
}

function declaredIndexes(schema: Json): Declared[] {
  const { tables } = (schema ?? { tables: [] }) as unknown as SchemaJson;
  return tables.flatMap(({ tableName: owner, indexes, searchIndexes, vectorIndexes }) => [
    ...indexes.map(({ indexDescriptor: name, fields }) => ({
      owner,
      name,
      isSearch: false,
      spec: JSON.stringify({ fields }),
    })),
    ...(searchIndexes ?? []).map(({ indexDescriptor: name, searchField, filterFields }) => ({
      owner,
      name,
      isSearch: true,
      spec: JSON.stringify({ searchField, filterFields }),
    })),
    ...(vectorIndexes ?? []).map(({ indexDescriptor: name, ...spec }) => ({
      owner,
      name,
      isSearch: false,
      spec: JSON.stringify(spec),
    })),
  ]);
}

function dropIndex(store: Store, number: number): void {
  store.sql("DELETE FROM indexes WHERE number = ?").run(number);
  store.sql("DELETE FROM entries WHERE idx = ?").run(number);
  store.sql("DELETE FROM vectors WHERE idx = ?").run(number);
  store.db.exec(`DROP TABLE IF EXISTS search_${number}`);
}

function createIndex(store: Store, declared: Declared): number {
  const { lastInsertRowid } = store
    .sql("INSERT INTO indexes (owner, name, spec) VALUES (?, ?, ?)")
    .run(declared.owner, declared.name, declared.spec);
  const number = Number(lastInsertRowid);
  if (declared.isSearch) {
    store.db.exec(
      `CREATE VIRTUAL TABLE ${searchTable({ number })} USING fts5(body, filters, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0', prefix='2 3')`,
    );
  }
  return number;
}

/** Brings the declared indexes into being and drops the others; answers the numbers of the new ones. */
function changeIndexes(store: Store, schema: Json): Set<number> {
  const wanted = new Map(declaredIndexes(schema).map((index) => [JSON.stringify(index), index]));
  for (const row of store.sql("SELECT number, owner, name, spec FROM indexes").all()) {
    const { number, owner, name, spec } = row as Record<string, string> & { number: number };
    const kept = [true, false].some((isSearch) =>
      wanted.delete(JSON.stringify({ owner, name, isSearch, spec })),
    );
    if (!kept) dropIndex(store, number);
  }
  return new Set([...wanted.values()].map((declared) => createIndex(store, declared)));
}

function checkTable(store: Store, catalog: Catalog, table: Table, created: Set<number>): void {
  const fresh = [...table.indexes, ...table.searches, ...table.vectors]
    .map((index) => index.number)
    .filter((number) => created.has(number));
  if (table.validator === null && fresh.length === 0) return;
  for (const { n, json } of everyDocument(store, table)) {
    const document = parseDocument(json);
    const fields = withoutSystemFields(document);
    const mismatch = table.validator && findMismatch(table.validator, fields, catalog.isIdOf);
    if (mismatch) throw schemaMismatch(table.name, String(document._id), mismatch);
    for (const number of fresh) enter(store, table, number, n, document);
  }
}

function schemaMismatch(table: string, id: string, mismatch: Mismatch): EngineError {
  return new EngineError(
    "SchemaMismatch",
    `Document with ID "${id}" in table "${table}" does not match the schema at ${mismatch.path || "its top"}: ${mismatch.message}\nNothing was changed: the code and schema from before stay live. Change the schema to allow what is stored, or change the stored documents first.`,
  );
}

/**
 * Makes the store fit a schema, inside a transaction: every stored document is checked and every new index is built.
 * Throws without having changed anything where a document does not fit.
 */
export function migrate(store: Store, schema: Json): Catalog {
  const created = changeIndexes(store, schema);
  const catalog = new Catalog(store, schema);
  catalog.prepare();
  for (const table of catalog.all()) checkTable(store, catalog, table, created);
  return catalog;
}
