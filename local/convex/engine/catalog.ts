import type { Json } from "../types.ts";
import { tableNumberOf } from "./ids.ts";
import { indexName } from "./read-set.ts";
import type { Store } from "./store.ts";
import type { ValidatorJson } from "./validate.ts";

/** An index over fields; `_creationTime` and `_id` are always its last fields. */
export interface IndexInfo {
  number: number;
  name: string;
  /** `table.index`, the name that reads and writes are matched under. */
  label: string;
  fields: string[];
  paths: string[][];
}

/** A full-text index: one text field, and fields that a search may require to be equal to something. */
export interface SearchIndexInfo {
  number: number;
  name: string;
  searchField: string;
  filterFields: string[];
}

/** A vector index, searched exactly. */
export interface VectorIndexInfo {
  number: number;
  name: string;
  vectorField: string;
  dimensions: number;
  filterFields: string[];
}

/** A table: what its documents must look like and how they are found. */
export interface Table {
  number: number;
  name: string;
  /** Null where the schema says nothing about the table or is not enforced. */
  validator: ValidatorJson | null;
  byId: IndexInfo;
  byCreation: IndexInfo;
  indexes: IndexInfo[];
  searches: SearchIndexInfo[];
  vectors: VectorIndexInfo[];
}

/** The exported schema, as far as the engine reads it. */
export interface SchemaJson {
  schemaValidation: boolean;
  tables: {
    tableName: string;
    documentType: ValidatorJson;
    indexes: { indexDescriptor: string; fields: string[] }[];
    searchIndexes?: { indexDescriptor: string; searchField: string; filterFields: string[] }[];
    vectorIndexes?: {
      indexDescriptor: string;
      vectorField: string;
      dimensions: number;
      filterFields: string[];
    }[];
  }[];
}

const IDENTIFIER = /^[a-zA-Z][a-zA-Z0-9_]*$/;
const SYSTEM_TABLES = ["_storage", "_scheduled_functions"];
const NO_SCHEMA: SchemaJson = { schemaValidation: false, tables: [] };

function indexInfo(number: number, table: string, name: string, fields: string[]): IndexInfo {
  return {
    number,
    name,
    label: indexName(table, name),
    fields,
    paths: fields.map((field) => field.split(".")),
  };
}

/** Every table that there is, with its indexes, under one schema. */
export class Catalog {
  private readonly tables = new Map<string, Table>();
  private readonly byNumber = new Map<number, Table>();
  private readonly store: Store;
  private readonly schema: SchemaJson;

  constructor(store: Store, schema: Json) {
    this.store = store;
    this.schema = schema === null ? NO_SCHEMA : (schema as unknown as SchemaJson);
    this.reload();
  }

  /** Reads the tables again, after a roll-back may have undone the creation of one. */
  reload(): void {
    this.tables.clear();
    this.byNumber.clear();
    for (const row of this.store.sql("SELECT number, name FROM tables").all()) {
      this.add(row.number as number, row.name as string);
    }
  }

  /** Creates, inside the running transaction, the tables and index numbers that the schema names. */
  prepare(): void {
    for (const name of [...SYSTEM_TABLES, ...this.schema.tables.map((table) => table.tableName)]) {
      this.ensure(name);
    }
    this.reload();
  }

  all(): Table[] {
    return [...this.tables.values()];
  }

  get(name: string): Table | undefined {
    return this.tables.get(name);
  }

  /** The table that an id belongs to. */
  ofId(id: string): Table | undefined {
    const number = tableNumberOf(id);
    return number === null ? undefined : this.byNumber.get(number);
  }

  isIdOf = (tableName: string, id: string): boolean => this.ofId(id)?.name === tableName;

  /** The table to write into; refuses names that the schema does not have, creates it without a schema. */
  ensure(name: string): Table {
    const known = this.tables.get(name);
    const isSystem = SYSTEM_TABLES.includes(name);
    if (known && (isSystem || this.allows(name))) return known;
    if (!isSystem && !IDENTIFIER.test(name)) {
      throw new Error(
        `Invalid table name "${name}": use letters, digits and underscores, and begin with a letter.`,
      );
    }
    if (!isSystem && !this.allows(name)) {
      throw new Error(
        `Table "${name}" is not in the schema. Add it with defineTable in convex/schema.ts and push again.`,
      );
    }
    const { lastInsertRowid } = this.store.sql("INSERT INTO tables (name) VALUES (?)").run(name);
    return this.add(Number(lastInsertRowid), name);
  }

  private allows(name: string): boolean {
    return (
      !this.schema.schemaValidation || this.schema.tables.some((table) => table.tableName === name)
    );
  }

  private add(number: number, name: string): Table {
    const declared = this.schema.tables.find((table) => table.tableName === name);
    // Negative numbers belong to the two indexes that every table has; positive ones are rows of `indexes`.
    const byId = indexInfo(-2 * number, name, "by_id", ["_id"]);
    const byCreation = indexInfo(-2 * number - 1, name, "by_creation_time", [
      "_creationTime",
      "_id",
    ]);
    const table: Table = {
      number,
      name,
      validator: declared && this.schema.schemaValidation ? declared.documentType : null,
      byId,
      byCreation,
      indexes: [
        byId,
        byCreation,
        ...(declared?.indexes ?? []).map(({ indexDescriptor, fields }) =>
          indexInfo(this.indexNumber(name, indexDescriptor, { fields }), name, indexDescriptor, [
            ...fields,
            "_creationTime",
            "_id",
          ]),
        ),
      ],
      searches: (declared?.searchIndexes ?? []).map(
        ({ indexDescriptor, searchField, filterFields }) => ({
          number: this.indexNumber(name, indexDescriptor, { searchField, filterFields }),
          name: indexDescriptor,
          searchField,
          filterFields,
        }),
      ),
      vectors: (declared?.vectorIndexes ?? []).map(({ indexDescriptor, ...spec }) => ({
        number: this.indexNumber(name, indexDescriptor, spec),
        name: indexDescriptor,
        vectorField: spec.vectorField,
        dimensions: spec.dimensions,
        filterFields: spec.filterFields,
      })),
    };
    this.tables.set(name, table);
    this.byNumber.set(number, table);
    return table;
  }

  /** The number of a declared index, or 0 while `migrate` has not created it yet. */
  private indexNumber(table: string, name: string, spec: Json | object): number {
    const row = this.store
      .sql("SELECT number FROM indexes WHERE owner = ? AND name = ? AND spec = ?")
      .get(table, name, JSON.stringify(spec));
    return row === undefined ? 0 : (row.number as number);
  }
}
