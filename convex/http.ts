/** The HTTP origin. Every route is described in `routes/`; here each gets its path, and what is none gets an answer too. */
import { httpRouter, ROUTABLE_HTTP_METHODS } from "convex/server";
import { httpAction } from "./_generated/server";
import { routes } from "./routes/all";
import { serve, withCors } from "./routes/serve";
import { shareHandler } from "./routes/share";

const http = httpRouter();

for (const route of routes) {
  http.route({ path: route.path, method: route.method, handler: serve(route) });
}

http.route({ pathPrefix: "/s/", method: "GET", handler: shareHandler });

/** Preflight of every route: an exact path "/*" would match nothing, only a prefix does. */
http.route({
  pathPrefix: "/",
  method: "OPTIONS",
  handler: httpAction(async () => withCors(new Response(null, { status: 204 }))),
});

const nothing = httpAction(async (_ctx, request) => {
  const { pathname } = new URL(request.url);
  const allowed = routes.filter(({ path }) => path === pathname).map(({ method }) => method);
  const error =
    allowed.length === 0
      ? "There is nothing at this address. The document at /openapi.json names every route."
      : `This address answers ${allowed.join(" and ")} only.`;
  const headers = allowed.length === 0 ? undefined : { Allow: allowed.join(", ") };
  return withCors(Response.json({ error }, { status: headers ? 405 : 404, headers }));
});

for (const method of ROUTABLE_HTTP_METHODS) {
  if (method !== "OPTIONS") http.route({ pathPrefix: "/", method, handler: nothing });
}

export default http;
