import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import {
  EngineError,
  type Engine,
  type EvaluatedPush,
  type Push,
  type PushedModule,
} from "../types.ts";
import { noComponents } from "./call-api.ts";
import { json, PUSH_BODY_LIMIT, readJson, Refusal, type Reply } from "./http.ts";
import {
  finishRequest,
  pushRequest,
  type PushRequest,
  schemaChangeRequest,
  startPushResponse,
} from "./push-shapes.ts";

/** Pushes that were started and not finished; the CLI runs one, so a few are plenty. */
const MAX_STARTED = 4;
const AUTH_CONFIG = "auth.config.js";

/**
 * The deploy endpoints of the official CLI. A push is evaluated by `start_push`, made live by `wait_for_schema` once its
 * schema fits the stored data (the CLI generates code and checks types in between), and confirmed by `finish_push`.
 */
export class PushApi {
  readonly #engine: Engine;
  readonly #started = new Map<string, EvaluatedPush>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async handle(step: string, request: IncomingMessage): Promise<Reply> {
    const body = await readJson(request, PUSH_BODY_LIMIT);
    switch (step) {
      case "start_push":
        return this.#start(parse(pushRequest, body));
      case "evaluate_push":
        return json({
          schemaChange: (await this.#evaluate(parse(pushRequest, body))).schemaChange,
        });
      case "evaluate_schema":
        return json({ componentSchemaEvaluations: {}, newComponentDefinitions: [] });
      case "wait_for_schema": {
        const { schemaChange, dryRun } = parse(schemaChangeRequest, body);
        return this.#activate(schemaChange.schemaIds, dryRun);
      }
      case "finish_push": {
        const { startPush, dryRun } = parse(finishRequest, body);
        return this.#finish(startPush.schemaChange.schemaIds, dryRun);
      }
      case "report_push_completed":
        return json(null);
      default:
        throw new Refusal(
          404,
          "PushStepNotHosted",
          `The embedded Convex backend does not know the push step "${step}". Use the convex version of package.json.`,
        );
    }
  }

  async #start(request: PushRequest): Promise<Reply> {
    return json(await this.#evaluate(request));
  }

  async #evaluate(request: PushRequest) {
    const evaluated = await this.#engine.evaluatePush(pushOf(request));
    const id = randomUUID();
    this.#started.set(id, evaluated);
    for (const old of [...this.#started.keys()].slice(0, -MAX_STARTED)) this.#started.delete(old);
    return startPushResponse(evaluated, {
      id,
      environment: this.#engine.environment(),
      udfServerVersion: request.appDefinition.udfServerVersion,
    });
  }

  async #activate(id: string, dryRun: boolean): Promise<Reply> {
    const evaluated = this.#started.get(id);
    if (evaluated === undefined) return json({ type: "raceDetected" });
    if (!dryRun) {
      try {
        await this.#engine.activatePush(evaluated);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        return json({ type: "failed", error: error.message, componentPath: "", tableName: null });
      }
    }
    return json({ type: "complete" });
  }

  #finish(id: string, dryRun: boolean): Reply {
    if (!this.#started.has(id)) {
      throw new Refusal(
        400,
        "RaceDetected",
        "This push is no longer known: the backend was restarted or other pushes came. Push again.",
      );
    }
    if (!dryRun) this.#started.delete(id);
    return json({
      authDiff: { added: [], removed: [] },
      definitionDiffs: {},
      componentDiffs: {},
    });
  }
}

function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]) ?? "its root";
  throw new Refusal(
    400,
    "PushNotUnderstood",
    `The push differs at ${place} from what this backend understands. Nothing was changed. ` +
      "Use the convex version of package.json.",
  );
}

/** The bundle of a push, after refusing what only other backends host. */
function pushOf({ appDefinition, componentDefinitions }: PushRequest): Push {
  const component = componentDefinitions[0]?.definitionPath ?? appDefinition.dependencies[0];
  if (component !== undefined) throw noComponents(component);
  const nodeModule = appDefinition.changedModules.find(({ environment }) => environment === "node");
  if (nodeModule !== undefined) throw noNodeRuntime(nodeModule.path);
  const isAuthConfig = ({ path }: PushedModule) => path === AUTH_CONFIG;
  const modules = appDefinition.changedModules.map(({ path, source }) => ({ path, source }));
  const { schema } = appDefinition;
  return {
    modules: modules.filter((module) => !isAuthConfig(module)),
    schema: schema ? { path: schema.path, source: schema.source } : null,
    authConfig: modules.find(isAuthConfig) ?? null,
  };
}

function noNodeRuntime(path: string): Refusal {
  return new Refusal(
    400,
    "NodeRuntimeNotHosted",
    `${path} starts with "use node", and the embedded Convex backend does not host Convex's Node.js runtime. ` +
      "Nothing was changed. Remove it, or use Convex Cloud or a self-hosted Convex.",
  );
}
