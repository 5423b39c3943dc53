/** Real Firefox with the extension in it, over WebDriver BiDi (no geckodriver). */
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { ensureFirefox } from "../../local/browsers.ts";
import { GECKO_ID } from "../../local/extension-id.ts";

export interface FirefoxWithExtension {
  browser: Browser;
  /** Opens one of the extension's pages in a tab. */
  openPage(name: "popup" | "options" | "welcome"): Promise<Page>;
  /** Waits for a page whose address begins so. */
  waitForPage(start: string): Promise<Page>;
}

/** How to start it. */
interface FirefoxOptions {
  /** The same one finds the extension's storage again. */
  uuid?: string;
  prefs?: Record<string, unknown>;
  /** Also certificates that nobody vouches for. */
  acceptInsecureCerts?: boolean;
}

/** Starts headless Firefox in a profile of its own and installs the unpacked extension. */
export async function launchFirefox(
  extensionDir: string,
  userDataDir: string,
  { uuid = randomUUID(), prefs = {}, acceptInsecureCerts = false }: FirefoxOptions = {},
): Promise<FirefoxWithExtension> {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: await ensureFirefox(),
    headless: true,
    userDataDir,
    acceptInsecureCerts,
    // Without it Firefox refuses to navigate a driven tab to moz-extension pages.
    args: ["--remote-allow-system-access"],
    extraPrefsFirefox: {
      "extensions.webextensions.uuids": JSON.stringify({ [GECKO_ID]: uuid }),
      // Headless Firefox cannot show the permission prompt; the request itself is real.
      "extensions.webextOptionalPermissionPrompts": false,
      ...prefs,
    },
  });
  await browser.installExtension(extensionDir);
  return {
    browser,
    openPage: async (name) => {
      const page = await browser.newPage();
      // Navigation to an extension page never resolves over BiDi; the page's content is what counts.
      await page
        .goto(`moz-extension://${uuid}/${name}.html`, { timeout: 1_500 })
        .catch(() => undefined);
      return page;
    },
    waitForPage: async (start) => {
      for (let attempt = 0; attempt < 150; attempt += 1) {
        const page = (await browser.pages()).find((candidate) => candidate.url().startsWith(start));
        if (page) return page;
        await wait(200);
      }
      throw new Error(`No page opened at ${start}.`);
    },
  };
}

/** Clicks what has this role and name, once it is there. A tab in the background draws nothing, and so cannot be clicked. */
export async function click(page: Page, role: string, name: string): Promise<void> {
  await page.bringToFront();
  await page.locator(`::-p-aria(${name}[role="${role}"])`).setTimeout(30_000).click();
}

/** Waits until the page shows a text; says what it shows instead when it does not come. */
export async function expectText(page: Page, text: string): Promise<void> {
  let shown = "";
  for (let attempt = 0; attempt < 150; attempt += 1) {
    shown = await page.evaluate(() => document.body.innerText);
    if (shown.includes(text)) return;
    await wait(200);
  }
  throw new Error(`The page does not show "${text}" but:\n${shown}`);
}
