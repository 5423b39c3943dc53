import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** How to start opencode. */
export interface OpencodeOptions {
  /** Its home: config, data and the project that it works in are made there, and found again at the next start. */
  dir: string;
  /** The port of its web page; without it a free one. */
  port?: number;
  /** The scripted model's base, `Model.url`. */
  modelUrl: string;
}

/** A running opencode. */
export interface Opencode {
  /** The address of its web page and API. */
  url: string;
  /** The folder that it works in. */
  projectDir: string;
  close(): Promise<void>;
}

/** What opencode's page calls the scripted model. */
export const MODEL_NAME = "Scripted model";

const PROGRAM = fileURLToPath(
  new URL("../node_modules/opencode-ai/bin/opencode.exe", import.meta.url),
);
const START_SECONDS = 90;

/** Starts opencode's real server and web page, offline, with the scripted model behind it. */
export async function startOpencode(options: OpencodeOptions): Promise<Opencode> {
  const projectDir = prepareProject(options.dir);
  const child = spawn(
    PROGRAM,
    ["serve", "--hostname", "127.0.0.1", "--port", String(options.port ?? 0)],
    {
      cwd: projectDir,
      env: environment(options),
      // Its own process group, so that the shells of its tools end with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  try {
    const url = await listeningUrl(child);
    await healthy(url);
    return { url, projectDir, close: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function prepareProject(dir: string): string {
  const projectDir = join(dir, "project");
  if (existsSync(projectDir)) return projectDir;
  mkdirSync(projectDir, { recursive: true });
  writeFileSync(join(projectDir, "README.md"), "# Sum\n\nA small project to try an agent on.\n");
  writeFileSync(
    join(projectDir, "sum.ts"),
    "export function sum(values: number[]): number {\n  let total = 0;\n" +
      "  for (let i = 0; i < values.length - 1; i++) total += values[i] ?? 0;\n  return total;\n}\n",
  );
  try {
    execFileSync("git", ["init", "--quiet"], { cwd: projectDir, stdio: "ignore" });
  } catch {
    // Without git opencode works too: it then has no snapshots of the files.
  }
  return projectDir;
}

function environment({ dir, modelUrl }: OpencodeOptions): NodeJS.ProcessEnv {
  const home = join(dir, "home");
  mkdirSync(home, { recursive: true });
  const config = join(dir, "opencode.json");
  writeFileSync(config, JSON.stringify(configuration(modelUrl), null, 2));
  return {
    PATH: process.env.PATH,
    LANG: process.env.LANG ?? "C.UTF-8",
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_STATE_HOME: join(home, "state"),
    OPENCODE_CONFIG: config,
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  };
}

function configuration(modelUrl: string): object {
  const model = {
    name: MODEL_NAME,
    reasoning: true,
    tool_call: true,
    limit: { context: 100_000, output: 8_000 },
    cost: { input: 1, output: 2, cache_read: 0.1 },
  };
  return {
    $schema: "https://opencode.ai/config.json",
    provider: {
      fake: {
        npm: "@ai-sdk/openai-compatible",
        name: "Scripted",
        options: { baseURL: modelUrl, apiKey: "local" },
        models: { "fake-1": model },
      },
    },
    enabled_providers: ["fake"],
    model: "fake/fake-1",
    small_model: "fake/fake-1",
    share: "disabled",
    autoupdate: false,
    permission: { bash: { "*": "allow", "rm *": "ask" } },
  };
}

/** Waits for the line that says where it listens; a program that ends first is an error with what it said. */
function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(
      () => reject(cannotStart(`it said nothing for ${START_SECONDS} s`)),
      START_SECONDS * 1000,
    );
    const listen = (data: Buffer) => {
      said = (said + data.toString()).slice(-4000);
      const url = /listening on (http:\/\/\S+)/.exec(said)?.[1];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.on("error", (error) => reject(cannotStart(error.message)));
    child.on("exit", (code) => {
      clearTimeout(timer);
      reject(cannotStart(`it ended with code ${code}. It said: ${said.trim() || "nothing"}`));
    });
  });
}

/** Its first request after "listening" can hang for good, so each attempt has its own short time. */
async function healthy(url: string): Promise<void> {
  const deadline = Date.now() + START_SECONDS * 1000;
  while (Date.now() < deadline) {
    const signal = AbortSignal.timeout(1500);
    const response = await fetch(`${url}/global/health`, { signal }).catch(() => null);
    if (response?.ok) return;
    await wait(200);
  }
  throw cannotStart(`${url} did not answer within ${START_SECONDS} s`);
}

function cannotStart(why: string): Error {
  return new Error(
    `opencode could not start: ${why}. Captured sessions are not touched. ` +
      "If its port is in use, give another one; if its program is missing, run npm ci.",
  );
}

/** Ends it at once: asked politely it takes many seconds, and its database survives a kill. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  process.kill(-child.pid, "SIGKILL");
  await ended;
}
