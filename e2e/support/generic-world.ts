/** What the generic agent's proof needs: two pages that are built with other people's packages, the model, the whole product, Chromium. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { build } from "esbuild";
import { Archive } from "../../local/archive.ts";
import { ensureChromium } from "../../local/browsers.ts";
import { launchExtension, preapprove, signInAs } from "../../local/chromium.ts";
import { buildExtension } from "../../local/extension-build.ts";
import { startModel } from "../../local/model.ts";
import { startStack } from "../../local/stack.ts";
import { openPage } from "./extension.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

/** Whose archive it is. */
const PERSON = { email: "ada@example.com", id: "user_ada" };

export interface GenericWorld {
  archive: Archive;
  /** The options page. */
  options: Page;
  /** Opens a page of a server; it asks the model, as its address says. */
  open(server: WebServer, path?: string): Promise<Page>;
  /** Serves the page made of a file in this folder, at an origin of its own; at /own it answers chats in a form of its own. */
  serve(file: string): Promise<WebServer>;
  close(): Promise<void>;
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, file)],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}

function servePage(script: string): Promise<WebServer> {
  const page =
    '<!doctype html><title>Page</title><body><script type="module" src="/page.js"></script>';
  return startWebServer((request, response) => {
    const { method, url = "" } = request;
    const isScript = url === "/page.js";
    const isPage = /^\/(?:old|own)?\?/.test(url);
    const isAsked = method === "POST" && url === "/own";
    response.statusCode = isScript || isPage || isAsked ? 200 : 404;
    const type = isScript ? "text/javascript" : isAsked ? "application/json" : "text/html";
    response.setHeader("content-type", type);
    response.end(isScript ? script : isAsked ? '{"text":"I answer in **my own** form."}' : page);
  });
}

/** Starts everything; the person has agreed and is signed in, and no agent is on. */
export async function openGenericWorld(): Promise<GenericWorld> {
  const folder = await mkdtemp(join(tmpdir(), "opensync-generic-"));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const ending = <T extends { close(): Promise<unknown> }>(part: T): T => {
    ends.unshift(() => part.close());
    return part;
  };
  const stack = ending(await startStack({ dataDir: join(folder, "stack") }));
  const model = ending(await startModel());
  const extensionDir = await buildExtension({
    outDir: join(folder, "build"),
    convexUrl: stack.convex.url,
    authkitUrl: stack.authkit.url,
    clientId: stack.clientId,
  });
  const executablePath = await ensureChromium();
  const profileDir = join(folder, "profile");
  const browser = ending(
    await launchExtension({ executablePath, extensionDir, profileDir, headless: true }),
  );
  const welcome = await openPage(browser, "welcome");
  await welcome.getByRole("button", { name: "Agree" }).click();
  const signIn = welcome.getByRole("button", { name: "Sign in" });
  await signInAs(browser.context, PERSON.email, () => signIn.click());
  await welcome.getByText(PERSON.email).waitFor();
  await welcome.close();
  return {
    archive: ending(new Archive(stack.convex.url, stack.authkit, PERSON.id)),
    options: await openPage(browser, "options"),
    async open({ url }, path = "/") {
      const page = await browser.context.newPage();
      await page.goto(`${url}${path}?model=${encodeURIComponent(model.url)}`);
      return page;
    },
    async serve(file) {
      const server = ending(await servePage(await bundle(file)));
      // What the person answers when the browser asks for this one origin.
      await preapprove(browser.context, browser.extensionId, `${server.url}/*`);
      return server;
    },
    async close() {
      for (const end of ends) await end();
    },
  };
}
