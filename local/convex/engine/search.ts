import type { JSONValue } from "convex/values";
import type { SearchIndexInfo, Table } from "./catalog.ts";
import { filterWord, searchTable } from "./indexer.ts";
import type { Row } from "./query.ts";
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

/** The documents that a search finds, the best first. */
export function search(
  tx: Transaction,
  label: string,
  conditions: readonly SearchCondition[],
): Row[] {
  const { table, index } = findSearchIndex(tx, label);
  tx.usage.add("databaseQueries", 1);
  tx.reads.addTable(table.name);
  const match = matchExpression(index, conditions);
  if (match === null) return [];
  const name = searchTable(index);
  const found = tx.base.store
    .sql(
      `SELECT d.json, d.size FROM (SELECT rowid AS n, bm25(${name}, 1.0, 0.0) AS score FROM ${name} WHERE ${name} MATCH ? ORDER BY score, rowid DESC LIMIT ${MAX_RESULTS}) AS hit JOIN documents d ON d.n = hit.n ORDER BY hit.score, hit.n DESC`,
    )
    .all(match);
  return found.map((row, at) => {
    const document = { json: row.json as string, size: row.size as number };
    tx.countRead(document);
    return { ...document, key: Buffer.from(String(at)) };
  });
}
