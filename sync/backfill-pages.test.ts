import { expect, it } from "vitest";
import type { Tabs } from "webextension-polyfill";
import { createBackfillPages } from "./backfill-pages";

/** Tabs as the browser keeps them. */
function browserWith(...open: Partial<Tabs.Tab>[]) {
  let tabs = open as Tabs.Tab[];
  const asked: (string | undefined)[] = [];
  const pages = createBackfillPages({
    tabs: {
      // Firefox looks at host names only.
      query({ url }) {
        asked.push(url as string);
        const { hostname } = new URL(url as string);
        return Promise.resolve(tabs.filter((tab) => URL.parse(tab.url!)?.hostname === hostname));
      },
      create({ url, active }) {
        const tab = { id: 99, url, active } as Tabs.Tab;
        tabs = [...tabs, tab];
        return Promise.resolve(tab);
      },
      get(id) {
        const tab = tabs.find((one) => one.id === id);
        return tab ? Promise.resolve(tab) : Promise.reject(new Error("No tab."));
      },
      remove(id) {
        const isThere = tabs.some((one) => one.id === id);
        tabs = tabs.filter((one) => one.id !== id);
        return isThere ? Promise.resolve() : Promise.reject(new Error("No tab."));
      },
    },
    askPage: () => Promise.resolve(null),
  });
  return { pages, asked, tabs: () => tabs };
}

const site = "http://127.0.0.1:5001";

it("finds the tab of exactly that origin that was looked at last, and no sleeping or private one", async () => {
  const { pages, asked } = browserWith(
    { id: 1, url: "http://127.0.0.1:5002/", lastAccessed: 9 },
    { id: 2, url: `${site}/a`, lastAccessed: 3 },
    { id: 3, url: `${site}/b`, lastAccessed: 5 },
    { id: 4, url: `${site}/c`, lastAccessed: 7, discarded: true },
    { id: 5, url: `${site}/d`, lastAccessed: 8, incognito: true },
  );
  expect(await pages.find(site, null)).toBe(3);
  expect(await pages.find(site, 3)).toBe(2);
  expect(await pages.find("http://127.0.0.1:5003", null)).toBeNull();
  expect(asked[0]).toBe("http://127.0.0.1/*");
});

it("opens the site's start page in the background, knows whether it is there, and closes it", async () => {
  const { pages, tabs } = browserWith();
  const id = await pages.open(site);
  expect(tabs()).toEqual([{ id, url: `${site}/`, active: false }]);
  expect(await pages.isOpen(id)).toBe(true);
  await pages.close(id);
  expect(await pages.isOpen(id)).toBe(false);
  // The person was faster.
  await expect(pages.close(id)).resolves.toBeUndefined();
});
