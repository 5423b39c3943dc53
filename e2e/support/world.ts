/** The whole product for a spec: AuthKit, Convex behind a counted wire, opencode's real page, the built extension, Chromium. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "@playwright/test";
import { Archive } from "../../local/archive.ts";
import { ensureChromium } from "../../local/browsers.ts";
import { launchExtension, type LaunchedExtension } from "../../local/chromium.ts";
import { buildExtension } from "../../local/extension-build.ts";
import { startModel, type Model } from "../../local/model.ts";
import { startOpencode, type Opencode } from "../../local/opencode.ts";
import { startStack, type Stack } from "../../local/stack.ts";
import { people } from "./people.ts";
import { freePort } from "./web-server.ts";
import { openWire, type Wire } from "./wire.ts";

export interface World {
  stack: Stack;
  /** What the extension takes for the Convex deployment. */
  wire: Wire;
  model: Model;
  opencode: Opencode;
  extensionDir: string;
  /** Starts Chromium with the extension; without a folder, in an empty profile. */
  openBrowser(profileDir?: string): Promise<LaunchedExtension>;
  /** An empty folder that goes with the world. */
  newFolder(name: string): Promise<string>;
  /** A person's archive, read beside the extension. */
  archiveOf(personId: string): Archive;
}

/** Starts everything, and ends it in reverse order whatever happened in between. */
async function withWorld(use: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "opensync-e2e-"));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const ending = <T extends { close(): Promise<unknown> }>(part: T): T => {
    ends.push(() => part.close());
    return part;
  };
  const newFolder = (name: string): Promise<string> => mkdtemp(join(folder, `${name}-`));
  try {
    const stack = ending(await startStack({ dataDir: join(folder, "stack"), people }));
    const wire = ending(await openWire(stack.convex.url));
    const model = ending(await startModel());
    const opencode = ending(
      await startOpencode({
        dir: join(folder, "opencode"),
        port: await freePort(),
        modelUrl: model.url,
      }),
    );
    const extensionDir = await buildExtension({
      outDir: join(folder, "build"),
      convexUrl: wire.url,
      authkitUrl: stack.authkit.url,
      clientId: stack.clientId,
    });
    const executablePath = await ensureChromium();
    await use({
      stack,
      wire,
      model,
      opencode,
      extensionDir,
      newFolder,
      openBrowser: async (profileDir) =>
        await launchExtension({
          executablePath,
          extensionDir,
          profileDir: profileDir ?? (await newFolder("profile")),
          headless: true,
        }),
      archiveOf: (personId) => ending(new Archive(stack.convex.url, stack.authkit, personId)),
    });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Playwright's `test` with one world for all specs of a worker. */
export const test = base.extend<object, { world: World }>({
  world: [
    // Playwright wants the first parameter destructured.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => await withWorld(use),
    { scope: "worker", timeout: 180_000 },
  ],
});

export { expect } from "@playwright/test";
