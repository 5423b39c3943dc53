import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "wxt";

/** What to build the extension for. */
export interface ExtensionBuild {
  /** The folder for the result, a folder for each browser in it; kept apart from what a store gets. */
  outDir: string;
  convexUrl: string;
  authkitUrl: string;
  clientId: string;
  browser?: "chrome" | "firefox";
}

/** Builds the extension for a stack on this machine and answers the unpacked folder. */
export async function buildExtension(options: ExtensionBuild): Promise<string> {
  const { outDir, browser = "chrome" } = options;
  // The build reads its settings from the environment, which wins over a .env.local meant for real accounts.
  Object.assign(process.env, {
    VITE_CONVEX_URL: options.convexUrl,
    VITE_WORKOS_API_URL: options.authkitUrl,
    VITE_WORKOS_CLIENT_ID: options.clientId,
  });
  const root = fileURLToPath(new URL("..", import.meta.url));
  await build({ root, outDir, browser, mode: "production" });
  return join(outDir, `${browser}-mv3`);
}
