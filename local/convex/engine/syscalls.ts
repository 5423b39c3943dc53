import { jsonToConvex, type JSONValue } from "convex/values";
import type { Json } from "../types.ts";
import { calledPath } from "./address.ts";
import type { Frame } from "./execution.ts";
import type { Files } from "./files.ts";
import type { Document } from "./document.ts";
import { type PageRequest, readPage } from "./pagination.ts";
import { openSource, type QueryJson, QueryStream } from "./query.ts";
import { queryValue } from "./range.ts";
import type { Jobs } from "./jobs.ts";
import type { Transaction } from "./transaction.ts";

/** What the calls of a query or mutation need beside the transaction. */
export interface TransactionServices {
  files: Files;
  jobs: Jobs;
}

type Args = { [name: string]: JSONValue };
type Handler = (tx: Transaction, frame: Frame, args: Args, services: TransactionServices) => string;

const DONE = "{}";

function transactionOf(frame: Frame): Transaction {
  if (frame.execution.tx === null)
    throw new Error("Actions have no `ctx.db`. Use ctx.runQuery or ctx.runMutation.");
  return frame.execution.tx;
}

/** Refuses an id that is none, or that belongs to another table than the caller says. */
function checkId(
  tx: Transaction,
  id: JSONValue,
  table: JSONValue | undefined,
  method: string,
): string {
  if (typeof id !== "string") {
    throw new Error(
      `Invalid argument \`id\` for \`db.${method}\`: expected a string, got ${typeof id}.`,
    );
  }
  const owner = tx.base.catalog.ofId(id);
  if (owner === undefined) {
    throw new Error(
      `Invalid argument \`id\` for \`db.${method}\`: it is not an ID of this deployment.`,
    );
  }
  if (typeof table === "string" && owner.name !== table) {
    throw new Error(
      `Invalid argument \`id\` for \`db.${method}\`, expected ID in table '${table}' but got ID in table '${owner.name}'`,
    );
  }
  return id;
}

/** A document to be changed: never one of Convex's own tables. */
function checkWritableId(
  tx: Transaction,
  id: JSONValue,
  table: JSONValue | undefined,
  method: string,
): string {
  const checked = checkId(tx, id, table, method);
  if (tx.base.catalog.ofId(checked)!.name.startsWith("_")) {
    throw new Error("System tables (prefixed with `_`) are read-only.");
  }
  return checked;
}

function fieldsOf(value: JSONValue | undefined, method: string): Document {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Error(`Invalid argument \`value\` for \`db.${method}\`: expected an object.`);
  }
  const fields = jsonToConvex(value);
  if (JSON.stringify(value).includes('{"$commitTs":null}')) {
    throw new Error(
      "The embedded Convex does not host `db.vars.commitTs`. Store a number of your own instead.",
    );
  }
  return fields as Document;
}

function patched(present: Document, change: JSONValue | undefined): Document {
  if (change === null || typeof change !== "object" || Array.isArray(change)) {
    throw new Error("Invalid argument `value` for `db.patch`: expected an object.");
  }
  const removed = new Set<string>();
  const set: [string, JSONValue][] = [];
  for (const [name, json] of Object.entries(change) as [string, JSONValue][]) {
    if (queryValue(json) === undefined) removed.add(name);
    else set.push([name, json]);
  }
  const kept = Object.entries(present).filter(([name]) => !removed.has(name));
  return { ...Object.fromEntries(kept), ...fieldsOf(Object.fromEntries(set), "patch") };
}

const get: Handler = (tx, _frame, { id, table, isSystem }) => {
  const checked = checkId(tx, id!, table, "get");
  if (tx.base.catalog.ofId(checked)!.name.startsWith("_") !== isSystem) {
    throw new Error(
      `${isSystem ? "User" : "System"} tables can only be accessed from db.${isSystem ? "" : "system."}get().`,
    );
  }
  return tx.get(checked) ?? "null";
};

const insert: Handler = (tx, _frame, { table, value }) =>
  JSON.stringify({ _id: tx.insert(table as string, fieldsOf(value, "insert")) });

const shallowMerge: Handler = (tx, _frame, { id, table, value }) => {
  tx.update(checkWritableId(tx, id!, table, "patch"), "patch", (present) =>
    patched(present, value),
  );
  return DONE;
};

const replace: Handler = (tx, _frame, { id, table, value }) => {
  tx.update(checkWritableId(tx, id!, table, "replace"), "replace", () =>
    fieldsOf(value, "replace"),
  );
  return DONE;
};

const remove: Handler = (tx, _frame, { id, table }) => {
  tx.remove(checkWritableId(tx, id!, table, "delete"));
  return DONE;
};

