import {
  type AuthProvider,
  EngineError,
  type EvaluatedPush,
  type Json,
  type Push,
} from "../types.ts";
import { registeredFunction } from "./functions.ts";
import type { Realm } from "./realm.ts";
import { Runtime, type RuntimeServices } from "./runtime.ts";
import { readThrown } from "./thrown.ts";

const MISSING_VARIABLE = "AuthConfigMissingEnvironmentVariable";
const NAMES = { query: "Query", mutation: "Mutation", action: "Action" } as const;

/** What evaluating a push needs of the engine. */
export interface PushContext {
  environment: Record<string, string>;
  services: RuntimeServices;
  timeoutMs: number;
}

function evaluationFailed(path: string, thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const { name, message, stack } = readThrown(thrown);
  const where = stack.map((line) => `\n    ${line}`).join("");
  return new EngineError(
    "InvalidModules",
    `Loading the pushed code failed in ${path}, so nothing was changed. Uncaught ${name}: ${message}${where}`,
  );
}

function defaultExport(realm: Realm, path: string): unknown {
  try {
    return realm.load(path).default;
  } catch (thrown) {
    throw evaluationFailed(path, thrown);
  }
}

/** Evaluates the bundled schema.ts. */
async function evaluateSchema(push: Push, context: PushContext): Promise<Json> {
  if (push.schema === null) return null;
  const { path } = push.schema;
  const modules = [...push.modules.filter((module) => module.path !== path), push.schema];
  const { environment, services, timeoutMs } = context;
  const runtime = await Runtime.of(modules, environment, services, timeoutMs);
  const schema = defaultExport(runtime.realm("transaction"), path) as { export?(): string };
  if (typeof schema?.export !== "function") {
    throw new EngineError(
      "InvalidSchema",
      "schema.ts has no schema as its default export, so nothing was changed. Write `export default defineSchema({...})`.",
    );
  }
  return JSON.parse(schema.export()) as Json;
}

function toProvider(provider: Record<string, unknown>): AuthProvider {
  if (provider.type !== "customJwt") {
    throw new EngineError(
      "InvalidAuthConfig",
      'The embedded Convex hosts only providers of type "customJwt" in auth.config.ts; nothing was changed. Give the provider\'s issuer, jwks and algorithm.',
    );
  }
  const { issuer, jwks, algorithm, applicationID } = provider;
  for (const [name, value] of Object.entries({ issuer, jwks, algorithm })) {
    if (typeof value !== "string" || value === "") {
      throw new EngineError(
        "InvalidAuthConfig",
        `A provider in auth.config.ts has no ${name}; nothing was changed.`,
      );
    }
  }
  return {
    type: "customJwt",
    issuer: issuer as string,
    jwks: jwks as string,
    algorithm: algorithm as string,
    ...(typeof applicationID === "string" ? { applicationID } : {}),
  };
}

/** Evaluates the bundled auth.config.ts with the environment variables that are set. */
export async function evaluateAuth(push: Push, context: PushContext): Promise<AuthProvider[]> {
  if (push.authConfig === null) return [];
  const { path } = push.authConfig;
  const modules = [...push.modules.filter((module) => module.path !== path), push.authConfig];
  const { environment, services, timeoutMs } = context;
  const runtime = await Runtime.of(modules, environment, services, timeoutMs);
  try {
    const config = runtime.strictRealm().load(path).default as { providers?: unknown };
    return Array.from((config?.providers ?? []) as Record<string, unknown>[], toProvider);
  } catch (thrown) {
    const [code, variable] = readThrown(thrown).message.split(":");
    if (code !== MISSING_VARIABLE) throw evaluationFailed(path, thrown);
    throw new EngineError(
      MISSING_VARIABLE,
      `Environment variable ${variable} is used in auth config file but its value was not set. Nothing was changed. Set it with \`npx convex env set ${variable} <value>\` and push again.`,
    );
  }
}

function analyzeFunctions(exports: Record<string, unknown>, path: string): Json[] {
  const functions: Json[] = [];
  for (const [name, value] of Object.entries(exports)) {
    const found = registeredFunction(`${path}:${name}`, value);
    if (found === null) continue;
    functions.push({
      name,
      pos: null,
      udfType: NAMES[found.kind],
      visibility: { kind: found.isPublic ? "public" : "internal" },
      args: JSON.stringify(found.args),
      returns: JSON.stringify(found.returns),
    });
  }
  return functions;
}

function analyzeRoutes(router: unknown): Json {
  const { isRouter, getRoutes } = (router ?? {}) as {
    isRouter?: boolean;
    getRoutes?(): [string, string, unknown][];
  };
  if (!isRouter || getRoutes === undefined) return null;
  return getRoutes().map(([path, method]) => ({ route: { path, method }, pos: null }));
}

function analyzeCrons(crons: unknown): Json {
  const { isCrons, export: exported } = (crons ?? {}) as { isCrons?: boolean; export?(): string };
  if (!isCrons || exported === undefined) return null;
  return JSON.parse((crons as { export(): string }).export()) as Json;
}

function analyze(realm: Realm): Record<string, Json> {
  const analysis: Record<string, Json> = {};
  for (const path of realm.paths()) {
    if (path.startsWith("_deps/")) continue;
    try {
      const exports = realm.load(path);
      analysis[path] = {
        functions: analyzeFunctions(exports, path),
        httpRoutes: path === "http.js" ? analyzeRoutes(exports.default) : null,
        cronSpecs: path === "crons.js" ? analyzeCrons(exports.default) : null,
        sourceMapped: null,
      };
    } catch (thrown) {
      throw evaluationFailed(path, thrown);
    }
  }
  return analysis;
}

/** Evaluates a push without making it live. */
export async function evaluatePush(push: Push, context: PushContext): Promise<EvaluatedPush> {
  const { environment, services, timeoutMs } = context;
  const runtime = await Runtime.of(push.modules, environment, services, timeoutMs);
  return {
    push,
    schema: await evaluateSchema(push, context),
    authProviders: await evaluateAuth(push, context),
    analysis: analyze(runtime.realm("transaction")),
  };
}
