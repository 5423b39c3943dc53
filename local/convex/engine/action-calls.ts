import type { Caller, Json } from "../types.ts";
import { calledPath } from "./address.ts";
import type { Calls, Ending } from "./calls.ts";
import type { Frame } from "./execution.ts";
import { transactionSyscall, type TransactionServices } from "./syscalls.ts";
import { readThrown, toSyscallError } from "./thrown.ts";
import type { Transaction } from "./transaction.ts";
import { vectorSearch, type VectorQuery } from "./vector.ts";

type Args = { [name: string]: Json };

/** Calls of actions that are carried out as one small transaction each. */
const AS_TRANSACTION: Record<string, string> = {
  "1.0/actions/schedule": "1.0/schedule",
  "1.0/actions/cancel_job": "1.0/cancel_job",
  "1.0/storageGetUrl": "1.0/storageGetUrl",
  "1.0/storageGetMetadata": "1.0/storageGetMetadata",
  "1.0/storageGenerateUploadUrl": "1.0/storageGenerateUploadUrl",
  "1.0/storageDelete": "1.0/storageDelete",
};

/** Answers the calls that actions make of the engine. */
export class ActionCalls {
  private readonly calls: Calls;
  private readonly services: TransactionServices;

  constructor(calls: Calls, services: TransactionServices) {
    this.calls = calls;
    this.services = services;
  }

  async syscall(frame: Frame, operation: string, json: string): Promise<string> {
    const args = JSON.parse(json) as Args;
    const asTransaction = AS_TRANSACTION[operation];
    if (asTransaction !== undefined) {
      return await this.calls.system((tx) => this.inTransaction(tx, frame, asTransaction, json));
    }
    switch (operation) {
      case "1.0/actions/query":
      case "1.0/actions/mutation":
      case "1.0/actions/action":
        return JSON.stringify(await this.run(frame, operation.slice(12), args));
      case "1.0/actions/vectorSearch":
        return await this.calls.system((tx) =>
          JSON.stringify({ results: vectorSearch(tx, args.query as unknown as VectorQuery) }),
        );
      default:
        throw new Error(`The embedded Convex does not host the call "${operation}" in actions.`);
    }
  }

  /** Storage calls carry blobs, which only a process of its own can take as they are. */
  async jsSyscall(frame: Frame, operation: string, args: object): Promise<unknown> {
    const { files } = this.services;
    if (frame.execution.tx !== null)
      throw new Error(`Only actions can make the call "${operation}".`);
    if (operation === "storage/storeBlob") {
      const { blob, options } = args as { blob: Blob; options?: { sha256?: string } };
      const staged = await files.stage(blob.stream(), blob.type || null, options?.sha256);
      return await this.calls.system((tx) => files.record(tx, staged));
    }
    if (operation === "storage/getBlob") {
      const { storageId } = args as { storageId: string };
      const found = await this.calls.system((tx) => files.readNow(tx, storageId));
      if (found === null) return null;
      return new Blob([Buffer.from(found.blob, "base64")], { type: found.contentType ?? "" });
    }
    throw new Error(`The embedded Convex does not host the call "${operation}".`);
  }

  private inTransaction(tx: Transaction, frame: Frame, operation: string, json: string): string {
    const inside = { ...frame, execution: Object.assign(Object.create(frame.execution), { tx }) };
    return transactionSyscall(this.services, inside as Frame, operation, json)!;
  }

  private async run(frame: Frame, kind: string, args: Args): Promise<Json> {
    // What a project's own code calls may be internal.
    const caller: Caller = { identity: frame.execution.caller.identity, isAdmin: true };
    const path = calledPath(args);
    if (kind === "query") return unwrap(await this.calls.queryEnding(path, args.args!, caller));
    if (kind === "mutation")
      return unwrap(await this.calls.mutationEnding(path, args.args!, caller));
    return unwrap(await this.calls.action(path, args.args!, caller));
  }
}

function unwrap(ending: Ending): Json {
  if ("value" in ending) return ending.value;
  throw toSyscallError(readThrown(ending.thrown));
}