const queryStreamNext: Handler = (_tx, frame, { queryId }) => {
  const row = frame.streams.get(queryId as number)?.next() ?? null;
  return row === null ? '{"value":null,"done":true}' : `{"value":${row.json},"done":false}`;
};

const queryPage: Handler = (tx, frame, args) => {
  if (frame.hasPaginated) {
    throw new Error(
      "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated query in each function.",
    );
  }
  frame.hasPaginated = true;
  const request = args as unknown as PageRequest;
  const { execution } = frame;
  const isTop = frame.depth === 0;
  const endCursor = request.endCursor ?? (isTop ? execution.journal : null);
  const page = readPage(tx, { ...request, endCursor });
  if (isTop) execution.journal = page.continueCursor;
  const { documents, ...rest } = page;
  return `{"page":[${documents.join(",")}],${JSON.stringify(rest).slice(1)}`;
};

const count: Handler = (tx, _frame, { table }) => {
  const info = tx.base.catalog.get(table as string);
  tx.usage.add("databaseQueries", 1);
  tx.reads.addTable(table as string);
  const row = tx.base.store
    .sql("SELECT count(*) AS total FROM entries WHERE idx = ?")
    .get(info?.byCreation.number ?? 0);
  return String(row!.total);
};

const schedule: Handler = (tx, _frame, args, { jobs }) => {
  const size = JSON.stringify(args.args).length;
  tx.usage.add("functionsScheduled", 1);
  tx.usage.add("scheduledFunctionArgsBytes", size);
  return JSON.stringify(
    jobs.schedule(tx, calledPath(args), args.args as Json, (args.ts as number) * 1000),
  );
};

const cancelJob: Handler = (tx, _frame, { id }, { jobs }) => {
  jobs.cancel(tx, checkId(tx, id!, "_scheduled_functions", "cancel"));
  return DONE;
};

const ASYNC: Record<string, Handler> = {
  "1.0/get": get,
  "1.0/insert": insert,
  "1.0/shallowMerge": shallowMerge,
  "1.0/replace": replace,
  "1.0/remove": remove,
  "1.0/queryStreamNext": queryStreamNext,
  "1.0/queryPage": queryPage,
  "1.0/count": count,
  "1.0/schedule": schedule,
  "1.0/cancel_job": cancelJob,
  "1.0/getTransactionMetrics": (tx) => JSON.stringify(tx.usage.report()),
  "1.0/storageGetUrl": (tx, _frame, { storageId }, { files }) =>
    JSON.stringify(files.url(tx, storageId as string)),
  "1.0/storageGetMetadata": (tx, _frame, { storageId }, { files }) =>
    JSON.stringify(files.metadata(tx, storageId as string)),
  "1.0/storageGenerateUploadUrl": (tx, _frame, _args, { files }) =>
    JSON.stringify(files.uploadUrl(tx)),
  "1.0/storageDelete": (tx, _frame, { storageId }, { files }) => {
    files.remove(tx, storageId as string);
    return DONE;
  },
  "1.0/storageStore": (tx, _frame, args, { files }) =>
    JSON.stringify(
      files.storeNow(
        tx,
        Buffer.from(args.blob as string, "base64"),
        args.contentType as string,
        args.sha256 as string,
      ),
    ),
  "1.0/storageGet": (tx, _frame, { storageId }, { files }) =>
    JSON.stringify(files.readNow(tx, storageId as string)),
};

/** Answers an asynchronous call of a query or mutation; undefined when it is none that belongs to transactions. */
export function transactionSyscall(
  services: TransactionServices,
  frame: Frame,
  operation: string,
  json: string,
): string | undefined {
  const handler = ASYNC[operation];
  if (handler === undefined) return undefined;
  return handler(transactionOf(frame), frame, JSON.parse(json) as Args, services);
}

let nextQuery = 1;

/** Answers a synchronous call. */
export function syncSyscall(frame: Frame, operation: string, json: string): string {
  const tx = transactionOf(frame);
  const args = JSON.parse(json) as Args;
  switch (operation) {
    case "1.0/queryStream": {
      const query = args.query as unknown as QueryJson;
      const queryId = nextQuery++;
      frame.streams.set(queryId, new QueryStream(openSource(tx, query), query.operators));
      return JSON.stringify({ queryId });
    }
    case "1.0/queryCleanup":
      return JSON.stringify(frame.streams.delete(args.queryId as number));
    case "1.0/db/normalizeId": {
      const id = args.idString as string;
      return JSON.stringify({ id: tx.base.catalog.isIdOf(args.table as string, id) ? id : null });
    }
    case "1.0/getSnapshotTs": {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(tx.base.clock.latest());
      return JSON.stringify({ $integer: bytes.toString("base64") });
    }
    default:
      throw new Error(`The embedded Convex does not host the call "${operation}".`);
  }
}
