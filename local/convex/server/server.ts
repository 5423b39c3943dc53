import { resolve } from "node:path";
import type { DevProvider } from "./auth.ts";
import { DataFolder } from "./data-folder.ts";
import { Supervisor } from "./supervisor.ts";

/** What `startConvex` takes. */
export interface ConvexOptions {
  /** Holds everything: documents, files, environment, the pushed code, the admin key and the last ports. */
  dataDir: string;
  /** Port of the API; 0 or nothing for last time's port or, if that is taken, a free one. */
  port?: number | undefined;
  /** Port of the HTTP actions' origin, likewise. */
  sitePort?: number | undefined;
  /** Instead of the folder's own random key. */
  adminKey?: string | undefined;
  /** Issuers on this machine whose tokens are accepted besides those of `convex/auth.config.ts`. */
  devProviders?: DevProvider[] | undefined;
  /** Origins of the pages that may call; all when left out, as callers identify by token and never by cookie. */
  allowedOrigins?: string[] | undefined;
  /** Milliseconds without a sign of life in the middle of an action after which the backend is restarted. */
  hangAfter?: number | undefined;
  /** Told when the backend had to be restarted; standard error by default. */
  report?: ((message: string) => void) | undefined;
}

/** A running embedded backend. */
export interface RunningConvex {
  /** Origin of the API: what `ConvexClient`s and CONVEX_SELF_HOSTED_URL take. */
  url: string;
  /** Origin of the HTTP actions. */
  siteUrl: string;
  adminKey: string;
  close(): Promise<void>;
}

/** Twice the engine's own limit for queries and mutations. */
const HANG_AFTER = 20_000;

/** Starts the embedded Convex backend on 127.0.0.1 over one data folder, which it holds until it is closed. */
export async function startConvex(options: ConvexOptions): Promise<RunningConvex> {
  const folder = new DataFolder(resolve(options.dataDir));
  try {
    const adminKey = folder.adminKey(options.adminKey);
    const supervisor = new Supervisor({
      dataDir: folder.path,
      adminKey,
      devProviders: options.devProviders ?? [],
      allowedOrigins: options.allowedOrigins ?? null,
      ports: { api: options.port, site: options.sitePort, preferred: folder.ports() },
      hangAfter: options.hangAfter ?? HANG_AFTER,
      report: options.report ?? ((message) => console.error(message)),
    });
    const ports = await supervisor.start();
    folder.rememberPorts(ports);
    return {
      url: `http://127.0.0.1:${ports.api}`,
      siteUrl: `http://127.0.0.1:${ports.site}`,
      adminKey,
      close: async () => {
        await supervisor.close();
        folder.release();
      },
    };
  } catch (error) {
    folder.release();
    throw error;
  }
}
