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
