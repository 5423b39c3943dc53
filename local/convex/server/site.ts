import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Engine } from "../types.ts";
import type { Callers } from "./callers.ts";
import { readBody, type Reply, text } from "./http.ts";

/** Convex's limit for the body of a request to an HTTP action. */
const BODY_LIMIT = 20 * 1024 * 1024;

/** Answers a request to the site's origin by the routes of `http.ts`. CORS is the routes' own business, as on Convex. */
export async function answerSite(
  engine: Engine,
  callers: Callers,
  request: IncomingMessage,
): Promise<Reply> {
  const identity = await callers.identityOf(request);
  const answer = await engine.runHttpAction(
    {
      method: request.method ?? "GET",
      url: `http://${request.headers.host ?? "127.0.0.1"}${request.url ?? "/"}`,
      headers: headersOf(request),
      body: await readBody(request, BODY_LIMIT),
    },
    identity,
  );
  if (answer === null) return text("No matching routes found", 404);
  return { status: answer.status, headers: grouped(answer.headers), body: answer.body };
}

function headersOf(request: IncomingMessage): [string, string][] {
  return Object.entries(request.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
}

/** Headers by name; a name that comes more than once (Set-Cookie) keeps all its values. */
function grouped(headers: [string, string][]): OutgoingHttpHeaders {
  const byName = Map.groupBy(headers, ([name]) => name);
  return Object.fromEntries(
    [...byName].map(([name, entries]) => [name, entries.map(([, value]) => value)]),
  );
}
