import { type JSONValue, jsonToConvex, type Value } from "convex/values";
import type { Json } from "../types.ts";
import type { FunctionKind } from "./execution.ts";
import { checkCallValue } from "./limits.ts";
import type { Realm } from "./realm.ts";
import { findMismatch, type IsIdOf, type ValidatorJson } from "./validate.ts";

/** A call that was refused before the function ran, or whose answer was refused after it. */
export class CallRefused extends Error {}

/** A registered function, found in a context. */
export interface RegisteredFunction {
  /** `module:export`, without `.js`. */
  path: string;
  kind: FunctionKind;
  isPublic: boolean;
  args: ValidatorJson;
  returns: ValidatorJson | null;
  invoke(argsJson: string): Promise<string>;
}

/** What `convex/server` puts on a registered function. */
interface Registration {
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  isPublic?: boolean;
  exportArgs(): string;
  exportReturns(): string;
  invokeQuery(args: string): Promise<string>;
  invokeMutation(args: string): Promise<string>;
  invokeAction(requestId: string, args: string): Promise<string>;
}

/** Splits `dir/module:export` or `dir/module.js:export`; without an export it is the default one. */
export function parsePath(path: string): { module: string; name: string; canonical: string } {
  const at = path.lastIndexOf(":");
  const stem = (at < 0 ? path : path.slice(0, at)).replace(/\.js$/, "");
  const name = at < 0 ? "default" : path.slice(at + 1);
  return { module: `${stem}.js`, name, canonical: `${stem}:${name}` };
}

function kindOf(value: unknown): FunctionKind | null {
  if (typeof value !== "function") return null;
  const { isQuery, isMutation, isAction } = value as unknown as Registration;
  if (isQuery) return "query";
  if (isMutation) return "mutation";
  return isAction ? "action" : null;
}

/** Reads a registered function off an export; null when the export is something else. */
export function registeredFunction(path: string, value: unknown): RegisteredFunction | null {
  const kind = kindOf(value);
  if (kind === null) return null;
  const registration = value as unknown as Registration;
  return {
    path,
    kind,
    isPublic: registration.isPublic === true,
    args: JSON.parse(registration.exportArgs()) as ValidatorJson,
    returns: JSON.parse(registration.exportReturns()) as ValidatorJson | null,
    invoke(argsJson) {
      if (kind === "query") return registration.invokeQuery(argsJson);
      if (kind === "mutation") return registration.invokeMutation(argsJson);
      return registration.invokeAction("", argsJson);
    },
  };
}

/** The function at a path, or null when the push has none there. */
export function findFunction(realm: Realm, path: string): RegisteredFunction | null {
  const { module, name, canonical } = parsePath(path);
  if (!realm.has(module)) return null;
  const exports = realm.load(module);
  return Object.hasOwn(exports, name) ? registeredFunction(canonical, exports[name]) : null;
}

const NAMES: Record<FunctionKind, string> = {
  query: "Query",
  mutation: "Mutation",
  action: "Action",
};

/** The function to call, or a refusal that says which way it cannot be called. */
export function requireFunction(
  realm: Realm,
  path: string,
  kind: FunctionKind,
  mayBeInternal: boolean,
): RegisteredFunction {
  const found = findFunction(realm, path);
  if (found === null || (!found.isPublic && !mayBeInternal)) {
    const what = mayBeInternal ? "function" : "public function";
    throw new CallRefused(
      `Could not find ${what} for '${path}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
    );
  }
  if (found.kind !== kind) {
    throw new CallRefused(
      `Trying to execute ${path} as ${NAMES[kind]}, but it is defined as ${NAMES[found.kind]}.`,
    );
  }
  return found;
}

/** Arguments as `convex/server` takes them; refuses what the function's validator or Convex's limits refuse. */
export function prepareArgs(called: RegisteredFunction, args: Json, isIdOf: IsIdOf): string {
  const single = Array.isArray(args) ? (args[0] ?? {}) : args;
  let value: Value;
  try {
    value = jsonToConvex(single as JSONValue);
    checkCallValue(value, "arguments");
  } catch (error) {
    throw new CallRefused(`Invalid arguments for ${called.path}: ${(error as Error).message}`);
  }
  const mismatch = findMismatch(called.args, value, isIdOf);
  if (mismatch !== null) throw new CallRefused(`ArgumentValidationError: ${mismatch.message}`);
  return JSON.stringify([single]);
}

/** Refuses a return value that does not fit the function's validator or Convex's limits. */
export function checkReturn(called: RegisteredFunction, json: string, isIdOf: IsIdOf): Json {
  const result = JSON.parse(json) as JSONValue;
  try {
    const value = jsonToConvex(result);
    checkCallValue(value, "return value");
    const mismatch = called.returns && findMismatch(called.returns, value, isIdOf);
    if (mismatch) throw new Error(`ReturnsValidationError: ${mismatch.message}`);
  } catch (error) {
    throw new CallRefused(`Invalid return value of ${called.path}: ${(error as Error).message}`);
  }
  return result;
}
