import type { IncomingMessage } from "node:http";
import { jsonToConvex } from "convex/values";
import * as v from "valibot";
import type { Caller, Json, Outcome } from "../types.ts";
import type { Callers } from "./callers.ts";
import type { Functions } from "./functions.ts";
import { CALL_BODY_LIMIT, json, readJson, Refusal, type Reply } from "./http.ts";
import { checkPlainArguments, plainJson } from "./json-format.ts";
import { decodeTimestamp, encodeTimestamp } from "./sync-messages.ts";

const anyObject = v.custom<{ [name: string]: Json }>(
  (value) => value !== null && typeof value === "object" && !Array.isArray(value),
);
const callBody = v.object({
  path: v.string(),
  args: v.optional(v.union([anyObject, v.tuple([anyObject]), v.tuple([])]), {}),
  format: v.optional(v.picklist(["json", "convex_encoded_json"]), "convex_encoded_json"),
  componentPath: v.nullish(v.string()),
  ts: v.optional(v.string()),
});

/** What a query or mutation read and wrote (`CallUsage` as JSON), so that costs can be measured from outside. */
const USAGE_HEADER = "x-convex-usage";

type CallKind = "query" | "mutation" | "action" | "function" | "query_at_ts";

/** `POST /api/query`, `mutation`, `action`, `function` and `query_at_ts`, in Convex's two formats. */
export class CallApi {
  readonly #functions: Functions;
  readonly #callers: Callers;

  constructor(functions: Functions, callers: Callers) {
    this.#functions = functions;
    this.#callers = callers;
  }

  static isKind(name: string): name is CallKind {
    return ["query", "mutation", "action", "function", "query_at_ts"].includes(name);
  }

  async call(kind: CallKind, request: IncomingMessage): Promise<Reply> {
    const caller = await this.#callers.ofRequest(request);
    const parsed = v.safeParse(callBody, await readJson(request, CALL_BODY_LIMIT));
    if (!parsed.success) {
      throw new Refusal(
        400,
        "BadCall",
        'The body must be {"path": "module:function", "args": {...}, "format": "json" or "convex_encoded_json"}.',
      );
    }
    const { path, args, format, componentPath, ts } = parsed.output;
    if (componentPath) throw noComponents(componentPath);
    const named: Json = Array.isArray(args) ? (args[0] ?? {}) : args;
    if (format === "json") checkPlainArguments(named);
    if (kind === "query_at_ts") this.#checkTimestamp(ts);
    const outcome = await this.#run(kind, path, named, caller);
    const reply = json(wireOutcome(outcome, format));
    if (outcome.usage === undefined) return reply;
    return {
      ...reply,
      headers: { ...reply.headers, [USAGE_HEADER]: JSON.stringify(outcome.usage) },
    };
  }

  timestamp(): Reply {
    return json({ ts: encodeTimestamp(this.#functions.now()) });
  }

  async #run(kind: CallKind, path: string, args: Json, caller: Caller): Promise<Outcome> {
    switch (kind) {
      case "query":
      case "query_at_ts":
        return this.#functions.query(path, args, caller);
      case "mutation":
        return (await this.#functions.mutation(path, args, caller)).outcome;
      case "action":
        return this.#functions.action(path, args, caller);
      case "function":
        return this.#functions.any(path, args, caller);
    }
  }

  #checkTimestamp(ts: string | undefined): void {
    if (ts !== undefined && decodeTimestamp(ts) === this.#functions.now()) return;
    throw new Refusal(
      400,
      "SnapshotNotHosted",
      "The embedded Convex backend reads the latest data only, and data has changed since that timestamp. Ask again.",
    );
  }
}

export function noComponents(name: string): Refusal {
  return new Refusal(
    400,
    "ComponentsNotHosted",
    `The embedded Convex backend hosts no components, and "${name}" is one. Nothing was changed. ` +
      "Use Convex Cloud or a self-hosted Convex for them.",
  );
}

function wireOutcome(outcome: Outcome, format: "json" | "convex_encoded_json"): object {
  const wire = (value: Json) => (format === "json" ? plainJson(jsonToConvex(value)) : value);
  const { logLines } = outcome;
  if (outcome.success) return { status: "success", value: wire(outcome.value), logLines };
  const { errorMessage, errorData } = outcome;
  return {
    status: "error",
    errorMessage,
    errorData: errorData === undefined ? undefined : wire(errorData),
    logLines,
  };
}
