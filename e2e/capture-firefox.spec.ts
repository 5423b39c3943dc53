import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { buildTestExtension, type Seen } from "./support/capture-world.ts";
import { launchFirefox } from "./support/firefox.ts";
import { startSite } from "./support/site.ts";

test("Firefox: the bridge is sealed, every transport is copied, a settled turn is asked for", async () => {
  const folder = await mkdtemp(join(tmpdir(), "opensync-capture-"));
  const site = await startSite();
  await buildTestExtension(folder, site.origin, { browser: "firefox" });
  const profile = await mkdtemp(join(tmpdir(), "opensync-firefox-"));
  const { browser } = await launchFirefox(folder, profile);
  try {
    // The worker's first report says that the scripts are registered.
    await expect.poll(() => site.reports).toEqual([{ missing: [] }]);
    const seen = (end: string) =>
      (site.reports as Seen[]).find(({ observation }) => observation?.url.endsWith(end));
    for (const path of ["/", "/trusted", "/csp-none", "/replaces-fetch"]) {
      const page = await browser.newPage();
      await page.goto(site.origin + path);
      const name = `at${path.slice(1).replace("-", "")}`;
      const [own, ports, rules] = await page.evaluate(async (key) => {
        const spied = window as unknown as { ports?: unknown[]; rules?: unknown[] };
        const text = await (await fetch(`/api/session/${key}`)).text();
        return [text, spied.ports?.length ?? 0, spied.rules?.length ?? 0];
      }, name);
      await expect.poll(() => seen(`/api/session/${name}`)?.observation.body).toBe(own);
      expect([ports, rules]).toEqual([0, 0]);
    }

    const page = await browser.newPage();
    await page.goto(`${site.origin}/`);
    const native = await page.evaluate(async () => {
      const xhr = new XMLHttpRequest();
      xhr.open("GET", "/xhr/letter");
      xhr.send();
      const socket = new WebSocket(`ws://${location.host}/socket`);
      await new Promise((resolve) => (socket.onmessage = resolve));
      void fetch("/events").then((response) => response.text());
      return [String(fetch), String(XMLHttpRequest.prototype.open), String(WebSocket)];
    });
    for (const text of native) expect(text).toContain("[native code]");
    await expect.poll(() => seen("/xhr/letter")?.reading?.session.key).toBe("letter");
    await expect.poll(() => seen("/socket")?.reading?.session.key).toBe("socket");
    await expect.poll(() => site.openStreams()).toBe(1);
    site.send({ idle: "turn1" });
    await expect.poll(() => seen("/api/session/turn1")?.reading?.session.key).toBe("turn1");

    const large = `{"key":"echo","texts":["${"é😀x".repeat(200_000)}"]}`;
    const answer = await page.evaluate(
      async (body) => (await fetch("/api/echo", { method: "POST", body })).text(),
      large,
    );
    await expect.poll(() => seen("/api/echo")?.observation.body === answer).toBe(true);

    await page.evaluate(async () => {
      const form = new FormData();
      form.set("f.req", "wanted as a form");
      for (const body of [form, new Blob(["wanted as a blob"])])
        await (await fetch("/rpc", { method: "POST", body })).text();
      const request = new Request("/rpc", { method: "POST", body: "wanted as a request" });
      await (await fetch(request)).text();
      const sending = new XMLHttpRequest();
      sending.open("POST", "/rpc");
      sending.send("wanted of old");
    });
    const requests = () =>
      (site.reports as Seen[]).flatMap(({ observation }) => observation?.request ?? []);
    await expect
      .poll(requests)
      .toEqual([
        '{"f.req":"wanted as a form"}',
        "wanted as a blob",
        "wanted as a request",
        "wanted of old",
      ]);

    await page.evaluate(async () => {
      document.cookie = "lastOrg=org-1";
      const ask = encodeURIComponent("/api/session/past?of={lastOrg}");
      const headers = { authorization: "Bearer of-this-page-only" };
      await (await fetch(`/api/session/now?ask=${ask}`, { headers })).text();
    });
    const past = `${site.origin}/api/session/past?of=org-1`;
    await expect
      .poll(() => site.reports)
      .toContainEqual(expect.objectContaining({ status: 200, url: past }));
    expect(site.headersOf("/api/session/past")).toMatchObject({
      authorization: "Bearer of-this-page-only",
      cookie: "lastOrg=org-1",
    });

    const other = await browser.newPage();
    await other.goto(`${site.other}/`);
    await other.evaluate(async () => (await fetch("/api/session/other")).text());
    await page.evaluate(async () => (await fetch("/api/session/last")).text());
    await expect.poll(() => seen("/api/session/last")).toBeDefined();
    expect(seen("/api/session/other")).toBeUndefined();
  } finally {
    await browser.close();
    await site.close();
    for (const path of [folder, profile]) await rm(path, { recursive: true, force: true });
  }
});
