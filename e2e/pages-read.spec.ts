/**
 * Reading what pages show, in the real extension: an agent whose traffic is not known, one whose requests have changed, under their real
 * names; and in Firefox.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { Archive } from "../local/archive.ts";
import { buildExtension } from "../local/extension-build.ts";
import { capturedRows, openPage } from "./support/extension.ts";
import { click, expectText, launchFirefox } from "./support/firefox.ts";
import { loadReplays, type Call, type Held, type Replay } from "./support/replay.ts";
import {
  archivedOf,
  expectedOf,
  openReplayWorld,
  type ReplayWorld,
} from "./support/replay-world.ts";
import { ownPerson } from "./support/people.ts";
import { startReplaySite } from "./support/replay-site.ts";
import { expect, test } from "./support/world.ts";

const FIXTURES = join(import.meta.dirname, "../agents/fixtures");

/** A page that makes no calls. */
function shownPage(agentId: string, page: string, markup: string, [expected]: Held[]): Replay {
  const none = { cookies: {}, live: [], load: [], answers: [] };
  return { agentId, page, markup, ...none, expected: expected! };
}

/** The page and the reading that an agent's fixture has, with other ids where they are given. */
function readFixture(agentId: string, name: string, ids: Record<string, string> = {}) {
  const [markup, expected] = ["html", "expected.json"].map((end) => {
    const text = readFileSync(join(FIXTURES, agentId, `${name}.page.${end}`), "utf8");
    return Object.entries(ids).reduce((all, [from, to]) => all.replaceAll(from, to), text);
  });
  return { markup: markup!, expected: JSON.parse(expected!) as Held[] };
}

const PROJECT = "https://lovable.dev/projects/6f1c2b3a-4a1d-4e8b-9a77-5d0e3c9f2b60";
const OTHER_PROJECT = PROJECT.replace("6f1c2b3a", "00000000");
const WORDS = Array.from({ length: 58 }, (_, at) => `word${at + 1}`);

/** Writes an answer for 12 s: longer than one is left alone. */
const ANSWERING = `<script>
  window.answer = async (words) => {
    const main = document.querySelector("main");
    main.insertAdjacentHTML("beforeend", '<div class="prose prose-h1:mb-2"><p></p></div><button aria-label="Stop"></button>');
    const stop = main.lastElementChild;
    const text = stop.previousElementSibling.firstChild;
    for (const word of words) {
      text.textContent += (text.textContent && " ") + word;
      await new Promise((done) => setTimeout(done, 200));
    }
    stop.remove();
  };
</script>`;

const lovableFixture = readFixture("lovable", "session");
const lovable = shownPage(
  "lovable",
  PROJECT,
  lovableFixture.markup + ANSWERING,
  lovableFixture.expected,
);

const recorded = loadReplays().find(({ agentId }) => agentId === "chatgpt")!;
const CHAT = /[^/]+$/.exec(recorded.page)![0];
// The fixture's second turn is not the recording's.
const chatFixture = readFixture("chatgpt", "since-2026-09", {
  "-000000000013": "-000000000101",
  "-000000000014": "-000000000102",
});
const chat: Replay = { ...recorded, markup: chatFixture.markup };

/** The chat after the site has changed: it comes from an address that no tap knows. */
const changed: Replay = {
  ...chat,
  load: recorded.load.map((call): Call => ({
    ...call,
    url: call.url.replace("/backend-api/conversations/", "/backend-api/v9/threads/"),
  })),
  expected: chatFixture.expected[0]!,
};

/** Another chat, which has not changed. */
const otherChat = JSON.parse(
  JSON.stringify(chat).replaceAll(CHAT, CHAT.replace("6a1f3c2e", "7b2f3c2e")),
) as Replay;

/** Somebody's chat that is shown to everybody. */
const sharedChat = shownPage(
  "chatgpt",
  recorded.page.replace("/c/", "/share/"),
  chatFixture.markup,
  chatFixture.expected,
);

