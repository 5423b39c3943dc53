import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { openCaptureWorld } from "./support/capture-world.ts";

test("a page that is open while the extension is updated is captured on, once, by the new one", async () => {
  const world = await openCaptureWorld({ canUpdate: true });
  const page = await world.open("/");
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => errors.push(message.text()));
  const read = (key: string) =>
    page.evaluate(async (name) => (await fetch(`/api/session/${name}`)).text(), key);
  const keys = async () => (await world.seen()).map(({ reading }) => reading?.session.key);

  await read("before");
  await expect.poll(keys).toEqual(["before"]);

  const manifest = join(world.folder, "manifest.json");
  await writeFile(manifest, (await readFile(manifest, "utf8")).replace('"1.0"', '"1.1"'));
  await world.update();
  // The old script notices at the next body; nobody takes this one.
  await read("between");
  await page.waitForTimeout(500);
  expect(await keys()).toEqual([]);

  await world.apply([`${world.site.origin}/*`]);
  expect(await world.inject([`${world.site.origin}/*`])).toBe(1);
  await read("after");
  await expect.poll(keys).toEqual(["after"]);
  await page.waitForTimeout(500);
  expect(await keys()).toEqual(["after"]);
  expect(errors).toEqual([]);
  await world.close();
});

test("a page that comes back from the back-forward cache is captured on, and can go there", async () => {
  const world = await openCaptureWorld({ canUpdate: true });
  const page = await world.open("/");
  await page.evaluate(() => {
    const counter = window as unknown as { returns: number };
    counter.returns = 0;
    addEventListener("pageshow", (event) => {
      if (event.persisted) counter.returns += 1;
    });
  });
  const returns = () => page.evaluate(() => (window as unknown as { returns?: number }).returns);
  const read = (key: string) =>
    page.evaluate(async (name) => (await fetch(`/api/session/${name}`)).text(), key);
  for (let round = 1; round <= 3; round += 1) {
    await read(`before${round}`);
    await page.goto(`${world.site.other}/`);
    await page.goBack({ waitUntil: "commit" });
    await expect.poll(returns).toBe(round);
    await read(`back${round}`);
  }
  // What was on its way when the page was frozen is sent again; the outbox keeps it once.
  const keys = async () => [
    ...new Set((await world.seen()).map(({ reading }) => reading?.session.key)),
  ];
  await expect.poll(keys).toEqual(["before1", "back1", "before2", "back2", "before3", "back3"]);
  await world.close();
});
