/** Chromium with a test extension: the tap, capture and background parts of the real one, around a gate that the test sets. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium, type BrowserContext, type Page, type Worker } from "@playwright/test";
import { build } from "esbuild";
import { ensureChromium } from "../../local/browsers.ts";
import { extensionIdOf, launchExtension } from "../../local/chromium.ts";
import { GECKO_ID } from "../../local/extension-id.ts";
import type { Reading } from "./reading.ts";
import { startSite, type Site } from "./site.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** One observation as the background read it. */
export interface Seen {
  origin: string;
  observation: {
    tap: string;
    url: string;
    method: string;
    status: number;
    body: string;
    request?: string;
    isTruncated: boolean;
    pageUrl: string;
  };
  reading: Reading | null;
  trouble: string | null;
}

/** The numbers and switches of the test background. */
export interface Control {
  seen: Seen[];
  chunks: number;
  largest: number;
  delayMs: number;
  failures: number;
  isPaused: boolean;
}

/** What the site answered the page. */
export interface PageAnswer {
  status: number;
  retryAfter: number | null;
  url: string;
  method: string;
  request: string;
  body: string;
  isTruncated: boolean;
}

export interface CaptureWorld {
  site: Site;
  /** The test extension's folder. */
  folder: string;
  context: BrowserContext;
  /** The extension's worker, started again if it died. */
  worker(): Promise<Worker>;
  /** How many workers of the extension run now. */
  runningWorkers(): Promise<number>;
  /** Everything whole that arrived since the worker started. */
  seen(): Promise<Seen[]>;
  control(): Promise<Control>;
  set(values: Partial<Control>): Promise<void>;
  /** Registers the scripts on these patterns. */
  apply(patterns: string[]): Promise<string[]>;
  /** Puts the scripts into open tabs. */
  inject(patterns: string[]): Promise<number>;
  /** Has the open page of the site ask something, as the background does. */
  askPage(ask: Record<string, unknown>): Promise<PageAnswer | null>;
  /** A new page of the site. */
  open(path?: string, origin?: string): Promise<Page>;
  /** Loads the folder again, as an update of the extension does; only in a world that `canUpdate`. */
  update(): Promise<void>;
  close(): Promise<void>;
}

const ENTRIES = {
  tap: `import { installTap } from "./capture/tap/install"; installTap();`,
  capture: `import { installCapture } from "./capture/install"; installCapture();`,
  dom: `import { installReader } from "./capture/dom/install"; installReader();`,
  background: `import "./capture/testing/background";`,
};

/** The files of rules that the build of the extension writes, for the agents here. */
const RULES = `
  import { rulesFile } from "./capture/rules-file";
  import { besideAgent, offAgent, testAgent } from "./capture/testing/agent";
  import { opencode } from "./agents/opencode";
  export const files = [testAgent, besideAgent, offAgent, opencode].map(rulesFile);`;

async function writeRules(folder: string): Promise<void> {
  const bundle = join(folder, "rules.mjs");
  await build({
    stdin: { contents: RULES, resolveDir: ROOT, loader: "ts" },
    outfile: bundle,
    bundle: true,
    format: "esm",
    logLevel: "error",
  });
  const { files } = (await import(bundle)) as { files: { path: string; contents: string }[] };
  await mkdir(join(folder, "rules"), { recursive: true });
  for (const { path, contents } of files) await writeFile(join(folder, path), contents);
}

interface TestBuild {
  browser?: "chromium" | "firefox";
  /** Where opencode is switched on, besides. */
  opencode?: string;
}

/** Builds the test extension for the site at `origin`; Firefox's worker reports to the site, Chromium's is looked into. */
export async function buildTestExtension(
  folder: string,
  origin: string,
  { browser = "chromium", opencode = "" }: TestBuild = {},
): Promise<void> {
  const isFirefox = browser === "firefox";
  const switches = {
    "test-agent": { isEnabled: true, origins: [origin] },
    "beside-agent": { isEnabled: true, origins: [origin] },
    "off-agent": { isEnabled: false, origins: [origin] },
    opencode: { isEnabled: opencode !== "", origins: [opencode] },
  };
  for (const [name, contents] of Object.entries(ENTRIES)) {
    await build({
      stdin: { contents, resolveDir: ROOT, loader: "ts" },
      outfile: join(folder, `${name}.js`),
      bundle: true,
      minify: true,
      format: "iife",
      target: "esnext",
      logLevel: "error",
      define: {
        TEST_SWITCHES: JSON.stringify(switches),
        TEST_REPORT: JSON.stringify(isFirefox ? `${origin}/report` : null),
      },
    });
  }
  await writeRules(folder);
  const manifest = {
    manifest_version: 3,
    name: "Capture under test",
    version: "1.0",
    permissions: ["scripting"],
    host_permissions: ["http://127.0.0.1/*"],
    ...(isFirefox
      ? {
          background: { scripts: ["background.js"] },
          browser_specific_settings: { gecko: { id: GECKO_ID } },
        }
      : { background: { service_worker: "background.js" } }),
  };
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
}

