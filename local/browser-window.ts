import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { extensionIdOf, isGoogleChrome } from "./chromium.ts";
import { DevtoolsPipe } from "./devtools-pipe.ts";

/** What to show. */
export interface BrowserWindow {
  chromium: string;
  extensionDir: string;
  /** The profile is kept in it. */
  dataDir: string;
}

/** A browser window that a person uses. */
export interface OpenWindow {
  /** The addresses of the pages that it shows at the start. */
  pages: string[];
  /** Settled when the person has closed the browser. */
  closed: Promise<void>;
  close(): Promise<void>;
}

const START_SECONDS = 20;

/**
 * Opens Chromium with the extension and the welcome page, for a person: without automation, so that its permission
 * prompts, downloads and resting workers are the real ones.
 */
export async function openBrowser(options: BrowserWindow): Promise<OpenWindow> {
  const { chromium, extensionDir } = options;
  const isChrome = isGoogleChrome(chromium);
  const child = spawn(
    chromium,
    [
      `--user-data-dir=${join(options.dataDir, "chromium")}`,
      isChrome ? "--enable-unsafe-extension-debugging" : `--load-extension=${extensionDir}`,
      "--remote-debugging-pipe",
      "--no-first-run",
      "--no-default-browser-check",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
    // Its own process group: Ctrl-C reaches the launcher, which then closes the browser in good order.
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true },
  );
  const closed = new Promise<void>((resolve, reject) => {
    child.once("exit", () => resolve());
    child.once("error", reject);
  });
  const close = () => end(child, closed);
  try {
    const pipe = new DevtoolsPipe(child.stdio[3] as Writable, child.stdio[4] as Readable);
    if (isChrome) await pipe.loadExtension(extensionDir);
    await showWelcome(pipe, `chrome-extension://${await extensionIdOf(extensionDir)}/`);
    const pages = (await pipe.targets()).filter(({ type }) => type === "page");
    return { pages: pages.map(({ url }) => url), closed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A page of the extension cannot be opened before the extension runs; at its first start it opens the page itself. */
async function showWelcome(pipe: DevtoolsPipe, origin: string): Promise<void> {
  const welcome = `${origin}welcome.html`;
  const deadline = Date.now() + START_SECONDS * 1000;
  const isRunning = async () => (await pipe.targets()).some(({ url }) => url.startsWith(origin));
  while (!(await isRunning())) {
    if (Date.now() > deadline) {
      throw new Error(
        `Chromium started, but the extension did not start in it within ${START_SECONDS} s. ` +
          "Captured sessions are not touched. Run npm start again; it builds the extension anew.",
      );
    }
    await wait(200);
  }
  await wait(1000);
  const isShown = (await pipe.targets()).some(({ url }) => url === welcome);
  if (!isShown) await pipe.open(welcome);
}

async function end(child: ChildProcess, closed: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await closed;
  clearTimeout(timer);
}