let run: ReplayWorld;
let options: Page;
let shared: { page: Page; openedAt: number };
/** Under way while other tests wait for pages. */
let firefoxBuild: Promise<string>;

async function open(replay: Replay, page?: Page): Promise<Page> {
  run.site.play(replay, "load");
  const tab = page ?? (await run.browser.context.newPage());
  await tab.goto(replay.page);
  return tab;
}

/** The addresses of the tabs in which elements are read. */
async function readTabs(): Promise<string[]> {
  return options.evaluate(async () => {
    const { chrome } = globalThis as unknown as {
      chrome: {
        tabs: { query(query: object): Promise<{ id: number; url: string }[]> };
        scripting: { executeScript(script: object): Promise<{ result: unknown }[]> };
      };
    };
    const tabs = await chrome.tabs.query({
      url: ["https://chatgpt.com/*", "https://lovable.dev/*"],
    });
    const isRead = () => Symbol.for("opensync-companion:readers") in globalThis;
    const found = tabs.map(async ({ id, url }) => {
      const [answer] = await chrome.scripting.executeScript({
        target: { tabId: id },
        func: isRead,
      });
      return answer!.result ? [url] : [];
    });
    return (await Promise.all(found)).flat();
  });
}

async function expectHeld(replay: Replay, archive: Archive = run.archive): Promise<void> {
  const expected = expectedOf(replay).map(({ session, messages }) => ({ session, messages }));
  await expect(async () => {
    expect(await archivedOf(archive, replay)).toEqual(expected);
  }).toPass({ timeout: 15_000, intervals: [200] });
}

const mark = () => options.getByText(/^ChatGPT changed on /);

test.beforeAll(async ({ world }) => {
  run = await openReplayWorld(world, [lovable, recorded], ownPerson.pages);
  options = await openPage(run.browser, "options");
  shared = { page: await open(sharedChat), openedAt: Date.now() };
  firefoxBuild = buildExtension({
    outDir: await world.newFolder("firefox-build"),
    convexUrl: world.wire.url,
    authkitUrl: world.stack.authkit.url,
    clientId: world.stack.clientId,
    browser: "firefox",
  });
});

test.afterAll(() => run.close());

/** Has the page write an answer; resolves when it is written. */
async function writeAnswer(page: Page, words: readonly string[]): Promise<void> {
  await page.evaluate(
    (given) =>
      (window as unknown as { answer(words: readonly string[]): Promise<void> }).answer(given),
    words,
  );
}

/** Waits until the archive has what the page showed at first, and after that these answers, each once. */
async function expectAnswers(...texts: string[]): Promise<void> {
  const { session, messages } = lovable.expected;
  const known = new Set(messages.map(({ key }) => key));
  await expect(async () => {
    const [held] = await archivedOf(run.archive, lovable);
    const rows = held!.messages as { key: string; position: number }[];
    expect(rows.filter(({ key }) => known.has(key))).toEqual(expectedOf(lovable)[0]!.messages);
    const answers = rows.filter(({ key }) => !known.has(key));
    answers.sort((one, other) => one.position - other.position);
    expect(answers).toEqual(
      texts.map((text, at) => ({
        key: expect.stringMatching(/^page-/),
        parentKey: answers[at - 1]?.key ?? session.activeLeafKey,
        role: "assistant",
        position: messages.length + at,
        state: "final",
        parts: [{ type: "text", text }],
      })),
    );
    expect(held!.session).toEqual({ ...session, activeLeafKey: answers.at(-1)?.key });
  }).toPass({ timeout: 15_000, intervals: [200] });
}

