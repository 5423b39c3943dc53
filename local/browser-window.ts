import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { extensionIdOf, isGoogleChrome, launchExtension } from "./chromium.ts";

/** What to show. */
export interface BrowserWindow {
  chromium: string;
  extensionDir: string;
  /** The profile is kept in it. */
  dataDir: string;
}

/** A browser window that a person uses. */
export interface OpenWindow {
  /** Settled when the person has closed the browser. */
  closed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens Chromium with the extension and the welcome page, for a person: without automation, so that its permission
 * prompts, downloads and resting workers are the real ones.
 */
export async function openBrowser(options: BrowserWindow): Promise<OpenWindow> {
  const { chromium, extensionDir } = options;
  const profileDir = join(options.dataDir, "chromium");
  const welcome = `chrome-extension://${await extensionIdOf(extensionDir)}/welcome.html`;
  if (isGoogleChrome(chromium)) return openGoogleChrome(options, profileDir, welcome);
  const child = spawn(
    chromium,
    [
      `--user-data-dir=${profileDir}`,
      `--load-extension=${extensionDir}`,
      "--no-first-run",
      "--no-default-browser-check",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      welcome,
    ],
    // Its own process group: Ctrl-C reaches the launcher, which then closes the browser in good order.
    { stdio: "ignore", detached: true },
  );
  const closed = new Promise<void>((resolve, reject) => {
    child.once("exit", () => resolve());
    child.once("error", reject);
  });
  return { closed, close: () => end(child, closed) };
}

async function end(child: ChildProcess, closed: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await closed;
  clearTimeout(timer);
}

async function openGoogleChrome(
  { chromium, extensionDir }: BrowserWindow,
  profileDir: string,
  welcome: string,
): Promise<OpenWindow> {
  const launch = { executablePath: chromium, extensionDir, profileDir, headless: false };
  const { context, close } = await launchExtension(launch);
  const [page] = context.pages();
  await (page ?? (await context.newPage())).goto(welcome);
  return { closed: new Promise((resolve) => context.once("close", () => resolve())), close };
}
