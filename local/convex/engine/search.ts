import type { JSONValue } from "convex/values";
import type { SearchIndexInfo, Table } from "./catalog.ts";
import { filterWord, searchTable } from "./indexer.ts";
import type { Row, Source } from "./query.ts";
import { queryValue } from "./range.ts";
import type { Transaction } from "./transaction.ts";

/** One condition of `withSearchIndex`. */
export type SearchCondition =
  | { type: "Search"; fieldPath: string; value: string }
  | { type: "Eq"; fieldPath: string; value: JSONValue };

const MAX_TERMS = 16;
const MAX_FILTERS = 8;
const MAX_RESULTS = 1024;

function findSearchIndex(tx: Transaction, label: string): { table: Table; index: SearchIndexInfo } {
  const [tableName = "", name = ""] = label.split(".");
  const table = tx.base.catalog.get(tableName);
  const index = table?.searches.find((candidate) => candidate.name === name);
  if (table === undefined || index === undefined) {
    throw new Error(
      `Search index ${label} not found. Declare it in convex/schema.ts with .searchIndex("${name}", {...}) and push again.`,
    );
  }
  return { table, index };
}

/** Any of the words, the last one also as the beginning of a word; every filter must hold. */
function matchExpression(
  index: SearchIndexInfo,
  conditions: readonly SearchCondition[],
): string | null {
  const searches = conditions.filter((condition) => condition.type === "Search");
  const filters = conditions.filter((condition) => condition.type === "Eq");
  const [search] = searches;
  if (searches.length !== 1 || search === undefined || search.fieldPath !== index.searchField) {
    throw new Error(
      `A search on ${index.name} needs exactly one \`.search("${index.searchField}", ...)\`.`,
    );
  }
  if (filters.length > MAX_FILTERS) {
    throw new Error(`A search can have at most ${MAX_FILTERS} filters, got ${filters.length}.`);
  }
  const terms = search.value.match(/[\p{L}\p{N}\p{M}\p{Co}]+/gu)?.slice(0, MAX_TERMS) ?? [];
  if (terms.length === 0) return null;
  const words = terms.map((term, at) => `"${term}"${at === terms.length - 1 ? " *" : ""}`);
  const filterWords = filters.map((filter) => {
    const position = index.filterFields.indexOf(filter.fieldPath);
    if (position < 0) {
      throw new Error(
        `The search index ${index.name} has no filter field "${filter.fieldPath}". Add it to filterFields in convex/schema.ts.`,
      );
    }
    return `"${filterWord(position, queryValue(filter.value))}"`;
  });
  const body = `({body} : (${words.join(" OR ")}))`;
  return filterWords.length === 0
    ? body
    : `${body} AND ({filters} : (${filterWords.join(" AND ")}))`;
}

/** The documents that a search finds, the best first; each is read when it is asked for. */
export class SearchSource implements Source {
  private readonly tx: Transaction;
  private readonly hits: readonly number[];
  private at: number;

  /** The whole result, or the part of it from `from` up to `to`. */
  constructor(
    tx: Transaction,
    label: string,
    conditions: readonly SearchCondition[],
    from: number,
    to: number,
  ) {
    this.tx = tx;
    this.at = from;
    const { table, index } = findSearchIndex(tx, label);
    tx.usage.add("databaseQueries", 1);
    tx.reads.addTable(table.name);
    const match = matchExpression(index, conditions);
    this.hits = match === null ? [] : findHits(tx, index, match).slice(0, to);
  }

  next(): Row | null {
    const n = this.hits[this.at];
    const row =
      n === undefined
        ? undefined
        : this.tx.base.store.sql("SELECT json, size FROM documents WHERE n = ?").get(n);
    if (row === undefined) return null;
    const found = { json: row.json as string, size: row.size as number };
    this.tx.countRead(found);
    return { ...found, key: Buffer.from(String(this.at++)) };
  }
}

function findHits(tx: Transaction, index: SearchIndexInfo, match: string): number[] {
  const name = searchTable(index);
  return tx.base.store
    .sql(
      `SELECT rowid AS n FROM ${name} WHERE ${name} MATCH ? ORDER BY bm25(${name}, 1.0, 0.0), rowid DESC LIMIT ${MAX_RESULTS}`,
    )
    .all(match)
    .map(({ n }) => n as number);
}
