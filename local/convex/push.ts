import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";

/** What `pushProject` takes. */
export interface PushOptions {
  /** The folder of the package.json whose `convex/` is pushed. */
  projectDir: string;
  /** Origin of the backend's API. */
  url: string;
  adminKey: string;
  /** Environment variables set on the backend before the push, such as WORKOS_CLIENT_ID. */
  env: Record<string, string>;
  /** Whether the CLI checks the types of `convex/` first; "enable" by default. */
  typecheck?: "enable" | "try" | "disable";
  /** Whether the CLI writes `convex/_generated`; true by default. */
  codegen?: boolean;
}

/** How a run of the official CLI ended. */
export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Sets the environment variables, then runs the project's own `convex deploy`: it generates `convex/_generated`, checks
 * types and makes the code live. The project's .env files are neither used nor changed.
 */
export async function pushProject(options: PushOptions): Promise<void> {
  await setEnvironment(options);
  const { projectDir, url, adminKey, typecheck = "enable", codegen = true } = options;
  const args = ["deploy", "--yes", "--typecheck", typecheck];
  args.push("--codegen", codegen ? "enable" : "disable");
  const { code, stdout, stderr } = await runCli({ projectDir, url, adminKey, args });
  if (code === 0) return;
  throw new Error(
    `The functions in ${join(projectDir, "convex")} could not be pushed to ${url}. The code that was live before ` +
      `stays live and no data was changed. The Convex CLI says:\n${`${stdout}\n${stderr}`.trim()}`,
  );
}

/** Runs the project's unmodified Convex CLI against a backend on this machine, without a way to any other server. */
export async function runCli(options: {
  projectDir: string;
  url: string;
  adminKey: string;
  args: string[];
}): Promise<CliResult> {
  const home = await mkdtemp(join(tmpdir(), "opensync-convex-cli-"));
  try {
    return await run(options, home);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function run(options: Parameters<typeof runCli>[0], home: string): Promise<CliResult> {
  const projectDir = resolve(options.projectDir);
  const main = createRequire(join(projectDir, "package.json")).resolve("convex/package.json");
  const child = spawn(process.execPath, [join(dirname(main), "bin", "main.js"), ...options.args], {
    cwd: projectDir,
    env: cliEnvironment({ ...options, projectDir }, home),
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((done, fail) => {
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => (stdout += data));
    child.stderr.on("data", (data) => (stderr += data));
    child.once("error", fail);
    child.once("close", (code) => done({ code, stdout, stderr }));
  });
}

function cliEnvironment(
  { projectDir, url, adminKey }: { projectDir: string; url: string; adminKey: string },
  home: string,
): NodeJS.ProcessEnv {
  const path = [join(projectDir, "node_modules", ".bin"), dirname(process.execPath)];
  return {
    PATH: [...path, process.env.PATH ?? ""].join(delimiter),
    HOME: home,
    USERPROFILE: home,
    TMPDIR: tmpdir(),
    NO_COLOR: "1",
    // With CI set the CLI reports no errors to its maker; the next two keep its other requests on this machine.
    CI: "1",
    CONVEX_PROVISION_HOST: url,
    CONVEX_VERSION_API_ORIGIN: url,
    CONVEX_SELF_HOSTED_URL: url,
    CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey,
    // Set and empty, so that the project's .env.local cannot choose another deployment.
    CONVEX_DEPLOYMENT: "",
    CONVEX_DEPLOY_KEY: "",
    CONVEX_DEPLOYMENT_TOKEN: "",
  };
}

async function setEnvironment({ url, adminKey, env }: PushOptions): Promise<void> {
  const changes = Object.entries(env).map(([name, value]) => ({ name, value }));
  if (changes.length === 0) return;
  const response = await fetch(`${url}/api/update_environment_variables`, {
    method: "POST",
    headers: { Authorization: `Convex ${adminKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ changes }),
  }).catch((cause: unknown) => {
    throw new Error(
      `The Convex backend at ${url} does not answer. Nothing was pushed. Is it running?`,
      { cause },
    );
  });
  if (response.ok) return;
  throw new Error(
    `The Convex backend at ${url} refused the environment variables (${response.status}). Nothing was pushed. ` +
      `It says: ${await response.text()}`,
  );
}
