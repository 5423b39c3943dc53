/** `npm start -- --demo`: a person's first minutes, played through the real pages. */
import { mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { Archive, type ArchivedMessage, type ArchivedSession } from "./archive.ts";
import { launchExtension } from "./chromium.ts";
import { messagesOf, openOpencode, playTurn, setUpPerson } from "./journey.ts";
import { missing } from "./landed.ts";
import { DEMO_TURNS } from "./model-script.ts";
import { startModel } from "./model.ts";
import { startOpencode } from "./opencode.ts";
import { sessionLine } from "./session-lines.ts";
import type { Shutdown } from "./shutdown.ts";
import type { Stack } from "./stack.ts";

/** What the demo runs on. */
export interface Demo {
  stack: Stack;
  chromium: string;
  extensionDir: string;
  /** Its own folder, emptied at each start: profile, opencode's project, screenshots. */
  dir: string;
  headless: boolean;
}

const LANDING_SECONDS = 60;

/** Plays the demo and reports; throws unless every message landed in Convex whole. */
export async function runDemo(demo: Demo, shutdown: Shutdown): Promise<void> {
  rmSync(demo.dir, { recursive: true, force: true });
  mkdirSync(demo.dir, { recursive: true });
  const [ada] = demo.stack.people;
  if (!ada) throw new Error("The stack has nobody who could sign in.");
  const model = await startModel();
  shutdown.add(() => model.close());
  const opencode = await startOpencode({ dir: join(demo.dir, "opencode"), modelUrl: model.url });
  shutdown.add(() => opencode.close());
  console.log(`opencode      ${opencode.url} (scripted model ${model.url})`);
  const browser = await launchExtension({
    executablePath: demo.chromium,
    extensionDir: demo.extensionDir,
    profileDir: join(demo.dir, "chromium"),
    headless: demo.headless,
  });
  shutdown.add(() => browser.close());
  const { context, extensionId } = browser;

  await setUpPerson(context, extensionId, { email: ada.email, opencodeUrl: opencode.url });
  console.log(`Signed in as ${ada.firstName} ${ada.lastName} through the extension's own pages.`);
  const page = await openOpencode(context, opencode);
  let sessionKey = "";
  for (const { prompt } of DEMO_TURNS) {
    sessionKey = await playTurn(page, opencode.url, prompt);
    console.log(`Asked opencode: ${prompt}`);
  }
  await screenshot(page, join(demo.dir, "opencode.png"));

  const archive = new Archive(demo.stack.convex.url, demo.stack.authkit, ada.id);
  shutdown.add(() => archive.close());
  const landed = await landing(archive, opencode.url, sessionKey);
  const view = await context.newPage();
  await view.goto(`chrome-extension://${extensionId}/archive.html`);
  await view
    .getByText(landed.session.title ?? "")
    .first()
    .click();
  await view
    .getByText(DEMO_TURNS[0]?.prompt ?? "")
    .first()
    .waitFor();
  await screenshot(view, join(demo.dir, "archive.png"));
  report(landed, demo.dir);
}

async function screenshot(page: Page, path: string): Promise<void> {
  await page.setViewportSize({ width: 1200, height: 1500 });
  await page.screenshot({ path });
}

interface Landed {
  session: ArchivedSession;
  messages: ArchivedMessage[];
}

/** Waits until the archive has what opencode has. */
async function landing(archive: Archive, opencodeUrl: string, key: string): Promise<Landed> {
  const deadline = Date.now() + LANDING_SECONDS * 1000;
  let problems: string[] = [];
  while (Date.now() < deadline) {
    const find = async () => (await archive.sessions()).find((one) => one.key === key);
    const found = await find();
    const messages = found ? await archive.messages(found.id) : [];
    problems = missing(await messagesOf(opencodeUrl, key), messages);
    // Read again: the header may have been older than the messages.
    const session = problems.length === 0 ? await find() : undefined;
    if (session) return { session, messages };
    await wait(250);
  }
  throw new Error(
    `The demo's session did not land whole in Convex within ${LANDING_SECONDS} s: ${problems.join("; ")}.`,
  );
}

function report({ session, messages }: Landed, dir: string): void {
  const kinds = messages.flatMap(({ parts }) => parts.map(({ type }) => type));
  const count = (kind: string) => kinds.filter((one) => one === kind).length;
  const list = [...new Set(kinds)].map((kind) => `${count(kind)} ${kind}`).join(", ");
  const shown = (name: string) => relative(process.cwd(), join(dir, name));
  console.log(`${sessionLine(session)}, whole: ${list}`);
  console.log(`Screenshots: ${shown("opencode.png")}, ${shown("archive.png")}`);
}
