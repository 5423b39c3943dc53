// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { createAuthState } from "../auth/auth-state";
import { createSealedStore } from "../auth/sealed-store";
import * as stored from "../utils/storage";
import source from "../utils/storage.ts?raw";
import { createConnection } from "./database";
import { createLife } from "./life";
import { Status } from "./status";
import { World } from "./testing/worker";

/** Every stored item, with what its comment says that signing out does to it. */
const items = [
  ...source.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const (\w+) = storage\.defineItem<[\s\S]*?"(local|session):(\w+)"/g,
  ),
].map(([, comment, name, area, key]) => ({
  name: name!,
  area: area as "local" | "session",
  key: key!,
  isCleared: /Cleared at sign-out/.test(comment!),
  isKept: /Kept at sign-out/.test(comment!),
}));

beforeEach(() => {
  fakeBrowser.reset();
  globalThis.indexedDB = new IDBFactory();
});

/** What the background does when somebody signs out. */
async function signOut(): Promise<void> {
  await createAuthState(createSealedStore(), () => 1).end(null);
  const getDatabase = createConnection();
  const nobody = () => Promise.resolve(null);
  const status = new Status({
    getDatabase,
    getPerson: nobody,
    item: stored.captureStatus,
    secretMasks: stored.secretMasks,
    drift: stored.drift,
    showBadge: () => Promise.resolve(),
    now: () => 1,
  });
  await createLife({
    getActive: nobody,
    getDeployment: () => Promise.resolve(""),
    updateScripts: () => Promise.resolve([]),
    provision: () => Promise.resolve({ kind: "signed-out" }),
    status,
    drain: new World().startWorker(getDatabase, () => Promise.reject(new Error("not called"))),
    told: stored.toldAccount,
  }).leave();
}

it("every stored item says what signing out does to it", () => {
  const defined = Object.values(stored).filter((value) => typeof value === "object");
  expect(items).toHaveLength(defined.length);
  for (const { name, isCleared, isKept } of items)
    expect([name, isCleared !== isKept]).toEqual([name, true]);
});

it("signing out clears exactly the items that say so", async () => {
  const full = Object.fromEntries(items.map(({ key }) => [key, { left: key }]));
  for (const { area, key } of items) await fakeBrowser.storage[area].set({ [key]: full[key] });
  await signOut();
  for (const { name, area, key, isKept } of items) {
    const { [key]: value } = await fakeBrowser.storage[area].get(key);
    const { fallback } = stored[name as "profile"];
    // Taken away, or as if it had never been set.
    if (isKept) expect([name, value]).toEqual([name, full[key]]);
    else expect([name, value ?? fallback]).toEqual([name, fallback]);
  }
});
