import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import type { Page } from "puppeteer-core";
import { startAuthkit, type Authkit } from "../local/authkit/server.ts";
import { buildExtension } from "../local/extension-build.ts";
import { redirectHosts } from "../local/extension-id.ts";
import { launchFirefox, type FirefoxWithExtension } from "./support/firefox.ts";
import type { SignInAnswer } from "./support/sign-in-world.ts";

const CLIENT_ID = "client_firefox";
/** Firefox then suspends the event page, and the SDK in it, after this long. */
const IDLE_MS = 3000;

let folder: string;
let extensionDir: string;
let authkit: Authkit;
let firefox: FirefoxWithExtension;
let page: Page;
const uuid = randomUUID();

async function openAuthkit(): Promise<void> {
  authkit = await startAuthkit({
    dataDir: join(folder, "authkit"),
    clientId: CLIENT_ID,
    redirectHosts: Object.values(redirectHosts()),
  });
}

async function openFirefox(): Promise<void> {
  firefox = await launchFirefox(extensionDir, join(folder, "profile"), {
    uuid,
    prefs: { "extensions.background.idle.timeout": IDLE_MS },
  });
  page = await firefox.openPage("popup");
}

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "opensync-e2e-firefox-"));
  await openAuthkit();
  extensionDir = await buildExtension({
    outDir: join(folder, "build"),
    clientId: CLIENT_ID,
    authkitUrl: authkit.url,
    convexUrl: "http://127.0.0.1:9",
    browser: "firefox",
  });
  await openFirefox();
});

test.afterAll(async () => {
  await firefox.browser.close();
  await authkit.close();
  await rm(folder, { recursive: true });
});

/** The part of `browser` that the functions evaluated in extension pages use. */
interface ExtensionApi {
  runtime: { sendMessage(message: unknown): Promise<{ res?: unknown; err?: { name: string } }> };
  storage: {
    local: { get(key: string | null): Promise<Record<string, unknown>> };
    session: unknown;
  };
  tabs: { query(filter: object): Promise<{ id: number; url?: string }[]> };
  scripting: {
    executeScript<T>(injection: {
      target: { tabId: number };
      func: () => Promise<T>;
    }): Promise<{ result: T }[]>;
  };
}

type Reply = { res?: unknown; err?: { name: string } };

async function ask(type: string, data?: unknown): Promise<Reply> {
  return await page.evaluate(
    async (type, data) => {
      const { browser } = globalThis as unknown as { browser: ExtensionApi };
      return await browser.runtime.sendMessage({ id: 1, type, data, timestamp: Date.now() });
    },
    type,
    data,
  );
}

async function getToken(forceRefresh: boolean): Promise<string | undefined> {
  const { res, err } = await ask("getAccessToken", { forceRefresh });
  if (err) return err.name;
  if (typeof res !== "string") return undefined;
  return JSON.parse(Buffer.from(res.split(".")[1]!, "base64url").toString()).sub as string;
}

async function stored<T>(key: string): Promise<T | undefined> {
  const items = await page.evaluate(async (key) => {
    const { browser } = globalThis as unknown as { browser: ExtensionApi };
    return await browser.storage.local.get(key);
  }, key);
  return items[key] as T | undefined;
}

/** The refresh tokens that are good at the emulator. */
async function refreshTokens(): Promise<{ token: string }[]> {
  const state = await readFile(join(folder, "authkit", "authkit.json"), "utf8");
  return (JSON.parse(state) as { refreshTokens: { token: string }[] }).refreshTokens;
}

async function signIn(): Promise<SignInAnswer> {
  const answer = ask("signIn");
  const login = await firefox.waitForPage(authkit.url);
  await login.locator("::-p-text(ada@example.com)").setTimeout(30_000).click();
  return (await answer).res as SignInAnswer;
}

test("the sign-in in Firefox survives what it must, and ends when it must", async () => {
  await test.step("signs in on the login page", async () => {
    expect(await signIn()).toMatchObject({ ok: true, value: { id: "user_ada" } });
    expect(await getToken(true)).toBe("user_ada");
  });

  await test.step("survives the event page suspended", async () => {
    await wait(IDLE_MS * 2);
    expect(await getToken(true)).toBe("user_ada");
  });

  await test.step("survives 503", async () => {
    authkit.control.fail({ on: "authenticate", status: 503 });
    expect(await getToken(true)).toBe("SignInUnavailableError");
    expect(await getToken(true)).toBe("user_ada");
  });

  await test.step("shows a content script no token, although it can read storage.local", async () => {
    const site = await firefox.browser.newPage();
    await site.goto(`${authkit.url}/health`);
    const seen = await page.evaluate(async (url) => {
      const { browser } = globalThis as unknown as { browser: ExtensionApi };
      const tab = (await browser.tabs.query({})).find((tab) => tab.url?.startsWith(url));
      const [run] = await browser.scripting.executeScript({
        target: { tabId: tab!.id },
        func: async () => {
          const { browser } = globalThis as unknown as { browser: ExtensionApi };
          const data = { forceRefresh: false };
          const message = { id: 1, type: "getAccessToken", data, timestamp: Date.now() };
          return {
            local: JSON.stringify(await browser.storage.local.get(null)),
            session: typeof browser.storage.session,
            token: await browser.runtime.sendMessage(message),
          };
        },
      });
      return run!.result;
    }, authkit.url);
    await site.close();
    expect(seen.local).toContain("authSession");
    expect(seen.local).not.toContain("eyJ");
    for (const { token } of await refreshTokens()) expect(seen.local).not.toContain(token);
    expect(seen.session).toBe("undefined");
    expect(seen.token).not.toHaveProperty("res");
  });

  await test.step("survives Firefox started again, without a network", async () => {
    await firefox.browser.close();
    await authkit.close();
    await openFirefox();
    expect(await stored("profile")).toMatchObject({ id: "user_ada" });
    expect(await getToken(true)).toBe("SignInUnavailableError");
    await openAuthkit();
    expect(await getToken(true)).toBe("user_ada");
  });

  await test.step("ends at WorkOS too", async () => {
    await ask("signOut");
    expect(await stored("profile")).toBeUndefined();
    expect(authkit.control.signIns()).toEqual([]);
    expect(await refreshTokens()).toEqual([]);
  });

  await test.step("says at once when WorkOS cannot be reached", async () => {
    await authkit.close();
    const { res } = await ask("signIn");
    expect(res).toMatchObject({ ok: false, trouble: { code: "sign-in-unreachable" } });
    await openAuthkit();
  });

  await test.step("can be tried again after the window was closed", async () => {
    const answer = ask("signIn");
    await (await firefox.waitForPage(authkit.url)).close();
    expect((await answer).res).toMatchObject({ ok: false, trouble: { code: "sign-in-cancelled" } });
    expect(await signIn()).toMatchObject({ ok: true });
  });
});
