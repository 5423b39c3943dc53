import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const SETUP = fileURLToPath(new URL("./setup.mjs", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));

let project: string;

/** A project whose only dependency is a "node" in a folder of its own, so that npm needs no network. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "setup-"));
  put("own-node/package.json", { name: "node", version: "1.0.0", bin: { node: "node.sh" } });
  put("own-node/node.sh", `#!/bin/sh\nexec "${process.execPath}" "$@"\n`);
  put("package.json", {
    name: "try",
    version: "1.0.0",
    type: "module",
    dependencies: { node: "file:own-node" },
  });
  put("package-lock.json", lock("1.0.0"));
  mkdirSync(join(project, "local"));
  cpSync(SETUP, join(project, "local/setup.mjs"));
});
afterEach(() => rmSync(project, { recursive: true }));

function put(path: string, content: object | string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(project, path), text, { mode: 0o755 });
}

function lock(version: string, more: object = {}): object {
  return {
    name: "try",
    version,
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "try", version, dependencies: { node: "file:own-node", ...more } },
      "node_modules/node": { resolved: "own-node", link: true },
      "own-node": { name: "node", version: "1.0.0", bin: { node: "node.sh" } },
    },
  };
}

function setUp(command: string, ...args: string[]) {
  // Without the folders of this repository, as on a machine that has only Node and npm.
  const path = (process.env.PATH ?? "").split(":").filter((folder) => !folder.startsWith(ROOT));
  const env = {
    ...process.env,
    PATH: path.join(":"),
    npm_config_fetch_retries: "0",
    npm_config_registry: "http://127.0.0.1:1",
  };
  const script = join(project, "local/setup.mjs");
  const child = spawn(process.execPath, [script, command, ...args], { env, cwd: tmpdir() });
  let said = "";
  child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const ended = once(child, "exit").then(([code]) => ({ code: code as number | null, said }));
  return { child, ended, said: () => said };
}

it("installs once, runs the command with its arguments, and hands its exit code on", async () => {
  put("local/start.ts", "console.log('args:', ...process.argv.slice(2)); process.exit(7);");
  const first = await setUp("start", "--demo", "x").ended;
  expect(first).toMatchObject({ code: 7 });
  expect(first.said).toContain("Installing the dependencies");
  expect(first.said).toContain("args: --demo x");
  const second = await setUp("start").ended;
  expect(second).toMatchObject({ code: 7 });
  expect(second.said).not.toContain("Installing");
});

it("installs again when package-lock.json asks for something else", async () => {
  put("local/local.ts", "");
  expect((await setUp("local").ended).code).toBe(0);
  const marker = join(project, "node_modules/.opensync-lock");
  const before = readFileSync(marker, "utf8");
  const more = lock("1.0.0", { extra: "file:extra" }) as { packages: Record<string, object> };
  more.packages["node_modules/extra"] = { resolved: "extra", link: true };
  more.packages.extra = { version: "1.0.0" };
  put("extra/package.json", { name: "extra", version: "1.0.0" });
  const dependencies = { node: "file:own-node", extra: "file:extra" };
  put("package.json", { name: "try", version: "1.0.0", type: "module", dependencies });
  put("package-lock.json", more);
  const again = await setUp("local").ended;
  expect(again.code).toBe(0);
  expect(again.said).toContain("Installing the dependencies");
  expect(readFileSync(marker, "utf8")).not.toBe(before);
});

it("passes SIGTERM on and answers what the command ended with", async () => {
  put(
    "local/local.ts",
    "process.on('SIGTERM', () => process.exit(3)); console.log('serving'); setInterval(() => {}, 1000);",
  );
  const running = setUp("local");
  while (!running.said().includes("serving")) await once(running.child.stdout, "data");
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(3);
});

it("says that the network is the matter when it is", async () => {
  const far = lock("1.0.0", { "far-away": "1.0.0" }) as { packages: Record<string, object> };
  far.packages["node_modules/far-away"] = { version: "1.0.0" };
  const dependencies = { node: "file:own-node", "far-away": "1.0.0" };
  put("package.json", { name: "try", version: "1.0.0", type: "module", dependencies });
  put("package-lock.json", far);
  const { code, said } = await setUp("start").ended;
  expect(code).toBe(1);
  expect(said).toContain("npm could not reach its registry");
});

it("says that npm ci failed, and names the commands when one is unknown", async () => {
  const dependencies = { node: "file:own-node", missing: "file:missing" };
  put("package.json", { name: "try", version: "1.0.0", dependencies });
  const failed = await setUp("start").ended;
  expect(failed.code).toBe(1);
  expect(failed.said).toContain("npm ci ended with code 1");
  const unknown = await setUp("dance").ended;
  expect(unknown).toMatchObject({ code: 1 });
  expect(unknown.said).toContain("Commands: start, test, local, bench.");
});