/** Rules of an agent that is off are there too, as in a page that was open when it was switched off. */
function trafficOn(patterns: string[], opencode: string) {
  const isOpencode = (pattern: string) => pattern === `${opencode}/*`;
  const own = patterns.filter((pattern) => !isOpencode(pattern));
  return [
    { agentId: "off-agent", patterns: own },
    { agentId: "test-agent", patterns: own },
    { agentId: "beside-agent", patterns: own },
    { agentId: "opencode", patterns: patterns.filter(isOpencode) },
  ];
}

async function launch(folder: string): Promise<BrowserContext> {
  const { context } = await launchExtension({
    executablePath: await ensureChromium(),
    extensionDir: folder,
    profileDir: join(folder, "profile"),
    headless: true,
  });
  return context;
}

/** Only an extension that came over the debugging protocol can be loaded again under its open tabs. Keeps pages to go back to, too. */
async function launchUpdatable(folder: string): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: await ensureChromium(),
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
    ignoreDefaultArgs: ["--disable-extensions", "--disable-back-forward-cache"],
    args: ["--enable-unsafe-extension-debugging", "--disable-gpu"],
  });
  await loadUnpacked(context, folder);
  return context;
}

async function loadUnpacked(context: BrowserContext, path: string): Promise<void> {
  const session = await context.browser()!.newBrowserCDPSession();
  const started = context.waitForEvent("serviceworker");
  // Playwright's types do not know the Extensions domain.
  const send = session.send.bind(session) as unknown as (
    method: string,
    params: { path: string },
  ) => Promise<unknown>;
  await send("Extensions.loadUnpacked", { path });
  await started;
  await session.detach();
}

/** Starts the site and the browser, and registers the scripts on the site's first origin. */
export async function openCaptureWorld({
  canUpdate = false,
  opencode = "",
} = {}): Promise<CaptureWorld> {
  const folder = await mkdtemp(join(tmpdir(), "opensync-capture-"));
  const site = await startSite();
  await buildTestExtension(folder, site.origin, { opencode });
  const context = await (canUpdate ? launchUpdatable(folder) : launch(folder));
  const extensionId = await extensionIdOf(folder);

  async function worker(): Promise<Worker> {
    const url = `chrome-extension://${extensionId}/background.js`;
    const running = context.serviceWorkers().find((candidate) => candidate.url() === url);
    return running ?? context.waitForEvent("serviceworker");
  }

  async function runningWorkers(): Promise<number> {
    const session = await context.browser()!.newBrowserCDPSession();
    const { targetInfos } = await session.send("Target.getTargets");
    await session.detach();
    return targetInfos.filter(({ type }) => type === "service_worker").length;
  }

  async function control(): Promise<Control> {
    return (await worker()).evaluate(() => {
      const { seen, chunks, largest, delayMs, failures, isPaused } = (
        globalThis as unknown as { control: Control }
      ).control;
      return { seen, chunks, largest, delayMs, failures, isPaused };
    });
  }

  async function register(name: "apply" | "inject", patterns: string[]): Promise<unknown> {
    return (await worker()).evaluate(
      ([method, values]) => {
        const { registration } = (
          globalThis as unknown as {
            control: { registration: Record<string, (wanted: unknown) => Promise<unknown>> };
          }
        ).control;
        return registration[method]!({ traffic: values, readers: [] });
      },
      [name, trafficOn(patterns, opencode)] as const,
    );
  }

  const world: CaptureWorld = {
    site,
    folder,
    context,
    worker,
    runningWorkers,
    control,
    seen: async () => (await control()).seen,
    set: async (values) =>
      (await worker()).evaluate((given) => {
        Object.assign((globalThis as unknown as { control: Control }).control, given);
      }, values),
    apply: async (patterns) =>
      ((await register("apply", patterns)) as { missing: string[] }).missing,
    inject: async (patterns) => (await register("inject", patterns)) as number,
    askPage: async (ask) =>
      (await worker()).evaluate(
        ([url, wish]) => {
          const { control: own } = globalThis as unknown as {
            control: { askPage(address: string, ask: unknown): Promise<PageAnswer | null> };
          };
          return own.askPage(url, wish);
        },
        [`${site.origin}/*`, { agent: "test-agent", method: "GET", ...ask }] as const,
      ),
    async open(path = "/", origin = site.origin) {
      const page = await context.newPage();
      await page.goto(origin + path);
      return page;
    },
    update: () => loadUnpacked(context, folder),
    async close() {
      await context.close();
      await site.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await world.apply([site.origin, opencode].filter(Boolean).map((own) => `${own}/*`));
  return world;
}
