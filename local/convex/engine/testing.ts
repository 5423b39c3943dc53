import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convexToJson, type JSONValue, jsonToConvex, type Value } from "convex/values";
import { build } from "esbuild";
import type { Caller, Engine, Json, Outcome, Push, PushedModule } from "../types.ts";
import { type EngineOptions, openEngine } from "./engine.ts";

const APP = fileURLToPath(new URL("./fixtures/app", import.meta.url));

/** Nobody, from outside. */
export const NOBODY: Caller = { identity: null, isAdmin: false };
/** The holder of the admin key. */
export const ADMIN: Caller = { identity: null, isAdmin: true };

async function bundle(entryPoints: string[]): Promise<PushedModule[]> {
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "esnext",
    outdir: "out",
    outbase: APP,
    conditions: ["convex", "module"],
    write: false,
    splitting: true,
    chunkNames: "_deps/[hash]",
  });
  return outputFiles.map(({ path, text }) => ({
    path: path.slice(path.indexOf("/out/") + "/out/".length),
    source: text,
  }));
}

/** The fixture's functions as the official CLI would push them, bundled with the CLI's own settings. */
export async function fixturePush(): Promise<Push> {
  const names = (await readdir(APP)).filter((name) => name !== "schema.ts");
  const [schema] = await bundle([join(APP, "schema.ts")]);
  return {
    modules: await bundle(names.map((name) => join(APP, name))),
    schema: schema!,
    authConfig: null,
  };
}

/** A push of hand-written modules. */
export function pushOf(modules: Record<string, string>, schema: string | null = null): Push {
  return {
    modules: Object.entries(modules).map(([path, source]) => ({ path, source })),
    schema: schema === null ? null : { path: "schema.js", source: schema },
    authConfig: null,
  };
}

/** An engine in a folder of its own, with calls in Convex values instead of JSON. */
export class TestEngine {
  readonly dataDir: string;
  engine!: Engine;
  private readonly options: Omit<EngineOptions, "dataDir">;

  private constructor(dataDir: string, options: Omit<EngineOptions, "dataDir">) {
    this.dataDir = dataDir;
    this.options = options;
  }

  static async create(options: Omit<EngineOptions, "dataDir"> = {}): Promise<TestEngine> {
    const dataDir = await mkdtemp(join(tmpdir(), "convex-engine-"));
    const made = new TestEngine(dataDir, options);
    made.engine = await openEngine({ dataDir, ...options });
    return made;
  }

  /** An engine with the fixture's functions live. */
  static async withFixture(options: Omit<EngineOptions, "dataDir"> = {}): Promise<TestEngine> {
    const made = await TestEngine.create(options);
    await made.push(await fixturePush());
    return made;
  }

  async push(push: Push): Promise<void> {
    await this.engine.activatePush(await this.engine.evaluatePush(push));
  }

  /** Closes and opens again, as a restart would. */
  async restart(options: Omit<EngineOptions, "dataDir"> = {}): Promise<void> {
    await this.engine.close();
    this.engine = await openEngine({ dataDir: this.dataDir, ...this.options, ...options });
  }

  async outcome(
    kind: "query" | "mutation" | "action",
    path: string,
    args: Record<string, Value> = {},
    caller: Caller = NOBODY,
  ): Promise<Outcome> {
    const json = convexToJson(args) as Json;
    if (kind === "query") return (await this.engine.runQuery(path, json, caller)).outcome;
    if (kind === "mutation") return (await this.engine.runMutation(path, json, caller)).outcome;
    return await this.engine.runAction(path, json, caller);
  }

  query(path: string, args?: Record<string, Value>, caller?: Caller) {
    return this.value("query", path, args, caller);
  }

  mutation(path: string, args?: Record<string, Value>, caller?: Caller) {
    return this.value("mutation", path, args, caller);
  }

  action(path: string, args?: Record<string, Value>, caller?: Caller) {
    return this.value("action", path, args, caller);
  }

  private async value(
    kind: "query" | "mutation" | "action",
    path: string,
    args?: Record<string, Value>,
    caller?: Caller,
  ): Promise<Value> {
    const outcome = await this.outcome(kind, path, args, caller);
    if (outcome.success) return jsonToConvex(outcome.value as JSONValue);
    throw new Error(outcome.errorMessage);
  }

  async dispose(): Promise<void> {
    await this.engine.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
