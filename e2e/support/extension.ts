/** What specs do to the extension from outside: look into its stores, kill its worker, open its pages. */
import type { BrowserContext, Page } from "@playwright/test";
import type { LaunchedExtension } from "../../local/chromium.ts";

/** Opens one of the extension's pages in a tab. */
export async function openPage(
  { context, extensionId }: LaunchedExtension,
  name: "popup" | "options" | "welcome" | "archive" | "earlier",
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`chrome-extension://${extensionId}/${name}.html`);
  return page;
}

/** Ends the extension's service worker as the browser does; the next event starts it again. */
export async function killWorker(context: BrowserContext): Promise<void> {
  const session = await context.browser()!.newBrowserCDPSession();
  const { targetInfos } = await session.send("Target.getTargets");
  for (const { type, url, targetId } of targetInfos) {
    if (type !== "service_worker" || !url.startsWith("chrome-extension://")) continue;
    await session.send("Target.closeTarget", { targetId });
  }
  await session.detach();
}

/** How many rows each store of the extension's IndexedDB holds; read from one of its pages. */
async function countRows(page: Page): Promise<Record<string, number>> {
  return await page.evaluate(async () => {
    const counts: Record<string, number> = {};
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name!);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of database.objectStoreNames) {
        counts[`${name}/${store}`] = await new Promise((resolve, reject) => {
          const request = database.transaction(store).objectStore(store).count();
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      }
      database.close();
    }
    return counts;
  });
}

/** Messages and headers that the extension holds, in whatever state. */
export async function capturedRows(page: Page): Promise<number> {
  const counts = await countRows(page);
  return Object.entries(counts)
    .filter(([store]) => /\/(outbox|headers|ledger)$/.test(store))
    .reduce((sum, [, count]) => sum + count, 0);
}
