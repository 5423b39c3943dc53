import * as v from "valibot";
import type { AuthProvider, EvaluatedPush, Json } from "../types.ts";

const module = v.object({
  path: v.string(),
  source: v.string(),
  environment: v.picklist(["isolate", "node"]),
});

/** The parts of the CLI's push that this backend reads. */
export const pushRequest = v.object({
  dryRun: v.boolean(),
  appDefinition: v.object({
    definition: v.nullish(module),
    dependencies: v.array(v.string()),
    schema: v.nullish(module),
    changedModules: v.array(module),
    unchangedModuleHashes: v.array(v.object({ path: v.string() })),
    udfServerVersion: v.string(),
  }),
  componentDefinitions: v.array(v.object({ definitionPath: v.string() })),
});

/** What the CLI sends with a push. */
export type PushRequest = v.InferOutput<typeof pushRequest>;

/** What `wait_for_schema` and `finish_push` say of the push that they belong to. */
export const schemaChangeRequest = v.object({
  schemaChange: v.object({ schemaIds: v.string() }),
  dryRun: v.boolean(),
});
export const finishRequest = v.object({
  startPush: v.object({ schemaChange: v.object({ schemaIds: v.string() }) }),
  dryRun: v.boolean(),
});

/** The answer to `start_push`: what the CLI generates `convex/_generated` from. */
export function startPushResponse(
  evaluated: EvaluatedPush,
  options: { id: string; environment: Record<string, string>; udfServerVersion: string },
) {
  return {
    environmentVariables: options.environment,
    externalDepsId: null,
    componentDefinitionPackages: {},
    appAuth: evaluated.authProviders.map(wireProvider),
    analysis: { "": definition(evaluated, options.udfServerVersion) },
    app: {
      definitionPath: "",
      componentPath: "",
      args: {},
      childComponents: {},
      httpRoutes: { httpModuleRoutes: null, mounts: [] },
      exports: {},
    },
    schemaChange: { allocatedComponentIds: {}, schemaIds: options.id },
  };
}

function definition(evaluated: EvaluatedPush, serverVersion: string) {
  return {
    definition: {
      path: "",
      definitionType: { type: "app" },
      childComponents: [],
      httpMounts: {},
      exports: { type: "branch", branch: [] },
    },
    schema: evaluated.schema,
    functions: evaluated.analysis,
    udfConfig: { serverVersion, importPhaseRngSeed: null, importPhaseUnixTimestamp: null },
  };
}

function wireProvider(provider: AuthProvider): Json {
  return { ...provider, applicationID: provider.applicationID ?? null };
}
