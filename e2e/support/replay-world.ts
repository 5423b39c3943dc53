/** Chromium with the built extension, every recorded agent switched on by its person, and the recorded sites. */
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";
import { runnerImport } from "vite";
import type { Archive, ArchivedSession } from "../../local/archive.ts";
import type { Person } from "../../local/authkit/people.ts";
import { ensureChromium } from "../../local/browsers.ts";
import { launchExtension, preapprove, type LaunchedExtension } from "../../local/chromium.ts";
import { setUpPerson } from "../../local/journey.ts";
import { openPage } from "./extension.ts";
import type { Held, Replay } from "./replay.ts";
import { startReplaySite, type ReplaySite } from "./replay-site.ts";
import type { World } from "./world.ts";

/** What of an agent the options page shows. */
interface Shown {
  id: string;
  name: string;
  origins: string[];
}

/** Everything that a replay needs. */
export interface ReplayWorld {
  site: ReplaySite;
  browser: LaunchedExtension;
  archive: Archive;
  /** The one tab. */
  page: Page;
  /** Everything that has left the browser for Convex, as text. */
  sent(): string;
  close(): Promise<void>;
}

const ROOT = join(import.meta.dirname, "../..");

async function shownAgents(replays: readonly Replay[]): Promise<Shown[]> {
  const { module } = await runnerImport<{ agents: readonly Shown[] }>(
    join(ROOT, "agents/index.ts"),
    { root: ROOT, configFile: false, logLevel: "error" },
  );
  return module.agents.filter(({ id }) => replays.some(({ agentId }) => agentId === id));
}

/** Switches the agents on as a person does, one after the other. */
async function switchOn(
  browser: LaunchedExtension,
  agents: readonly Shown[],
  replays: readonly Replay[],
): Promise<void> {
  const { context, extensionId } = browser;
  const pages = replays.map(({ page }) => `${new URL(page).origin}/*`);
  const patterns = [...new Set([...agents.flatMap(({ origins }) => origins), ...pages])];
  await preapprove(context, extensionId, ...patterns);
  const options = await openPage(browser, "options");
  for (const { id, name, origins } of agents) {
    const { origin } = new URL(replays.find(({ agentId }) => agentId === id)!.page);
    const agentSwitch = options.getByRole("switch", { name, exact: true });
    if (origins.includes(`${origin}/*`)) {
      if (!(await agentSwitch.isChecked())) await agentSwitch.click();
    } else {
      await options.getByLabel("Another address").fill(origin);
      await options.getByRole("button", { name: "Add" }).click();
      await expect(options.getByText(`${name} runs at ${origin}.`)).toBeVisible();
    }
    await expect(agentSwitch).toBeChecked();
  }
  await options.close();
}

/** Opens it: one browser for all recordings, with a person who has nothing in the archive yet. */
export async function openReplayWorld(
  world: World,
  replays: readonly Replay[],
  { id, email }: Person,
): Promise<ReplayWorld> {
  const site = await startReplaySite(replays);
  const sent = world.wire.keepSent();
  const browser = await launchExtension({
    executablePath: await ensureChromium(),
    extensionDir: world.extensionDir,
    profileDir: await world.newFolder("profile"),
    headless: true,
    args: site.browserArgs,
  });
  const person = { email, opencodeUrl: world.opencode.url };
  const welcome = await setUpPerson(browser.context, browser.extensionId, person);
  await welcome.close();
  await switchOn(browser, await shownAgents(replays), replays);
  return {
    site,
    browser,
    archive: world.archiveOf(id),
    page: await browser.context.newPage(),
    sent,
    async close() {
      await browser.close();
      await site.close();
    },
  };
}

/** A stored session in the terms of a reading; what only the server knows is left out. */
function headerOf(session: ArchivedSession): Record<string, unknown> {
  const { id, messageCount, usage, updatedAt, siteCreatedAt, siteUpdatedAt, ...fields } =
    session as ArchivedSession & Record<string, unknown>;
  expect([typeof id, typeof messageCount, typeof usage, typeof updatedAt]).toEqual([
    "string",
    "number",
    "object",
    "number",
  ]);
  const times = { createdAt: siteCreatedAt, updatedAt: siteUpdatedAt };
  return Object.fromEntries(
    Object.entries({ ...fields, ...times }).filter(([, value]) => value !== undefined),
  );
}

const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);

/** How a session is told from all others. */
export function nameOf({ agent, key }: Record<string, unknown>): string {
  return `${agent as string} ${key as string}`;
}

async function heldOf(archive: Archive, session: ArchivedSession): Promise<Held> {
  const messages = (await archive.messages(session.id)).map((row) => {
    const { id, hash, ...message } = row as typeof row & Record<string, unknown>;
    expect([typeof id, typeof hash]).toEqual(["string", "string"]);
    return message;
  });
  return { session: headerOf(session), messages: messages.sort(byKey) };
}

/** What the archive must hold of a recording: its session, and those of its sub-agents. */
export function expectedOf({ expected: { children = [], ...own } }: Replay): Held[] {
  return [own, ...children].map(({ session, messages }) => ({
    session,
    messages: [...messages].sort(byKey),
  }));
}

/** What it holds of them, in the same order; those that are not there are missing. */
export async function archivedOf(archive: Archive, replay: Replay): Promise<Held[]> {
  const stored = new Map(
    (await archive.sessions()).map((session) => [nameOf({ ...session }), session]),
  );
  const wanted = expectedOf(replay).flatMap(({ session }) => stored.get(nameOf(session)) ?? []);
  return await Promise.all(wanted.map((session) => heldOf(archive, session)));
}
