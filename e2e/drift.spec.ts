import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import type { LaunchedExtension } from "../local/chromium.ts";
import { setUpPerson } from "../local/journey.ts";
import { killWorker, openPage } from "./support/extension.ts";
import { startWebServer } from "./support/web-server.ts";
import { expect, test, type World } from "./support/world.ts";

const SESSION = "ses_e00cf21b2ffe13BY8BAT6MpgBb";
const MESSAGES = `/session/${SESSION}/message`;

const fixture = new URL("../agents/fixtures/opencode/messages.observation.json", import.meta.url);

/** A page of opencode, by its health, at which `answer` is what its request for messages gets. */
async function startPage(answer: () => string, markup = "") {
  return startWebServer((request, response) => {
    if (request.url === "/global/health") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ healthy: true, version: "99.0.0" }));
    } else if (request.url?.startsWith(MESSAGES)) {
      response.setHeader("content-type", "application/json");
      response.end(answer());
    } else {
      response.setHeader("content-type", "text/html");
      response.end(
        `<!doctype html><title>opencode</title>${markup || `<script>fetch("${MESSAGES}")</script>`}`,
      );
    }
  });
}

async function setUp(world: World, url: string, profileDir?: string): Promise<LaunchedExtension> {
  const browser = await world.openBrowser(profileDir);
  const { context, extensionId } = browser;
  await setUpPerson(context, extensionId, { email: "ada@example.com", opencodeUrl: url });
  return browser;
}

async function openOptions(browser: LaunchedExtension): Promise<Page> {
  const options = await openPage(browser, "options");
  await options.getByRole("switch", { name: "opencode" }).waitFor();
  return options;
}

const markOn = (page: Page) => page.getByText(/^opencode changed on /);

/** How many answers are kept to be read again. */
async function kept(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const request = indexedDB.open("sync");
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const { result: database } = request;
          const count = database.transaction("failures").objectStore("failures").count();
          count.onsuccess = () => {
            database.close();
            resolve(count.result);
          };
        };
      }),
  );
}

test("an agent whose page shows messages that no request brought is marked, visibly", async ({
  world,
}) => {
  const changed = await startPage(() => "[]", "<p data-timeline-row>Hello</p>");
  const browser = await setUp(world, changed.url);
  const options = await openOptions(browser);
  const page = await browser.context.newPage();
  await page.goto(`${changed.url}/cHJvamVjdA/session/${SESSION}`);
  await page.waitForTimeout(8_000);
  await expect(markOn(options)).toBeHidden();
  await options.bringToFront();
  await expect(markOn(options)).toBeVisible();
  await expect(options.getByText(/Its page showed messages that no known request/)).toBeVisible();

  await options.getByRole("button", { name: "Dismiss that opencode changed" }).click();
  await expect(markOn(options)).toBeHidden();
  await browser.close();
  await changed.close();
});

test("an answer that cannot be read marks the agent until it can, over worker and browser", async ({
  world,
}) => {
  const { body } = JSON.parse(await readFile(fixture, "utf8")) as { body: unknown };
  const other = { entries: [{ role: "user", say: "The words of Ada", by: "ada@example.com" }] };
  let answer = JSON.stringify(other);
  const site = await startPage(() => answer);
  const profileDir = await world.newFolder("profile");
  let browser = await setUp(world, site.url, profileDir);
  let options = await openOptions(browser);
  const page = await browser.context.newPage();
  await page.goto(site.url);
  await expect(markOn(options)).toBeVisible();
  await expect(options.getByText(/^1 answer that could not be read is kept/)).toBeVisible();

  await options.bringToFront();
  await options.getByRole("button", { name: "Show report" }).click();
  const report = options.getByRole("region", { name: "Report on opencode" });
  await expect(report).toContainText(`GET :origin/session/:id/message, status 200`);
  await expect(report).toContainText("entries: array <=1");
  const text = await report.textContent();
  for (const word of ["words", "Ada", "ada@", SESSION, new URL(site.url).port]) {
    expect(text).not.toContain(word);
  }
  const popup = await openPage(browser, "popup");
  await expect(markOn(popup)).toBeVisible();

  await killWorker(browser.context);
  await browser.close();
  browser = await world.openBrowser(profileDir);
  options = await openOptions(browser);
  await expect(markOn(options)).toBeVisible();
  expect(await kept(options)).toBe(1);

  answer = JSON.stringify(body);
  const again = await browser.context.newPage();
  await again.goto(site.url);
  await options.bringToFront();
  await expect(markOn(options)).toBeHidden();
  await expect(options.getByText(/^1 answer that could not be read is kept/)).toBeVisible();

  await options.getByRole("switch", { name: "opencode" }).click();
  await expect.poll(() => kept(options)).toBe(0);
  await browser.close();
  await site.close();
});
