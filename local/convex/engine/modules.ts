import { posix } from "node:path";
import { Script } from "node:vm";
import { transform } from "esbuild";
import { EngineError, type PushedModule } from "../types.ts";

/** The ES modules of a push as scripts that any number of contexts can run. */
export type CompiledModules = ReadonlyMap<string, Script>;

/** What one module may reach of the others, and where its exports go. */
type ModuleBody = (
  exports: object,
  require: (specifier: string) => unknown,
  module: { exports: object },
) => void;

const USE_NODE = /^(?:\s*(?:\/\/[^\n]*\n|\/\*[\s\S]*?\*\/))*\s*["']use node["']/;

async function compile(module: PushedModule): Promise<Script> {
  if (USE_NODE.test(module.source)) {
    throw new EngineError(
      "UseNode",
      `${module.path} begins with "use node". The embedded Convex runs only Convex's default runtime: remove the directive and what needs Node.js from this file, or deploy to a real Convex deployment.`,
    );
  }
  try {
    const { code } = await transform(module.source, {
      format: "cjs",
      loader: "js",
      target: "node24",
      sourcefile: module.path,
      sourcemap: false,
      // Only this transform's own calls may reach the other modules; Convex's runtime has no `require`.
      define: { require: "undefined" },
      legalComments: "none",
    });
    return new Script(`(function (exports, require, module) {${code}\n})`, {
      filename: `convex:/${module.path}`,
    });
  } catch (error) {
    throw new EngineError(
      "InvalidModule",
      `${module.path} could not be loaded, so nothing was pushed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Compiles every module of a push. */
export async function compileModules(modules: readonly PushedModule[]): Promise<CompiledModules> {
  const compiled = new Map<string, Script>();
  for (const module of modules) compiled.set(module.path, await compile(module));
  return compiled;
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) {
    const what = specifier.startsWith("node:") ? "a Node.js built-in" : "a package";
    throw new EngineError(
      "UnknownImport",
      `${from} imports "${specifier}", ${what} that Convex's runtime does not have. Remove the import; a Convex deployment would refuse it too.`,
    );
  }
  return posix.join(posix.dirname(from), specifier);
}

/** Loads modules into one context, each once. */
export class ModuleLoader {
  private readonly bodies: ReadonlyMap<string, ModuleBody>;
  private readonly loaded = new Map<string, { exports: object }>();

  /** `evaluate` runs a script in the context; here all of them, since later it would interrupt a running function. */
  constructor(compiled: CompiledModules, evaluate: (script: Script) => unknown) {
    this.bodies = new Map(
      [...compiled].map(([path, script]) => [path, evaluate(script) as ModuleBody]),
    );
  }

  has(path: string): boolean {
    return this.bodies.has(path);
  }

  paths(): string[] {
    return [...this.bodies.keys()];
  }

  load(path: string): Record<string, unknown> {
    const known = this.loaded.get(path);
    if (known !== undefined) return known.exports as Record<string, unknown>;
    const body = this.bodies.get(path);
    if (body === undefined) {
      throw new EngineError("UnknownImport", `The pushed code has no module ${path}.`);
    }
    const module = { exports: {} };
    this.loaded.set(path, module);
    try {
      body(module.exports, (specifier) => this.load(resolve(path, specifier)), module);
    } catch (error) {
      this.loaded.delete(path);
      throw error;
    }
    return module.exports as Record<string, unknown>;
  }
}
