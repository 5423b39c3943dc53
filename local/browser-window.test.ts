import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openBrowser } from "./browser-window.ts";
import { ensureChromium } from "./browsers.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "window-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function writeExtension(): string {
  const files = {
    "manifest.json": JSON.stringify({
      manifest_version: 3,
      name: "Try",
      version: "1",
      background: { service_worker: "worker.js" },
    }),
    "worker.js": "chrome.runtime.onInstalled.addListener(() => {});",
    "welcome.html": "<title>Welcome</title>",
  };
  const folder = mkdtempSync(join(dir, "extension-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** The machine's Chromium, without a screen. */
async function headlessChromium(): Promise<string> {
  const program = join(dir, "chromium");
  writeFileSync(program, `#!/bin/sh\nexec "${await ensureChromium()}" --headless=new "$@"\n`);
  chmodSync(program, 0o755);
  return program;
}

it("opens the welcome page at every start, and closes the browser in good order", async () => {
  const options = {
    chromium: await headlessChromium(),
    extensionDir: writeExtension(),
    dataDir: dir,
  };
  for (let start = 0; start < 2; start += 1) {
    const window = await openBrowser(options);
    expect(window.pages.filter((url) => url.endsWith("/welcome.html"))).toHaveLength(1);
    await window.close();
    await window.closed;
  }
}, 60_000);
