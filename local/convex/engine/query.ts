import type { JSONValue } from "convex/values";
import type { IndexInfo } from "./catalog.ts";
import { evaluate } from "./filter.ts";
import { afterKey } from "./key-codec.ts";
import { type RangeExpression, rangeOf } from "./range.ts";
import type { ReadRange } from "./read-set.ts";
import { type SearchCondition, SearchSource } from "./search.ts";
import type { FoundDocument, KeyRange } from "./store.ts";
import { parseDocument } from "./document.ts";
import type { Transaction } from "./transaction.ts";

/** A query as `convex/server` sends it. */
export interface QueryJson {
  source:
    | { type: "FullTableScan"; tableName: string; order: "asc" | "desc" | null }
    | {
        type: "IndexRange";
        indexName: string;
        range: RangeExpression[];
        order: "asc" | "desc" | null;
      }
    | { type: "Search"; indexName: string; filters: SearchCondition[] };
  operators: ({ filter: JSONValue } | { limit: number })[];
}

/** One row of a query before its filters: the document's JSON, its size and where it lies. */
export interface Row {
  json: string;
  size: number;
  key: Buffer;
}

/** Rows in the order of a query, read as they are asked for. */
export interface Source {
  next(): Row | null;
}

const FIRST_BATCH = 16;
const LARGEST_BATCH = 512;

/** Reads an index range in batches, and notes as read only what was handed out. */
class IndexSource implements Source {
  private readonly tx: Transaction;
  private readonly index: IndexInfo;
  private readonly order: "asc" | "desc";
  private readonly rest: KeyRange;
  private readonly noted: ReadRange;
  private batch: FoundDocument[] = [];
  private position = 0;
  private batchSize = FIRST_BATCH;
  private version: number;
  private isExhausted = false;

  constructor(tx: Transaction, index: IndexInfo, range: KeyRange, order: "asc" | "desc") {
    this.tx = tx;
    this.index = index;
    this.order = order;
    this.rest = { ...range };
    this.version = tx.version;
    const edge = (order === "asc" ? range.low : range.high).toString("latin1");
    this.noted = tx.reads.add(index.label, { low: edge, high: edge });
    tx.usage.add("databaseQueries", 1);
  }

  next(): Row | null {
    if (this.version !== this.tx.version) this.dropBatch();
    if (this.position === this.batch.length && !this.isExhausted) this.fetch();
    const row = this.batch[this.position];
    if (row === undefined) {
      this.noteTo(this.order === "asc" ? this.rest.high : this.rest.low);
      return null;
    }
    this.position += 1;
    this.tx.countRead(row);
    if (this.order === "asc") this.rest.low = afterKey(row.key);
    else this.rest.high = row.key;
    this.noteTo(this.order === "asc" ? this.rest.low : this.rest.high);
    return row;
  }

  /** The function has written since: rows fetched ahead may be old. */
  private dropBatch(): void {
    this.version = this.tx.version;
    this.batch = [];
    this.position = 0;
    this.isExhausted = false;
  }

  private fetch(): void {
    this.batch = this.tx.scan(this.index, this.rest, this.order, this.batchSize);
    this.position = 0;
    this.isExhausted = this.batch.length === 0;
    this.batchSize = Math.min(this.batchSize * 2, LARGEST_BATCH);
  }

  private noteTo(edge: Buffer): void {
    if (this.order === "asc") this.noted.high = edge.toString("latin1");
    else this.noted.low = edge.toString("latin1");
  }
}

const NOTHING: Source = { next: () => null };

/** Where a page begins and ends: after `after`, up to and including `until`. */
export interface Window {
  after: Buffer | null;
  until: Buffer | null;
}

const WHOLE: Window = { after: null, until: null };

function later(left: Buffer, right: Buffer): Buffer {
  return Buffer.compare(left, right) > 0 ? left : right;
}

function earlier(left: Buffer, right: Buffer): Buffer {
  return Buffer.compare(left, right) < 0 ? left : right;
}

/** Never wider than the query's own range, whatever a cursor says. */
function narrowed({ low, high }: KeyRange, order: "asc" | "desc", window: Window): KeyRange {
  const { after, until } = window;
  if (order === "asc") {
    return {
      low: after === null ? low : later(low, afterKey(after)),
      high: until === null ? high : earlier(high, afterKey(until)),
    };
  }
  return {
    low: until === null ? low : later(low, until),
    high: after === null ? high : earlier(high, after),
  };
}

function findIndex(tx: Transaction, label: string): IndexInfo | null {
  const [tableName = "", name = ""] = label.split(".");
  const table = tx.base.catalog.get(tableName);
  const index = table?.indexes.find((candidate) => candidate.name === name);
  if (index === undefined && (table !== undefined || name !== "by_creation_time")) {
    throw new Error(
      `Index ${label} not found. Declare it in convex/schema.ts with .index("${name}", [...]) and push again.`,
    );
  }
  return index ?? null;
}

/** Opens the source of a query, or the part of it that one page covers. */
export function openSource(tx: Transaction, query: QueryJson, window: Window = WHOLE): Source {
  const { source } = query;
  if (source.type === "Search") {
    const from = window.after === null ? 0 : Number(window.after.toString()) + 1;
    const to = window.until === null ? Infinity : Number(window.until.toString()) + 1;
    return new SearchSource(tx, source.indexName, source.filters, from, to);
  }
  const label =
    source.type === "FullTableScan" ? `${source.tableName}.by_creation_time` : source.indexName;
  const index = findIndex(tx, label);
  if (index === null) {
    // A table that nobody has written to: remember the question, so that the first insert answers it anew.
    tx.reads.addTable(label.slice(0, label.indexOf(".")));
    return NOTHING;
  }
  const order = source.order ?? "asc";
  const range = rangeOf(index, source.type === "IndexRange" ? source.range : []);
  return new IndexSource(tx, index, narrowed(range, order, window), order);
}

/** A running query: a source with its filters and limits applied in order. */
export class QueryStream {
  private readonly source: Source;
  private readonly operators: QueryJson["operators"];
  private readonly taken: number[];

  constructor(source: Source, operators: QueryJson["operators"]) {
    this.source = source;
    this.operators = operators;
    this.taken = operators.map(() => 0);
  }

  next(): Row | null {
    for (;;) {
      if (this.isFull()) return null;
      const row = this.source.next();
      if (row === null || this.passes(row)) return row;
    }
  }

  private isFull(): boolean {
    return this.operators.some(
      (operator, at) => "limit" in operator && this.taken[at]! >= operator.limit,
    );
  }

  private passes(row: Row): boolean {
    let document: ReturnType<typeof parseDocument> | null = null;
    for (const [at, operator] of this.operators.entries()) {
      if ("limit" in operator) {
        this.taken[at]! += 1;
        continue;
      }
      document ??= parseDocument(row.json);
      if (evaluate(operator.filter, document) !== true) return false;
    }
    return true;
  }
}
