import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listenOnLoopback } from "./listen.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SETUP = fileURLToPath(new URL("./setup.mjs", import.meta.url));

let dataDir: string;
const running = new Set<ChildProcessWithoutNullStreams>();

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "local-"));
});
afterEach(async () => {
  await Promise.all([...running].map((child) => end(child)));
  rmSync(dataDir, { recursive: true });
});

interface Line {
  authkit: string;
  convex: string;
  site: string;
  adminKey: string;
  clientId: string;
  people: { id: string; email: string; password: string }[];
}

const run = (...args: string[]) => follow(spawn(process.execPath, [SETUP, "local", ...args]));

/** As the README says it, so that npm's own way of passing signals on is tried too. */
const runByNpm = (...args: string[]) =>
  follow(spawn("npm", ["run", "--silent", "local", "--", ...args], { cwd: ROOT }));

function follow(child: ChildProcessWithoutNullStreams) {
  running.add(child);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const ended = once(child, "exit").then(([code]) => {
    running.delete(child);
    return { code: code as number | null, stdout, stderr };
  });
  const line = async () => {
    while (!stdout.includes("\n")) {
      const isOver = await Promise.race([ended.then(() => true), once(child.stdout, "data")]);
      if (isOver === true) throw new Error(stderr);
    }
    return JSON.parse(stdout) as Line;
  };
  return { child, ended, line };
}

async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

it("prints one JSON line, serves, ends cleanly on SIGTERM, and keeps keys and addresses", async () => {
  const first = runByNpm("--json", "--data", dataDir);
  const line = await first.line();
  expect(line).toMatchObject({
    clientId: "client_local_opensync",
    people: [
      { id: "user_ada", email: "ada@example.com" },
      { id: "user_grace", email: "grace@example.com" },
    ],
  });
  const jwks = `${line.authkit}/sso/jwks/${line.clientId}`;
  const keys: unknown = await (await fetch(jwks)).json();
  const query = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ path: "users:me", args: {}, format: "json" }),
  };
  const me = await fetch(`${line.convex}/api/query`, query);
  expect(await me.json()).toMatchObject({ status: "success", value: null });
  expect((await fetch(line.site)).status).toBe(404);

  const second = await run("--json", "--data", dataDir).ended;
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/data folder .* is in use by .* \(process \d+\)/);

  first.child.kill("SIGTERM");
  const { code, stdout } = await first.ended;
  expect(code).toBe(0);
  expect(stdout.trim().split("\n")).toHaveLength(1);
  await expect(fetch(line.authkit)).rejects.toThrow();
  await expect(fetch(line.convex)).rejects.toThrow();

  const again = await run("--json", "--data", dataDir).line();
  const { authkit, convex, site, adminKey } = line;
  expect(again).toMatchObject({ authkit, convex, site, adminKey });
  expect(await (await fetch(jwks)).json()).toEqual(keys);
}, 180_000);

it.each(["authkit", "convex", "site"])("says that the %s port is in use", async (name) => {
  const squatter = createServer();
  const port = await listenOnLoopback(squatter, { what: "A test" });
  try {
    const { code, stderr } = await run("--data", dataDir, `--${name}-port`, String(port)).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`[Pp]ort ${port}.* in use`));
    expect(stderr.trim().split("\n")).toHaveLength(1);
  } finally {
    squatter.close();
  }
});

it("says how it is used when an argument is wrong", async () => {
  const unknown = await run("--colour").ended;
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain("Usage: npm run local");
  const port = await run("--convex-port", "http").ended;
  expect(port.stderr).toContain('--convex-port must be a number from 1 to 65535, not "http".');
});
