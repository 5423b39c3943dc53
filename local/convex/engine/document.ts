import {
  convexToJson,
  getConvexSize,
  jsonToConvex,
  type JSONValue,
  type Value,
} from "convex/values";
import type { Table } from "./catalog.ts";
import { checkDocument } from "./limits.ts";
import { findMismatch, type IsIdOf } from "./validate.ts";

/** A document's fields, with `_id` and `_creationTime`. */
export type Document = { [key: string]: Value };

/** Reads one document's JSON as values. */
export function parseDocument(json: string): Document {
  return jsonToConvex(JSON.parse(json) as JSONValue) as Document;
}

/** The fields that a schema speaks of. */
export function withoutSystemFields(document: Document): Document {
  return Object.fromEntries(
    Object.entries(document).filter(([name]) => name !== "_id" && name !== "_creationTime"),
  );
}

/** A document as it is stored; refuses what Convex's limits or the table's schema refuse. */
export function encodeDocument(
  table: Table,
  document: Document,
  isIdOf: IsIdOf,
): { size: number; json: string } {
  const size = getConvexSize(document);
  checkDocument(document, size);
  const mismatch =
    table.validator && findMismatch(table.validator, withoutSystemFields(document), isIdOf);
  if (mismatch) {
    throw new Error(
      `Failed to insert or update a document in table "${table.name}" because it does not match the schema: ${mismatch.message}`,
    );
  }
  return { size, json: JSON.stringify(convexToJson(document)) };
}
