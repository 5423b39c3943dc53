import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";

/** Any origin: no cookie is ever read here, only a bearer token that a page cannot have by accident. */
const cors = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
  "Access-Control-Allow-Headers": "Authorization, Content-Type",
};

const http = httpRouter();

/** Preflight of every route: an exact path "/*" would match nothing, only a prefix does. */
http.route({
  pathPrefix: "/",
  method: "OPTIONS",
  handler: httpAction(async () => new Response(null, { status: 204, headers: cors })),
});

/** Tells that the deployment is up; `timestamp` is the server's clock in Unix ms. */
http.route({
  path: "/health",
  method: "GET",
  handler: httpAction(async () =>
    Response.json({ status: "ok", timestamp: Date.now() }, { headers: cors }),
  ),
});

export default http;
