import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { build } from "esbuild";
import puppeteer from "puppeteer-core";
import { plantedSecrets, tracesOf } from "../capture/testing/secrets.ts";
import { ensureFirefox } from "../local/browsers.ts";
import { listenOnLoopback } from "../local/listen.ts";

const ROOT = resolve(import.meta.dirname, "..");

/** The masking as one script that leaves `redactText` in the page. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { redactText } from "./capture/redact-text";`,
      resolveDir: ROOT,
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "masking",
    logLevel: "error",
    external: ["node:fs"],
    plugins: [
      {
        name: "no-node",
        setup(plugin) {
          plugin.onResolve({ filter: /^node:path$/ }, () => ({ path: "none", namespace: "none" }));
          plugin.onLoad({ filter: /.*/, namespace: "none" }, () => ({
            contents: "export default {}",
          }));
        },
      },
    ],
  });
  return outputFiles[0]!.text;
}

test("Firefox's engine masks every form too", async () => {
  test.setTimeout(120_000);
  const profile = await mkdtemp(join(tmpdir(), "opensync-secrets-"));
  // Web Crypto is there only on a page of a trustworthy origin.
  const server = createServer((_request, response) => response.end("<!doctype html>"));
  const port = await listenOnLoopback(server, { what: "The empty page" });
  const firefox = await puppeteer.launch({
    browser: "firefox",
    executablePath: await ensureFirefox(),
    headless: true,
    userDataDir: profile,
  });
  try {
    const page = await firefox.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.evaluate(`${await bundle()}; globalThis.masking = masking; undefined`);
    const planted = plantedSecrets();
    const masked = await page.evaluate(
      (texts) => {
        const { redactText } = (
          globalThis as unknown as { masking: { redactText(text: string): Promise<string> } }
        ).masking;
        return Promise.all(texts.map((text) => redactText(text)));
      },
      planted.map(({ before, secret, after }) => `Look: ${before}${secret}${after} , right?`),
    );
    expect(masked).toHaveLength(planted.length);
    for (const [index, one] of planted.entries()) {
      const left = tracesOf(one).filter((trace) => masked[index]!.includes(trace));
      expect([one.name, left]).toEqual([one.name, []]);
      expect(masked[index]).toMatch(/^Look: .*\[redacted:[a-z0-9-]+:[0-9a-f]{8}\]/s);
    }
  } finally {
    await firefox.close();
    await new Promise((done) => server.close(done));
    await rm(profile, { recursive: true, force: true });
  }
});
