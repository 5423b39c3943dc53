import type { PublicHttpAction } from "convex/server";
import { internal } from "../_generated/api";
import { type ActionCtx, httpAction } from "../_generated/server";
import { type Caller, callerOf } from "./caller";
import { Problem, problemAnswer, problemOf } from "./problem";
import { checkDepth, readBody, readQuery, readValue } from "./read";
import type { Asked, Route } from "./route";

/** Any origin: no cookie is ever read here, only a bearer token that a page cannot have by accident. */
const cors = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
  "Access-Control-Allow-Headers": "Authorization, Content-Type",
};

/** The response with what every response carries. */
export function withCors(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(cors)) headers.set(name, value);
  headers.set("X-Content-Type-Options", "nosniff");
  return new Response(response.body, { status: response.status, headers });
}

async function readSent({ body: shape }: Route, request: Request) {
  if (shape === undefined) return { body: undefined, bytes: 0 };
  try {
    const { json, bytes } = await readBody(request);
    checkDepth(json);
    return { body: readValue(shape, json), bytes };
  } catch (error) {
    const { status, message } = problemOf(error) ?? {};
    throw status ? new Problem(status, `${message} Nothing was stored.`) : error;
  }
}

async function asked(
  route: Route,
  request: Request,
  userId: unknown,
): Promise<Asked<never, never>> {
  const query = route.query && readQuery(route.query, new URL(request.url).searchParams);
  const sent = await readSent(route, request);
  return { userId, query, ...sent, request } as unknown as Asked<never, never>;
}

/** The answer, and how much of the archive it carries. */
type Answer = { response: Response; bytesRead: number };

async function handle(
  ctx: ActionCtx,
  route: Route,
  request: Request,
  caller: Caller | undefined,
): Promise<Answer> {
  if (caller !== undefined && route.access === "read") {
    await ctx.runQuery(internal.callers.mayRead, { userId: caller.userId });
  }
  const answer = await route.handle(ctx, await asked(route, request, caller?.userId));
  if (answer instanceof Response) {
    return { response: answer, bytesRead: Number(answer.headers.get("Content-Length") ?? 0) };
  }
  const text = JSON.stringify(answer);
  const headers = { "Content-Type": "application/json" };
  return {
    response: new Response(text, { headers }),
    bytesRead: route.access === "read" ? text.length : 0,
  };
}

async function finish(
  ctx: ActionCtx,
  { method, path }: Route,
  { userId, keyId, isTouchDue }: Caller,
  { response, bytesRead }: Answer,
  startedAt: number,
): Promise<void> {
  const durationMs = Date.now() - startedAt;
  const request = { userId, keyId, method, path, status: response.status, durationMs };
  try {
    await ctx.runMutation(internal.callers.finish, { request, bytesRead, isTouchDue });
  } catch {
    // The answer stands: what the caller asked for has been done.
    console.error(`no line in the access log for ${method} ${path}`);
  }
}

async function answer(ctx: ActionCtx, route: Route, request: Request): Promise<Response> {
  const startedAt = Date.now();
  let caller: Caller | undefined;
  let result: Answer;
  try {
    if (route.access !== "open") caller = await callerOf(ctx, request, route.access);
    result = await handle(ctx, route, request, caller);
  } catch (error) {
    result = { response: problemAnswer(error), bytesRead: 0 };
  }
  if (caller !== undefined) await finish(ctx, route, caller, result, startedAt);
  return withCors(result.response);
}

/** The HTTP action of a route. */
export function serve(route: Route): PublicHttpAction {
  return httpAction(async (ctx, request) => await answer(ctx, route, request));
}
