import { v } from "convex/values";
import { archiveRoutes } from "./archive";
import { exportRoutes } from "./exports";
import { findRoutes } from "./find";
import { mcp } from "./mcp";
import { openApi } from "./openApi";
import { defineRoute, type Route } from "./route";
import { exportArchiveRoute } from "./exportArchive";
import { syncRoutes } from "./sync";

const health = defineRoute({
  method: "GET",
  path: "/health",
  access: "open",
  summary: "Tells that the deployment is up; `timestamp` is the server's clock in Unix ms.",
  returns: v.object({ status: v.literal("ok"), timestamp: v.number() }),
  handle: async () => ({ status: "ok" as const, timestamp: Date.now() }),
});

const document = defineRoute({
  method: "GET",
  path: "/openapi.json",
  access: "open",
  summary: "This document.",
  returns: v.any(),
  handle: async () => openApi(routes),
});

/** Every route of the API. */
export const routes: Route[] = [
  health,
  document,
  ...syncRoutes,
  ...archiveRoutes,
  ...exportRoutes,
  exportArchiveRoute,
  ...findRoutes,
  mcp,
];
