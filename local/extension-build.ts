import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What to build the extension for. */
export interface ExtensionBuild {
  /** The folder for the result, a folder for each browser in it; kept apart from what a store gets. */
  outDir: string;
  convexUrl: string;
  authkitUrl: string;
  clientId: string;
  browser?: "chrome" | "firefox";
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SCRIPT = `import { build } from "wxt"; await build(JSON.parse(process.argv[1]));`;

/** Builds the extension for a stack on this machine and answers the unpacked folder. */
export async function buildExtension(options: ExtensionBuild): Promise<string> {
  const { outDir, browser = "chrome" } = options;
  const config = { root: ROOT, outDir, browser, mode: "production" };
  // A process of its own: the build reads its settings from the environment, which wins over a .env.local meant for
  // real accounts.
  const child = spawn(
    process.execPath,
    ["--input-type=module", "-e", SCRIPT, JSON.stringify(config)],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        VITE_CONVEX_URL: options.convexUrl,
        VITE_WORKOS_API_URL: options.authkitUrl,
        VITE_WORKOS_CLIENT_ID: options.clientId,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code === 0) return join(outDir, `${browser}-mv3`);
  throw new Error(
    `The extension could not be built; nothing else was changed. The build says:\n${said}`,
  );
}
