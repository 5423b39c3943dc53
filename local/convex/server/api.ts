import type { IncomingMessage } from "node:http";
import { version } from "convex";
import type { AdminApi } from "./admin-api.ts";
import { CallApi } from "./call-api.ts";
import type { Callers } from "./callers.ts";
import { Refusal, type Reply, text } from "./http.ts";
import type { PushApi } from "./push-api.ts";
import type { StorageApi } from "./storage-api.ts";

/** The parts that answer on the API's origin. */
export interface ApiParts {
  calls: CallApi;
  storage: StorageApi;
  push: PushApi;
  admin: AdminApi;
  callers: Callers;
  /** Aborted when the backend closes. */
  signal: AbortSignal;
}

/** Finds who answers a request on the API's origin. */
export async function answerApi(parts: ApiParts, request: IncomingMessage): Promise<Reply> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  if (request.method === "OPTIONS") return { status: 204 };
  const route = `${request.method === "HEAD" ? "GET" : request.method} ${url.pathname}`;
  return (
    answerOpen(parts, route) ??
    (await answerCaller(parts, route, request, url)) ??
    (await answerAdmin(parts, route, request, url)) ??
    notHosted(route)
  );
}

function answerOpen({ calls }: ApiParts, route: string): Reply | null {
  switch (route) {
    case "GET /":
      return text("The embedded Convex backend of OpenSync Companion is running.");
    case "GET /version":
      return text(version);
    case "GET /instance_name":
      return text("opensync-companion");
    case "POST /api/query_ts":
      return calls.timestamp();
    default:
      return null;
  }
}

async function answerCaller(
  { calls, storage }: ApiParts,
  route: string,
  request: IncomingMessage,
  url: URL,
): Promise<Reply | null> {
  const call = /^POST \/api\/(\w+)$/.exec(route)?.[1];
  if (call !== undefined && CallApi.isKind(call)) return calls.call(call, request);
  if (route === "POST /api/storage/upload") {
    return storage.upload(request, url.searchParams.get("token"));
  }
  const token = /^GET \/api\/storage\/([\w-]+)$/.exec(route)?.[1];
  return token === undefined ? null : storage.download(token);
}

async function answerAdmin(
  { callers, push, admin, signal }: ApiParts,
  route: string,
  request: IncomingMessage,
  url: URL,
): Promise<Reply | null> {
  if (!/^(GET|POST) \/api\//.test(route)) return null;
  const step = /^POST \/api\/deploy2\/(\w+)$/.exec(route)?.[1];
  const answer =
    step !== undefined
      ? () => push.handle(step, request)
      : ({
          "GET /api/v1/get_canonical_urls": () => admin.canonicalUrls(),
          "GET /api/stream_function_logs": () => admin.functionLogs(signal),
          "POST /api/get_config_hashes": () => admin.configHashes(),
          "POST /api/update_environment_variables": () => admin.setEnvironment(request),
          "POST /api/export/request/zip": () =>
            admin.requestExport(url.searchParams.get("includeStorage") === "true"),
        }[route] ?? (route.startsWith("GET /api/export/zip/") ? () => admin.export() : null));
  if (answer === null) return null;
  callers.requireAdmin(request);
  return answer();
}

/** Not a 404: the official CLI takes that for a deployment that is still starting, and asks again for minutes. */
function notHosted(route: string): never {
  throw new Refusal(
    400,
    "NotHosted",
    `The embedded Convex backend does not host "${route}". local/convex/README.md lists what it hosts.`,
  );
}
