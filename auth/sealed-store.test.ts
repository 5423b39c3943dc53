import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { openDB } from "idb";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeBrowser } from "wxt/testing/fake-browser";
import { authSession } from "../utils/storage";
import type { AuthSession } from "./host-protocol";
import { createSealedStore } from "./sealed-store";

const session: AuthSession = {
  signInId: "sign-in-1",
  clientId: "client_1",
  refreshToken: "refresh-token-in-plain",
  sessionId: "session_1",
  profile: { id: "user_ada", email: "ada@example.com", name: "Adä 🦊" },
};

beforeEach(() => {
  fakeBrowser.reset();
  globalThis.indexedDB = new IDBFactory();
});

async function changeStored(change: (sealed: { iv: string; data: string }) => object) {
  await fakeBrowser.storage.local.set({ authSession: change((await authSession.getValue())!) });
}

describe("the sealed store", () => {
  it("is empty at first and after clearing", async () => {
    const store = createSealedStore();
    expect(await store.read()).toEqual({ state: "empty" });
    await store.write(session);
    await store.clear();
    expect(await store.read()).toEqual({ state: "empty" });
    expect(await authSession.getValue()).toBeNull();
  });

  it("gives back what was written, also to another generation of the background", async () => {
    await createSealedStore().write(session);
    expect(await createSealedStore().read()).toEqual({ state: "open", session });
  });

  it("leaves nothing readable in storage.local, and never the same twice", async () => {
    const store = createSealedStore();
    await store.write(session);
    const first = JSON.stringify(await fakeBrowser.storage.local.get(null));
    for (const secret of ["refresh-token-in-plain", "ada@example.com", "session_1"]) {
      expect(first).not.toContain(secret);
      expect(first).not.toContain(btoa(secret).replaceAll("=", ""));
    }
    await store.write(session);
    expect(JSON.stringify(await fakeBrowser.storage.local.get(null))).not.toBe(first);
  });

  it("seals with a key that no script can read", async () => {
    await createSealedStore().write(session);
    const db = await openDB("opensync-auth");
    const key = (await db.get("keys", "authSession")) as CryptoKey;
    db.close();
    expect(key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
  });

  it("is lost, not broken, when the key is gone", async () => {
    await createSealedStore().write(session);
    globalThis.indexedDB = new IDBFactory();
    expect(await createSealedStore().read()).toEqual({ state: "lost" });
  });

  it.each([
    ["cut", ({ iv, data }: { iv: string; data: string }) => ({ iv, data: data.slice(0, 8) })],
    [
      "changed",
      ({ iv, data }: { iv: string; data: string }) => ({ iv, data: `AAAA${data.slice(4)}` }),
    ],
    ["not base64", ({ iv }: { iv: string }) => ({ iv, data: "%%%" })],
    ["of another shape", () => ({ some: "thing" })],
  ])("is lost when the data is %s", async (_what, change) => {
    const store = createSealedStore();
    await store.write(session);
    await changeStored(change);
    expect(await store.read()).toEqual({ state: "lost" });
    await store.write(session);
    expect(await store.read()).toEqual({ state: "open", session });
  });

  it("is lost when what was sealed is not a sign-in", async () => {
    const store = createSealedStore();
    await store.write({ ...session, refreshToken: undefined as unknown as string });
    expect(await store.read()).toEqual({ state: "lost" });
  });

  it("is an error, not a lost sign-in, when the database cannot be opened now", async () => {
    const store = createSealedStore();
    await store.write(session);
    const good = globalThis.indexedDB;
    globalThis.indexedDB = {
      open: () => {
        throw new Error("busy");
      },
    } as unknown as IDBFactory;
    await expect(store.read()).rejects.toThrow("busy");
    globalThis.indexedDB = good;
    expect(await store.read()).toEqual({ state: "open", session });
  });
});
