import { type JSONValue, jsonToConvex } from "convex/values";
import type { Json } from "../types.ts";
import { parsePath } from "./functions.ts";
import type { Document } from "./document.ts";
import type { Transaction } from "./transaction.ts";

const TABLE = "_scheduled_functions";
const FIVE_YEARS_MS = 5 * 365 * 24 * 3600 * 1000;

/** `due` of an action that has been started, so that a restart knows it was cut off. */
export const STARTED = Number.MAX_SAFE_INTEGER;

/** How a scheduled function ended. */
export type JobEnd = { kind: "success" } | { kind: "failed"; error: string };

/** A scheduled function, as its document says. */
export interface Job {
  id: string;
  path: string;
  args: Json;
  state: string;
}

/** Scheduled functions: documents of `_scheduled_functions`, and beside them what is still to run and when. */
export class Jobs {
  private readonly exists: (path: string) => boolean;

  /** `exists` says whether the live code has a function at a path. */
  constructor(exists: (path: string) => boolean) {
    this.exists = exists;
  }

  schedule(tx: Transaction, path: string, args: Json, due: number): string {
    if (!this.exists(path)) {
      throw new Error(`Attempted to schedule function at nonexistent path: ${path}`);
    }
    if (Math.abs(due - tx.startedAt) > FIVE_YEARS_MS) {
      throw new Error("A function can be scheduled at most five years ahead.");
    }
    const { module, name } = parsePath(path);
    const id = tx.insert(TABLE, {
      name: `${module}:${name}`,
      args: [jsonToConvex(args as JSONValue)],
      scheduledTime: due,
      state: { kind: "pending" },
    });
    tx.execute("INSERT INTO jobs VALUES (?, ?)", id, due);
    return id;
  }

  cancel(tx: Transaction, id: string): void {
    const job = this.read(tx, id);
    if (job === null) throw new Error(`There is no scheduled function with the ID "${id}".`);
    if (job.state === "pending" || job.state === "inProgress") this.finish(tx, id, "canceled");
  }

  /** The job, unless its document is gone. */
  read(tx: Transaction, id: string): Job | null {
    const json = tx.get(id);
    if (json === null) return null;
    const document = JSON.parse(json) as {
      name: string;
      args: Json[];
      state: { kind: string };
    };
    return { id, path: document.name, args: document.args[0] ?? {}, state: document.state.kind };
  }

  /** An action is begun before it runs: it may have had effects, so it never runs twice. */
  begin(tx: Transaction, id: string): void {
    this.set(tx, id, { state: { kind: "inProgress" } });
    tx.execute("UPDATE jobs SET due = ? WHERE id = ?", STARTED, id);
  }

  end(tx: Transaction, id: string, end: JobEnd): void {
    if (this.read(tx, id)?.state === "canceled") return;
    this.finish(tx, id, end);
  }

  /** Drops what is still to run of a job whose document says otherwise. */
  forget(tx: Transaction, id: string): void {
    tx.execute("DELETE FROM jobs WHERE id = ?", id);
  }

  private finish(tx: Transaction, id: string, end: JobEnd | "canceled"): void {
    const state = end === "canceled" ? { kind: "canceled" } : { ...end };
    this.set(tx, id, { state, completedTime: tx.startedAt });
    this.forget(tx, id);
  }

  private set(tx: Transaction, id: string, fields: Document): void {
    tx.update(id, "patch", (present) => ({ ...present, ...fields }));
  }
}