test("a page whose traffic is not known is read: its answer once and whole, and nothing while it is off", async () => {
  const page = await open(lovable, run.page);
  await expectHeld(lovable);
  await writeAnswer(page, WORDS);
  await expectAnswers(WORDS.join(" "));

  await options.bringToFront();
  const lovableSwitch = options.getByRole("switch", { name: "Lovable" });
  await lovableSwitch.click();
  await expect(lovableSwitch).not.toBeChecked();
  const before = [await run.archive.sessions(), await capturedRows(options)];
  // What is open already, and what is opened then.
  await writeAnswer(page, ["more"]);
  const other = await open({ ...lovable, page: OTHER_PROJECT });
  await other.waitForTimeout(3_000);
  expect([await run.archive.sessions(), await capturedRows(options)]).toEqual(before);
  expect(await readTabs()).not.toContain(OTHER_PROJECT);
  await other.close();

  await options.bringToFront();
  await lovableSwitch.click();
  await expectAnswers(WORDS.join(" "), "more");
});

test("a chat whose requests have changed is marked and read from its page, until its traffic is read", async ({
  world,
}) => {
  await shared.page.waitForTimeout(Math.max(0, shared.openedAt + 12_000 - Date.now()));
  await options.bringToFront();
  await expect(mark()).toBeHidden();

  const untouched = await open(otherChat);
  await expectHeld(otherChat);
  const page = await open(changed, run.page);
  await options.bringToFront();
  await expect(mark()).toBeVisible();
  await expect(options.getByText(/Its page showed messages that no known request/)).toBeVisible();
  await expectHeld(changed);
  expect(await readTabs()).toEqual([changed.page]);

  // Its traffic is understood again, while its elements are still read: they change nothing of that.
  run.site.play(chat, "load");
  await page.evaluate(async (url) => (await fetch(url)).text(), recorded.load[0]!.url);
  await expectHeld(chat);
  await page.waitForTimeout(1_000);
  const sent = world.wire.bytesSent();
  await page.getByText("Seventeen.").evaluate((answer) => (answer.textContent += " And more."));
  await page.waitForTimeout(4_000);
  expect(world.wire.bytesSent()).toBe(sent);
  await open(chat, page);
  await expectHeld(chat);
  await options.bringToFront();
  await expect(mark()).toBeHidden();
  expect(await readTabs()).toEqual([]);
  const keys = (await run.archive.sessions()).map(({ agent, key }) => `${agent} ${key}`);
  expect(keys.filter((key) => key.startsWith("chatgpt")).sort()).toEqual([
    `chatgpt ${CHAT}`,
    `chatgpt ${otherChat.expected.session.key as string}`,
  ]);
  await untouched.close();
});

test("Firefox: a page is read by its elements, from the start or when its traffic is silent", async ({
  world,
}) => {
  const archive = world.archiveOf("user_grace");
  const site = await startReplaySite([lovable, recorded]);
  const { browser, ...firefox } = await launchFirefox(
    await firefoxBuild,
    await world.newFolder("firefox-profile"),
    { prefs: site.firefoxPrefs, acceptInsecureCerts: true },
  );
  try {
    const welcome = await firefox.openPage("welcome");
    await click(welcome, "button", "Agree");
    await click(welcome, "button", "Sign in");
    const login = await firefox.waitForPage(world.stack.authkit.url);
    await login.locator("::-p-text(grace@example.com)").setTimeout(30_000).click();
    await expectText(welcome, "grace@example.com");
    const areOn = () =>
      welcome.evaluate(() => document.querySelectorAll('[aria-checked="true"]').length);
    for (const [at, name] of ["ChatGPT", "Lovable"].entries()) {
      await click(welcome, "switch", name);
      await expect.poll(areOn).toBe(at + 1);
    }
    for (const replay of [changed, lovable]) {
      site.play(replay, "load");
      const page = await browser.newPage();
      await page.goto(replay.page);
      await page.evaluate(() => (window as unknown as { played: Promise<unknown> }).played);
    }
    await expectHeld(lovable, archive);
    await expectHeld(changed, archive);
  } finally {
    await browser.close();
    await site.close();
  }
});
