import { convexToJson, type Value } from "convex/values";
import type { Caller, Engine, Json, Outcome } from "../types.ts";
import type { Exports } from "./exports.ts";

interface AnalyzedModule {
  functions: {
    name: string;
    udfType: string;
    visibility: { kind: string } | null;
    args: string | null;
    returns: string | null;
  }[];
}

/**
 * The `_system/...` queries that the official CLI asks for: environment variables, the list of functions, the state of a
 * snapshot export and the deployment's own URL. Only the admin may ask.
 */
export class SystemQueries {
  readonly #engine: Engine;
  readonly #exports: Exports;
  readonly #url: () => string;

  constructor(engine: Engine, exports: Exports, url: () => string) {
    this.#engine = engine;
    this.#exports = exports;
    this.#url = url;
  }

  run(path: string, args: Json, caller: Caller): Outcome {
    const refuse = (errorMessage: string): Outcome => ({
      success: false,
      errorMessage,
      logLines: [],
    });
    if (!caller.isAdmin) return refuse(`${path} can be called with the admin key only.`);
    const name = path.replace(/:default$/, "");
    const value = this.#value(name, args);
    if (value === undefined) {
      return refuse(`The embedded Convex backend does not host the system function ${name}.`);
    }
    return { success: true, value: convexToJson(value) as Json, logLines: [] };
  }

  #value(name: string, args: Json): Value | undefined {
    switch (name) {
      case "_system/cli/queryEnvironmentVariables":
        return this.#environment();
      case "_system/cli/queryEnvironmentVariables:get":
        return this.#environment().find(({ name }) => name === argument(args, "name")) ?? null;
      case "_system/cli/modules:apiSpec":
        return this.#apiSpec();
      case "_system/cli/exports:getLatest":
        return this.#exports.latest();
      case "_system/cli/convexUrl:cloudUrl":
        return this.#url();
      default:
        return undefined;
    }
  }

  /** The live functions, in the shape that `npx convex run` and `function-spec` print. */
  #apiSpec(): Value[] {
    return Object.entries(this.#engine.analysis()).flatMap(([module, analysis]) =>
      (analysis as unknown as AnalyzedModule).functions.map((fn) => ({
        identifier: `${module}:${fn.name}`,
        functionType: fn.udfType,
        visibility: fn.visibility ?? { kind: "public" },
        args: fn.args === null ? null : JSON.parse(fn.args),
        returns: fn.returns === null ? null : JSON.parse(fn.returns),
      })),
    );
  }

  #environment(): { name: string; value: string }[] {
    return Object.entries(this.#engine.environment()).map(([name, value]) => ({ name, value }));
  }
}

function argument(args: Json, name: string): Json | undefined {
  return args !== null && typeof args === "object" && !Array.isArray(args) ? args[name] : undefined;
}
