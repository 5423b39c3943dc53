import type { JSONValue } from "convex/values";
import type { VectorIndexInfo } from "./catalog.ts";
import { encodeKey } from "./key-codec.ts";
import { queryValue } from "./range.ts";
import type { Transaction } from "./transaction.ts";

/** A vector search as `convex/server` sends it. */
export interface VectorQuery {
  indexName: string;
  limit?: number;
  vector: number[];
  expressions: JSONValue;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 256;

function findVectorIndex(tx: Transaction, label: string): VectorIndexInfo {
  const [table = "", name = ""] = label.split(".");
  const index = tx.base.catalog.get(table)?.vectors.find((candidate) => candidate.name === name);
  if (index === undefined) {
    throw new Error(
      `Vector index ${label} not found. Declare it in convex/schema.ts with .vectorIndex("${name}", {...}) and push again.`,
    );
  }
  return index;
}

/** Whether a row's filter values fulfil `eq` and `or` of equalities. */
function passes(expression: JSONValue, index: VectorIndexInfo, values: readonly string[]): boolean {
  if (expression === null) return true;
  const { $eq, $or } = expression as { $eq?: JSONValue[]; $or?: JSONValue[] };
  if ($or !== undefined) return $or.some((part) => passes(part, index, values));
  const [field, literal] = ($eq ?? []) as [{ $field: string }?, { $literal: JSONValue }?];
  const position = index.filterFields.indexOf(field?.$field ?? "");
  if (position < 0 || literal === undefined) {
    throw new Error(
      `The vector index ${index.name} cannot filter by "${field?.$field ?? "this expression"}". Add it to filterFields in convex/schema.ts.`,
    );
  }
  return values[position] === encodeKey([queryValue(literal.$literal)]).toString("hex");
}

function cosine(left: readonly number[], right: Float64Array): number {
  let dot = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (let at = 0; at < left.length; at++) {
    dot += left[at]! * right[at]!;
    leftSquares += left[at]! ** 2;
    rightSquares += right[at]! ** 2;
  }
  const lengths = Math.sqrt(leftSquares) * Math.sqrt(rightSquares);
  return lengths === 0 ? 0 : dot / lengths;
}

/** The documents whose vectors lie nearest, compared one by one: exact, and meant for the sizes of one machine. */
export function vectorSearch(
  tx: Transaction,
  { indexName, limit, vector, expressions }: VectorQuery,
): { _id: string; _score: number }[] {
  const index = findVectorIndex(tx, indexName);
  const most = limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(most) || most < 1 || most > MAX_LIMIT) {
    throw new Error(`A vector search answers 1 to ${MAX_LIMIT} documents, not ${most}.`);
  }
  if (vector.length !== index.dimensions) {
    throw new Error(
      `The vector has ${vector.length} numbers; the index ${indexName} holds vectors of ${index.dimensions}.`,
    );
  }
  const { store } = tx.base;
  const best: { n: number; score: number }[] = [];
  const rows = store.sql("SELECT n, vector, filters FROM vectors WHERE idx = ?");
  for (const row of rows.iterate(index.number)) {
    if (!passes(expressions, index, JSON.parse(row.filters as string) as string[])) continue;
    const bytes = row.vector as Uint8Array;
    const stored = new Float64Array(bytes.slice().buffer);
    best.push({ n: row.n as number, score: cosine(vector, stored) });
  }
  best.sort((left, right) => right.score - left.score || left.n - right.n);
  return best.slice(0, most).map(({ n, score }) => {
    const row = store.sql("SELECT json FROM documents WHERE n = ?").get(n);
    return { _id: (JSON.parse(row!.json as string) as { _id: string })._id, _score: score };
  });
}
