import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Person } from "./authkit/people.ts";
import { startAuthkit, type Authkit } from "./authkit/server.ts";
import { pushProject } from "./convex/push.ts";
import { startConvex } from "./convex/server/server.ts";
import { redirectHosts } from "./extension-id.ts";
import { messageOf } from "./shutdown.ts";

/** The client id of every embedded stack: the one that the emulator accepts and that Convex expects. */
const LOCAL_CLIENT_ID = "client_local_opensync";

/** How to start AuthKit and Convex together. */
export interface StackOptions {
  /** Where both keep their data. */
  dataDir: string;
  /** Ports that must be these; without one, the port of last time or a free one. */
  ports?: { authkit?: number | undefined; convex?: number | undefined; site?: number | undefined };
  /** The lifetime of access tokens in seconds. */
  ttlSeconds?: number;
  /** Who can sign in; the seeded people unless given. */
  people?: readonly Person[];
  /** Redirect hosts besides this extension's own, for tests with other ids. */
  redirectHosts?: readonly string[];
}

/** A running AuthKit and Convex with this repository's functions in it. */
export interface Stack {
  authkit: Authkit;
  convex: { url: string; siteUrl: string; adminKey: string };
  clientId: string;
  people: Authkit["people"];
  close(): Promise<void>;
}

/** The data folder that a person named, from where they typed it; npm itself changes to the project's folder. */
export function dataFolder(named: string | undefined): string {
  return named === undefined ? resolve(".data") : resolve(process.env.INIT_CWD ?? ".", named);
}

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** Starts both and pushes `convex/`; when a part cannot start, what had started is ended again. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { ports = {} } = options;
  const dataDir = resolve(options.dataDir);
  const ours = redirectHosts();
  const authkit = await startAuthkit({
    dataDir: join(dataDir, "authkit"),
    clientId: LOCAL_CLIENT_ID,
    redirectHosts: [ours.chrome, ours.firefox, ...(options.redirectHosts ?? [])],
    ...(ports.authkit ? { port: ports.authkit } : {}),
    ...(options.people ? { people: options.people } : {}),
    ...(options.ttlSeconds ? { ttlSeconds: options.ttlSeconds } : {}),
  });
  try {
    const convex = await startConvex({
      dataDir: join(dataDir, "convex"),
      port: ports.convex,
      sitePort: ports.site,
      devProviders: [{ issuer: authkit.issuer, jwks: authkit.jwksUrl }],
    });
    const close = async () => {
      await convex.close();
      await authkit.close();
    };
    const { url, siteUrl, adminKey } = convex;
    await pushProject({
      projectDir: PROJECT,
      url,
      adminKey,
      env: { WORKOS_CLIENT_ID: LOCAL_CLIENT_ID },
      codegen: false,
      // Types are checked by `npm test`; a start should not wait for them.
      typecheck: "disable",
    }).catch(async (cause: unknown) => {
      await convex.close();
      throw new Error(`${messageOf(cause)}\n\n${notPushed(dataDir)}`, { cause });
    });
    return {
      authkit,
      convex: { url, siteUrl, adminKey },
      clientId: LOCAL_CLIENT_ID,
      people: authkit.people,
      close,
    };
  } catch (error) {
    await authkit.close();
    throw error;
  }
}

function notPushed(dataDir: string): string {
  return (
    `Everything was ended again, and what is stored in ${dataDir} is as it was. If what is stored no longer fits, ` +
    "go back to the version that stored it, or begin another archive: --data DIR."
  );
}
