/**
 * Finds a browser on this machine or gets one: named by an environment variable, on the PATH, Playwright's download,
 * Debian's package. A browser that cannot even tell its version (Ubuntu's stub without snap, a download without its
 * libraries) counts as missing.
 */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

type Environment = Record<string, string | undefined>;

const MAC_CHROMIUM = ["/Applications/Chromium.app/Contents/MacOS/Chromium"];
const MAC_CHROME = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
const MAC_FIREFOX = ["/Applications/Firefox.app/Contents/MacOS/firefox"];
const PLAYWRIGHT_PROGRAMS = [
  "chrome-linux64/chrome",
  "chrome-linux/chrome",
  "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
  "chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
  "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
];
const PLAYWRIGHT_COMMAND = fileURLToPath(
  new URL("../node_modules/.bin/playwright", import.meta.url),
);

/** A Chromium that is on this machine, or null. Google Chrome comes last: it takes extensions only in a roundabout way. */
export function findChromium(env: Environment = process.env): string | null {
  return firstThatRuns([
    ...named(env.CHROMIUM),
    ...onPath(env, ["chromium", "chromium-browser"]),
    ...MAC_CHROMIUM,
    ...playwrightPrograms(env),
    ...onPath(env, ["google-chrome-stable", "google-chrome"]),
    ...MAC_CHROME,
  ]);
}

/** A Firefox that is on this machine, or null. */
export function findFirefox(env: Environment = process.env): string | null {
  return firstThatRuns([
    ...named(env.FIREFOX),
    ...onPath(env, ["firefox", "firefox-esr"]),
    ...MAC_FIREFOX,
  ]);
}

/** Answers the program of a Chromium, installing one if there is none. */
export async function ensureChromium(env: Environment = process.env): Promise<string> {
  const found = findChromium(env);
  if (found) return found;
  const tried = [env.CHROMIUM ? `CHROMIUM=${env.CHROMIUM} (does not run)` : "no Chromium here"];
  tried.push(await attempt(env, PLAYWRIGHT_COMMAND, ["install", "chromium"]));
  const downloaded = findChromium(env);
  if (downloaded) return downloaded;
  tried.push(...(await attemptApt(env, "chromium")));
  return findChromium(env) ?? refuse("Chromium", "chromium", "CHROMIUM", tried);
}

/** Answers the program of a Firefox, installing one if there is none. */
export async function ensureFirefox(env: Environment = process.env): Promise<string> {
  const found = findFirefox(env);
  if (found) return found;
  const tried = [env.FIREFOX ? `FIREFOX=${env.FIREFOX} (does not run)` : "no Firefox here"];
  tried.push(...(await attemptApt(env, "firefox-esr")));
  return findFirefox(env) ?? refuse("Firefox", "firefox-esr", "FIREFOX", tried);
}

function named(program: string | undefined): string[] {
  return program ? [program] : [];
}

function onPath(env: Environment, names: string[]): string[] {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

function playwrightPrograms(env: Environment): string[] {
  const cache =
    process.platform === "darwin"
      ? join(env.HOME ?? "", "Library", "Caches")
      : (env.XDG_CACHE_HOME ?? join(env.HOME ?? "", ".cache"));
  const folder = env.PLAYWRIGHT_BROWSERS_PATH ?? join(cache, "ms-playwright");
  try {
    const builds = readdirSync(folder).filter((name) => /^chromium-\d+$/.test(name));
    builds.sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)));
    return builds.flatMap((name) => PLAYWRIGHT_PROGRAMS.map((path) => join(folder, name, path)));
  } catch {
    // Playwright has never downloaded anything here.
    return [];
  }
}

function firstThatRuns(programs: string[]): string | null {
  return programs.find((program) => isExecutable(program) && tellsItsVersion(program)) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function tellsItsVersion(program: string): boolean {
  const asked = spawnSync(program, ["--version"], { timeout: 30_000, encoding: "utf8" });
  return asked.status === 0 && /\d+\.\d+/.test(asked.stdout);
}

async function attemptApt(env: Environment, name: string): Promise<string[]> {
  const apt = onPath(env, ["apt-get"]).find(isExecutable);
  if (!apt) return [];
  if (process.getuid?.() !== 0) return [`apt-get install ${name} (needs root)`];
  const quiet = { ...env, DEBIAN_FRONTEND: "noninteractive" };
  const update = await attempt(quiet, apt, ["update"]);
  const install = ["install", "-y", "--no-install-recommends", name];
  return [update, await attempt(quiet, apt, install)];
}

/** Runs an installer, its progress on this terminal's error stream, and answers what it came to in a few words. */
function attempt(env: Environment, command: string, args: string[]): Promise<string> {
  const title = [command.split("/").at(-1), ...args].join(" ");
  console.error(`Installing: ${title}`);
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ["ignore", 2, "pipe"], timeout: 900_000 });
    let said = "";
    child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
    child.on("error", (error) => resolve(`${title} (${error.message})`));
    child.on("close", (code) => {
      const outcome = code === 0 ? "done" : ["failed", ...firstError(said)].join(": ");
      console.error(`  ${outcome}`);
      resolve(`${title} (${outcome})`);
    });
  });
}

function firstError(said: string): string[] {
  const line = said.split("\n").find((text) => /^(Error|E): /.test(text));
  return line ? [line.replace(/^(Error|E): /, "")] : [];
}

function refuse(name: string, apt: string, variable: string, tried: string[]): never {
  throw new Error(
    `${name} is needed and could not be installed. Tried: ${tried.join("; ")}. ` +
      `Nothing was changed. Install it yourself (Debian: apt-get install ${apt}) or, if it is somewhere unusual, ` +
      `give its program: ${variable}=/path/to/${apt} npm start.`,
  );
}
