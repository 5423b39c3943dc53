/**
 * The first step of `npm start`, `npm test`, `npm run local` and `npm run bench`: installs the dependencies when they
 * are missing or out of date, then runs local/<command>.ts under the Node that they bring. Plain JavaScript without
 * dependencies, because it runs under whatever Node the machine has.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = 20;
const SCRIPTS = { start: "start.ts", test: "check.ts", local: "local.ts", bench: "bench.ts" };
const NO_NETWORK = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/;

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const marker = join(modules, ".opensync-lock");

/** Says in one paragraph what is wrong, and ends. */
function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

function lockHash() {
  const lock = readFileSync(join(root, "package-lock.json"));
  return createHash("sha256").update(lock).digest("hex");
}

/** Whether what npm has installed is what package-lock.json asks for, by npm's own record in node_modules. */
function isInstalled() {
  if (existsSync(marker) && readFileSync(marker, "utf8") === lockHash()) return true;
  const record = join(modules, ".package-lock.json");
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(record, "utf8")).packages;
  const isSame = (path) =>
    path in wanted && path in present && wanted[path].version === present[path].version;
  const isNeeded = (path) => path.startsWith("node_modules/") && !wanted[path].optional;
  return Object.keys(present).every(isSame) && Object.keys(wanted).filter(isNeeded).every(isSame);
}

/** Runs a command on this terminal and answers its exit code; what it says on stderr goes to `listen` as well. */
function run(command, args, env, listen) {
  return new Promise((resolve, reject) => {
    const stdio = ["inherit", "inherit", listen ? "pipe" : "inherit"];
    const child = spawn(command, args, { cwd: root, env, stdio });
    child.stderr?.on("data", (data) => {
      process.stderr.write(data);
      listen(data.toString());
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.on(signal, () => child.kill(signal));
    }
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** The PATH without the folder that is about to be replaced. */
function machinePath() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => !folder.endsWith(join("node_modules", ".bin"))).join(delimiter);
}

async function install() {
  console.error(
    "Installing the dependencies (npm ci). This happens once, and again when they change.",
  );
  let said = "";
  const env = { ...process.env, PATH: machinePath() };
  const code = await run("npm", ["ci", "--no-audit", "--no-fund"], env, (text) => {
    said += text;
  }).catch(() => fail("npm was not found. It comes with Node: install Node again, with npm."));
  if (code > 128) process.exit(code);
  if (code !== 0 && NO_NETWORK.test(said)) {
    fail(
      "The dependencies could not be downloaded: npm could not reach its registry. Nothing of yours was changed. " +
        "Look at the network connection, or at the proxy that npm is set to use (npm config get proxy), and run the same command again.",
    );
  }
  if (code !== 0) {
    fail(
      `npm ci ended with code ${code}; what it said is above. Nothing of yours was changed. ` +
        "Put right what it names (often disk space, permissions or a changed package-lock.json) and run the same command again.",
    );
  }
}

const [name, ...args] = process.argv.slice(2);
const major = Number(process.versions.node.split(".")[0]);
if (major < OLDEST_NODE) {
  fail(
    `Node ${process.versions.node} is too old: ${OLDEST_NODE} or newer is needed. Nothing was changed. Install a newer Node and run the same command again.`,
  );
}
if (!Object.hasOwn(SCRIPTS, name)) {
  fail(`There is no command "${name}". Commands: ${Object.keys(SCRIPTS).join(", ")}.`);
}
if (!isInstalled()) await install();
writeFileSync(marker, lockHash());
const bin = join(modules, ".bin");
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };
process.exitCode = await run(join(bin, "node"), [join(root, "local", SCRIPTS[name]), ...args], env);
