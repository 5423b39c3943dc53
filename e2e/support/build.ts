import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Which stack the built extension talks to. */
export interface ExtensionBuild {
  clientId: string;
  /** Where WorkOS, or what stands in for it, answers. */
  workosUrl: string;
  convexUrl: string;
  browser?: "chrome" | "firefox";
}

const ROOT = resolve(import.meta.dirname, "../..");

// A process of its own, because wxt.config.ts reads the environment when it is loaded.
const SCRIPT = `import { build } from "wxt"; await build(JSON.parse(process.argv[1]));`;

/** Builds the extension as it ships into a new temporary folder, and answers the folder that holds its manifest. */
export async function buildExtension(options: ExtensionBuild): Promise<string> {
  const { browser = "chrome" } = options;
  const outDir = await mkdtemp(join(tmpdir(), "opensync-e2e-build-"));
  const config = { root: ROOT, outDir, browser, mode: "production" };
  await run(JSON.stringify(config), {
    ...process.env,
    VITE_WORKOS_CLIENT_ID: options.clientId,
    VITE_WORKOS_API_URL: options.workosUrl,
    VITE_CONVEX_URL: options.convexUrl,
  });
  return join(outDir, `${browser}-mv3`);
}

function run(config: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((done, fail) => {
    const args = ["--input-type=module", "-e", SCRIPT, config];
    const child = spawn(process.execPath, args, { cwd: ROOT, env });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", fail);
    child.on("exit", (code) => {
      if (code === 0) done();
      else fail(new Error(`The extension could not be built:\n${output}`));
    });
  });
}
