import { readFile, readlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { chromium, type BrowserContext, type Page } from "@playwright/test";
import { chromeExtensionId } from "./extension-id.ts";

/** What to launch. */
export interface ExtensionLaunch {
  /** The browser's program, as `ensureChromium()` of browsers.ts answers. */
  executablePath: string;
  /** The unpacked extension: the folder that holds manifest.json. */
  extensionDir: string;
  /** The profile's folder; used again at the next launch. */
  profileDir: string;
  /** True where there is no display. */
  headless: boolean;
  /** The browser's arguments besides those that every launch has. */
  args?: readonly string[];
}

/** A running Chromium with the extension in it. */
export interface LaunchedExtension {
  context: BrowserContext;
  extensionId: string;
  /** The browser's own process, for tests that kill it; null where the platform does not tell. */
  pid: number | null;
  close(): Promise<void>;
}

const QUIET = [
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/** The id that Chromium gives the unpacked extension: from the manifest's key, else from the folder's path. */
export async function extensionIdOf(extensionDir: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(extensionDir, "manifest.json"), "utf8")) as {
    key?: string;
  };
  return chromeExtensionId(
    manifest.key ? Buffer.from(manifest.key, "base64") : Buffer.from(resolve(extensionDir), "utf8"),
  );
}

/** Whether this is Google's build, which ignores --load-extension and takes extensions only over its debugging protocol. */
export function isGoogleChrome(executablePath: string): boolean {
  return /google[- ]chrome(?! for testing)/i.test(executablePath);
}

/** Launches Chromium with the unpacked extension and waits until the extension's worker runs. */
export async function launchExtension(options: ExtensionLaunch): Promise<LaunchedExtension> {
  const directory = resolve(options.extensionDir);
  const extensionId = await extensionIdOf(directory);
  const isChrome = isGoogleChrome(options.executablePath);
  const context = await chromium.launchPersistentContext(options.profileDir, {
    executablePath: options.executablePath,
    headless: options.headless,
    viewport: null,
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      ...QUIET,
      ...(options.headless ? ["--disable-gpu"] : []),
      ...(options.args ?? []),
      ...(isChrome
        ? ["--enable-unsafe-extension-debugging"]
        : [`--disable-extensions-except=${directory}`, `--load-extension=${directory}`]),
    ],
  });
  try {
    if (isChrome) await loadOverProtocol(context, directory);
    await waitForWorker(context, extensionId);
  } catch (error) {
    await context.close();
    throw error;
  }
  return {
    context,
    extensionId,
    pid: await browserPid(options.profileDir),
    close: () => context.close(),
  };
}

async function loadOverProtocol(context: BrowserContext, path: string): Promise<void> {
  const session = await context.browser()?.newBrowserCDPSession();
  // Playwright's types do not know the Extensions domain.
  const send = session?.send.bind(session) as unknown as (
    method: string,
    params: { path: string },
  ) => Promise<unknown>;
  await send("Extensions.loadUnpacked", { path });
}

async function waitForWorker(context: BrowserContext, extensionId: string): Promise<void> {
  const isOurs = (worker: { url(): string }) =>
    worker.url().startsWith(`chrome-extension://${extensionId}/`);
  if (context.serviceWorkers().some(isOurs)) return;
  await context.waitForEvent("serviceworker", { predicate: isOurs, timeout: 20_000 }).catch(() => {
    throw new Error(
      `Chromium started, but the extension ${extensionId} did not start in it within 20 s. ` +
        "Build the extension again, and look at chrome://extensions for what it says about it.",
    );
  });
}

/** Chromium's profile lock is a link named "<host>-<pid>". */
async function browserPid(profileDir: string): Promise<number | null> {
  const target = await readlink(join(profileDir, "SingletonLock")).catch(() => "");
  const pid = Number(target.slice(target.lastIndexOf("-") + 1));
  return target !== "" && Number.isInteger(pid) ? pid : null;
}

/**
 * Says yes in advance to host permissions such as "http://127.0.0.1/*": headless Chromium cannot show the prompt, and
 * the extension's own `permissions.request` then resolves true without one.
 */
export async function preapprove(
  context: BrowserContext,
  extensionId: string,
  ...patterns: string[]
): Promise<void> {
  const page = await context.newPage();
  try {
    await page.goto("chrome://extensions/");
    await page.evaluate(
      async ([id, hosts]) => {
        const privileged = globalThis as unknown as {
          chrome: {
            developerPrivate: { addHostPermission(id: string, host: string): Promise<void> };
          };
        };
        for (const host of hosts) {
          await privileged.chrome.developerPrivate.addHostPermission(id, host);
        }
      },
      [extensionId, patterns] as const,
    );
  } finally {
    await page.close();
  }
}

/** Runs `open`, which makes the extension open its sign-in window, and clicks the person's button on the login page. */
export async function signInAs(
  context: BrowserContext,
  email: string,
  open: () => Promise<unknown>,
): Promise<void> {
  await open();
  const login = await loginPage(context);
  const closed = login.waitForEvent("close");
  await login.getByRole("button", { name: email }).click();
  await closed;
}

/** The login page, once it is open: the extension opens other pages too, its welcome page among them. */
async function loginPage(context: BrowserContext): Promise<Page> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const login = context.pages().find((page) => page.url().includes("/user_management/authorize"));
    if (login) return login;
    await wait(100);
  }
  throw new Error("The login page did not open within 30 s.");
}
