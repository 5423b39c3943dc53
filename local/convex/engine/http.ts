import type { HttpAnswer, HttpCall, Identity } from "../types.ts";
import type { Calls } from "./calls.ts";
import type { Realm } from "./realm.ts";

interface Router {
  isRouter?: boolean;
  lookup(
    path: string,
    method: string,
  ): [{ invokeHttpAction(request: Request): Promise<Response> }, string, string] | null;
}

const METHODS_WITHOUT_BODY = new Set(["GET", "HEAD"]);

/** Runs the route of http.ts that a request belongs to; null when there is none. */
export async function runHttpAction(
  realm: Realm,
  calls: Calls,
  call: HttpCall,
  identity: Identity,
): Promise<HttpAnswer | null> {
  if (!realm.has("http.js")) return null;
  const router = realm.load("http.js").default as Router | undefined;
  if (!router?.isRouter) return null;
  const route = router.lookup(new URL(call.url).pathname, call.method);
  if (route === null) return null;
  const [handler] = route;
  const request = new Request(call.url, {
    method: call.method,
    headers: call.headers,
    body: METHODS_WITHOUT_BODY.has(call.method) ? null : Buffer.from(call.body),
  });
  const response = await calls.http<Response>({ identity, isAdmin: false }, () =>
    handler.invokeHttpAction(request),
  );
  return {
    status: response.status,
    headers: [...response.headers],
    body: new Uint8Array(await response.arrayBuffer()),
  };
}
