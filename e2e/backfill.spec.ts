import type { BrowserContext, Page } from "@playwright/test";
import { setUpPerson } from "../local/journey.ts";
import { killWorker, openPage } from "./support/extension.ts";
import { ownPerson } from "./support/people.ts";
import { archivedMessages, expectArchived } from "./support/rows.ts";
import { startWebServer } from "./support/web-server.ts";
import { expect, test } from "./support/world.ts";

/** Asks opencode's own API. */
async function ask<T>(url: string, path: string, body: unknown): Promise<T> {
  const init = { method: "POST", headers: { "content-type": "application/json" } };
  const response = await fetch(url + path, { ...init, body: JSON.stringify(body) });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** Says something in a session, without an answer of the model. */
async function say(url: string, key: string, text: string): Promise<void> {
  const parts = [{ type: "text", text }];
  await ask(url, `/session/${key}/message`, { parts, noReply: true });
}

/** Ids of sessions that lie there from before: most are short, one needs two pages, one has an answer. */
async function makeSessions(url: string, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const { id } = await ask<{ id: string }>(url, "/session", { title: `Earlier ${at}` });
    for (let turn = 0; turn < (at === 2 ? 205 : 2); turn += 1) await say(url, id, `Turn ${turn}`);
    keys.push(id);
  }
  await ask(url, `/session/${keys[0]!}/message`, { parts: [{ type: "text", text: "Hello" }] });
  return keys;
}

/** Sessions that the open pages loaded for the backfill, in order; each page of one counts. */
function watchLoads(context: BrowserContext): string[] {
  const loads: string[] = [];
  context.on("request", (request) => {
    const key = /\/session\/(ses_\w+)\/message\?limit=200/.exec(request.url())?.[1];
    if (key) loads.push(key);
  });
  return loads;
}

function rowOf(page: Page) {
  const row = page.getByRole("listitem", { name: "opencode" });
  const done = async () => Number(/(\d+) of \d+/.exec(await row.innerText())?.[1] ?? -1);
  return { row, done };
}

test("fetches what is not there yet, through a killed worker and a pause; then only what changed", async ({
  world,
}) => {
  test.setTimeout(400_000);
  const { url } = world.opencode;
  const keys = await makeSessions(url, 6);
  const browser = await world.openBrowser();
  const { context } = browser;
  const archive = world.archiveOf(ownPerson.backfill.id);
  const person = { email: ownPerson.backfill.email, opencodeUrl: url };
  await setUpPerson(context, browser.extensionId, person);
  const loads = watchLoads(context);
  const openTabs = () => context.pages().filter((page) => page.url().startsWith(url));

  const page = await openPage(browser, "earlier");
  const { row, done } = rowOf(page);
  // Nothing runs before the person says so.
  await page.waitForTimeout(2_000);
  expect(openTabs()).toHaveLength(0);
  expect(loads).toEqual([]);

  await row.getByRole("button", { name: "Fetch: opencode" }).click();
  await expect(row.getByText("opened in the background")).toBeVisible();
  await expect.poll(done, { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
  await killWorker(context);
  const killedAt = await done();
  await expect.poll(done, { timeout: 60_000 }).toBeGreaterThan(killedAt + 1);

  await row.getByRole("button", { name: "Pause: opencode" }).click();
  await expect(row.getByText(/paused/)).toBeVisible();
  // The one that was on its way.
  await page.waitForTimeout(4_000);
  const [pausedAt, loaded] = [await done(), loads.length];
  await page.waitForTimeout(4_000);
  expect([await done(), loads.length]).toEqual([pausedAt, loaded]);

  await row.getByRole("button", { name: "Continue: opencode" }).click();
  await expect(row.getByText(/^\d+ sessions fetched\./)).toBeVisible({ timeout: 120_000 });
  await expect.poll(() => openTabs().length).toBe(0);
  for (const key of keys) await expectArchived(archive, url, key);
  expect(await archivedMessages(archive, keys[2]!)).toHaveLength(205);
  // In the order of the list, the newest first; the one that was in flight when the worker died may have come twice.
  const inOrder = [...keys].reverse();
  expect([...new Set(loads)].filter((key) => keys.includes(key))).toEqual(inOrder);
  expect(loads.filter((key) => key !== keys[2]).length).toBeLessThanOrEqual(
    new Set(loads).size + 1,
  );

  loads.length = 0;
  await say(url, keys[5]!, "One thing more");
  await row.getByRole("button", { name: "Fetch again: opencode" }).click();
  await expect(row.getByText("1 session fetched.")).toBeVisible({ timeout: 60_000 });
  expect(loads).toEqual([keys[5]]);
  await expectArchived(archive, url, keys[5]!);
  await browser.close();
});

/** A server with opencode's health and sessions, which at one request asks to wait and does not know one of its sessions. */
async function startTiredSite(waitSeconds: number) {
  const requests: { path: string; at: number }[] = [];
  const keys = ["ses_one", "ses_two", "ses_gone", "ses_four"];
  let isTired = true;
  const message = (key: string) => {
    const info = {
      id: `msg_${key}`,
      sessionID: key,
      role: "user",
      time: { created: 1_795_300_000 },
    };
    return [{ info, parts: [{ id: "prt_1", type: "text", text: `Said in ${key}` }] }];
  };
  const data = keys.map((id) => ({ id, title: id, time: { created: 1, updated: 2 } }));
  function bodyOf(path: string): unknown {
    if (path === "/global/health") return { healthy: true, version: "1.18.33" };
    if (path === "/api/session") return { data, cursor: { previous: null, next: null } };
    const [, key, isList] = /^\/session\/(ses_\w+)(\/message)?$/.exec(path) ?? [];
    if (!key || key === "ses_gone") return null;
    return isList ? message(key) : { id: key, title: key, time: { created: 1, updated: 2 } };
  }
  const server = await startWebServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://127.0.0.1");
    requests.push({ path: pathname, at: Date.now() });
    if (pathname === "/") {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>A page.");
    } else if (pathname === "/session/ses_two" && isTired) {
      isTired = false;
      const until = new Date(Date.now() + waitSeconds * 1_000).toUTCString();
      response.writeHead(429, { "retry-after": until }).end();
    } else {
      const body = bodyOf(pathname);
      response.writeHead(body === null ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(body ?? { name: "NotFoundError" }));
    }
  });
  return { ...server, requests };
}

