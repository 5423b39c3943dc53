/** AuthKit's emulator, the built extension and Chromium, for specs about the sign-in. */
import { readFile, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { startAuthkit, type Authkit } from "../../local/authkit/server.ts";
import { ensureChromium } from "../../local/browsers.ts";
import { launchExtension, type LaunchedExtension } from "../../local/chromium.ts";
import { buildExtension } from "../../local/extension-build.ts";
import { redirectHosts } from "../../local/extension-id.ts";

export const CLIENT_ID = "client_e2e";

/** What an extension page learns from a message: the answer, or the name of the error. */
export type Reply<T> = { value: T } | { error: string };

/** The part of `chrome` that the functions evaluated in extension pages use. */
interface ExtensionApi {
  runtime: { sendMessage(message: unknown): Promise<{ res?: unknown; err?: { name: string } }> };
  storage: Record<"local" | "session", StorageArea>;
}

interface StorageArea {
  get(key: string | null): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
}

/** A running world; `stop` ends all of it. */
export class SignInWorld {
  authkit: Authkit;
  browser: LaunchedExtension;
  /** A page of the extension. */
  page: Page;
  readonly #folder: string;
  readonly #extensionDir: string;

  private constructor(parts: {
    authkit: Authkit;
    browser: LaunchedExtension;
    page: Page;
    folder: string;
    extensionDir: string;
  }) {
    this.authkit = parts.authkit;
    this.browser = parts.browser;
    this.page = parts.page;
    this.#folder = parts.folder;
    this.#extensionDir = parts.extensionDir;
  }

  static async start(): Promise<SignInWorld> {
    const folder = await mkdtemp(join(tmpdir(), "opensync-e2e-sign-in-"));
    const authkit = await openAuthkit(folder);
    const extensionDir = await buildExtension({
      clientId: CLIENT_ID,
      outDir: join(folder, "build"),
      authkitUrl: authkit.url,
      // Nobody listens there: signing in must not depend on Convex.
      convexUrl: "http://127.0.0.1:9",
    });
    const browser = await openBrowser(folder, extensionDir);
    const page = await openPage(browser);
    return new SignInWorld({ authkit, browser, page, folder, extensionDir });
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.authkit.close();
    await rm(this.#folder, { recursive: true });
  }

  /** Starts the emulator again at the same address, with what it has on disk. */
  async startAuthkit(hosts?: string[]): Promise<void> {
    this.authkit = await openAuthkit(this.#folder, hosts);
  }

  /** Starts the browser again with the same profile. */
  async startBrowser(): Promise<void> {
    this.browser = await openBrowser(this.#folder, this.#extensionDir);
    this.page = await openPage(this.browser);
  }

  /** Ends the browser as a crash does: it gets no chance to write anything more. */
  async killBrowser(): Promise<void> {
    const { context, pid } = this.browser;
    const closed = context.waitForEvent("close");
    process.kill(pid!, "SIGKILL");
    await closed;
  }

  /** Opens one more page of the extension. */
  async openPage(): Promise<Page> {
    return await openPage(this.browser);
  }

  /** Sends a message of the protocol map from an extension page. */
  async ask<T>(type: string, data?: unknown, page = this.page): Promise<Reply<T>> {
    return await page.evaluate(
      async ([type, data]) => {
        const { chrome } = globalThis as unknown as { chrome: ExtensionApi };
        const message = { id: 1, type, data, timestamp: Date.now() };
        try {
          const { res, err } = await chrome.runtime.sendMessage(message);
          return err ? { error: err.name } : { value: res as T };
        } catch (error) {
          return { error: String(error) };
        }
      },
      [type, data] as const,
    );
  }

  async getToken(forceRefresh = false, page = this.page): Promise<Reply<string | null>> {
    return await this.ask<string | null>("getAccessToken", { forceRefresh }, page);
  }

  /** What is stored under a key of utils/storage.ts. */
  async stored<T>(key: string, area: "local" | "session" = "local"): Promise<T | null> {
    const read = async ([area, key]: readonly ["local" | "session", string]) => {
      const { chrome } = globalThis as unknown as { chrome: ExtensionApi };
      return ((await chrome.storage[area].get(key))[key] ?? null) as T | null;
    };
    return await this.page.evaluate(read, [area, key] as const);
  }

  async store(key: string, value: unknown): Promise<void> {
    await this.page.evaluate(
      async ([key, value]) => {
        const { chrome } = globalThis as unknown as { chrome: ExtensionApi };
        await chrome.storage.local.set({ [key]: value });
      },
      [key, value] as const,
    );
  }

  /** Everything in storage.local, as text. */
  async wholeStorage(): Promise<string> {
    return await this.page.evaluate(async () => {
      const { chrome } = globalThis as unknown as { chrome: ExtensionApi };
      return JSON.stringify(await chrome.storage.local.get(null));
    });
  }

  /** Begins to sign in and answers the login page, with the answer to come. */
  async openLogin(): Promise<{ login: Page; answer: Promise<Reply<SignInAnswer>> }> {
    const answer = this.ask<SignInAnswer>("signIn");
    return { login: await this.waitForLogin(), answer };
  }

  /** The login page, once it is open; the extension opens other pages too. */
  async waitForLogin(): Promise<Page> {
    for (;;) {
      const pages = this.browser.context.pages();
      const login = pages.find((page) => page.url().startsWith(this.authkit.url));
      if (login) {
        await login.waitForLoadState();
        return login;
      }
      await wait(50);
    }
  }

  /** Signs in on the login page. */
  async signIn(email = "ada@example.com"): Promise<Reply<SignInAnswer>> {
    const { login, answer } = await this.openLogin();
    await login.getByRole("button", { name: email }).click();
    return await answer;
  }

  /** Stops the extension's worker as the browser does when it needs the memory. */
  async killWorker(): Promise<void> {
    const session = await this.browser.context.newCDPSession(this.page);
    await session.send("ServiceWorker.enable");
    await session.send("ServiceWorker.stopAllWorkers");
    await session.detach();
  }

  /** The refresh tokens that are good at the emulator. */
  async refreshTokens(): Promise<string[]> {
    const state = await readFile(join(this.#folder, "authkit", "authkit.json"), "utf8");
    const { refreshTokens } = JSON.parse(state) as { refreshTokens: { token: string }[] };
    return refreshTokens.map(({ token }) => token);
  }
}

/** The answer to `signIn`. */
export type SignInAnswer =
  | { ok: true; value: { id: string; email: string } }
  | { ok: false; trouble: { code: string; message: string; next: string } };

async function openAuthkit(
  folder: string,
  hosts = Object.values(redirectHosts()),
): Promise<Authkit> {
  return await startAuthkit({
    dataDir: join(folder, "authkit"),
    clientId: CLIENT_ID,
    redirectHosts: hosts,
  });
}

async function openBrowser(folder: string, extensionDir: string): Promise<LaunchedExtension> {
  return await launchExtension({
    executablePath: await ensureChromium(),
    extensionDir,
    profileDir: join(folder, "profile"),
    headless: true,
  });
}

async function openPage({ context, extensionId }: LaunchedExtension): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`chrome-extension://${extensionId}/popup.html`);
  return page;
}