test("leaves a site alone for as long as it asks, and after a restart until the person goes on", async ({
  world,
}) => {
  const site = await startTiredSite(12);
  const profile = await world.newFolder("profile");
  let browser = await world.openBrowser(profile);
  const archive = world.archiveOf(ownPerson.patient.id);
  const person = { email: ownPerson.patient.email, opencodeUrl: site.url };
  await setUpPerson(browser.context, browser.extensionId, person);
  let { row } = rowOf(await openPage(browser, "earlier"));
  await row.getByRole("button", { name: "Fetch: opencode" }).click();
  await expect(row.getByText(/The site asked to wait until/)).toBeVisible();
  await browser.close();

  const sessions = () => site.requests.filter(({ path }) => path.startsWith("/session/"));
  const before = sessions().length;
  browser = await world.openBrowser(profile);
  const page = await openPage(browser, "earlier");
  ({ row } = rowOf(page));
  await expect(row.getByText(/was restarted meanwhile/)).toBeVisible();
  await page.waitForTimeout(3_000);
  expect(sessions()).toHaveLength(before);
  await row.getByRole("button", { name: "Continue: opencode" }).click();
  await expect(row.getByText("3 sessions fetched.")).toBeVisible({ timeout: 90_000 });
  // What it does not have is skipped, counted and shown.
  await expect(row.getByText(/^1 session could not be fetched/)).toBeVisible();

  const asked = sessions();
  const refused = asked.findIndex(({ path }) => path === "/session/ses_two");
  // A date has whole seconds only.
  expect(asked[refused + 1]!.at - asked[refused]!.at).toBeGreaterThanOrEqual(11_000);
  expect(asked.map(({ path }) => path)).toEqual([
    ...["/session/ses_one", "/session/ses_one/message"],
    ...["/session/ses_two", "/session/ses_two", "/session/ses_two/message", "/session/ses_gone"],
    ...["/session/ses_four", "/session/ses_four/message"],
  ]);
  for (const [at, { at: time }] of asked.slice(1).entries()) {
    expect(time - asked[at]!.at).toBeGreaterThanOrEqual(900);
  }
  for (const key of ["ses_one", "ses_two", "ses_four"]) {
    await expect.poll(async () => (await archivedMessages(archive, key)).length).toBe(1);
  }
  await browser.close();
  await site.close();
});
