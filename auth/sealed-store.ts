/**
 * Keeps the sign-in in storage.local so that it survives a restart, sealed: content scripts can read storage.local (in Firefox always),
 * but not this origin's IndexedDB, where the key lives, and no script at all can read the key itself.
 */
import { openDB } from "idb";
import { browser } from "../utils/browser";
import { authSession } from "../utils/storage";
import type { AuthSession } from "./host-protocol";

/** `lost`: something is stored that cannot be opened; the person has to sign in again. */
export type Unsealed =
  { state: "empty" } | { state: "lost" } | { state: "open"; session: AuthSession };

/** The one place of the refresh token. */
export interface SealedStore {
  read(): Promise<Unsealed>;
  write(session: AuthSession): Promise<void>;
  clear(): Promise<void>;
}

const DATABASE = "opensync-auth";
const KEYS = "keys";
const KEY_NAME = "authSession";

/** Opens the store over `utils/storage`'s `authSession`. */
export function createSealedStore(): SealedStore {
  return {
    async read() {
      const sealed = await authSession.getValue();
      if (sealed === null) return { state: "empty" };
      // A database that cannot be opened now is an error, not a lost sign-in: only what was read can be found wanting.
      const key = await loadKey();
      const session = key === undefined ? null : await unseal(sealed, key).catch(() => null);
      return session === null ? { state: "lost" } : { state: "open", session };
    },

    async write(session) {
      const key = (await loadKey()) ?? (await makeKey());
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const text = new TextEncoder().encode(JSON.stringify(session));
      const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text);
      await authSession.setValue({ iv: toBase64(iv), data: toBase64(new Uint8Array(data)) });
    },

    async clear() {
      await authSession.setValue(null);
    },
  };
}

/** In Chrome, shuts content scripts out of storage.local besides; Firefox has no such switch. */
export async function closeStorageToContentScripts(): Promise<void> {
  const area = browser.storage.local as typeof browser.storage.local & {
    setAccessLevel?: (options: { accessLevel: string }) => Promise<void>;
  };
  await area.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });
}

/** Rejects when the data was changed or cut, or belongs to another key. */
async function unseal(
  sealed: { iv: string; data: string },
  key: CryptoKey,
): Promise<AuthSession | null> {
  const iv = fromBase64(sealed.iv);
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, fromBase64(sealed.data));
  const session: unknown = JSON.parse(new TextDecoder().decode(text));
  return isAuthSession(session) ? session : null;
}

function isAuthSession(value: unknown): value is AuthSession {
  if (typeof value !== "object" || value === null) return false;
  const { signInId, clientId, refreshToken, profile } = value as Partial<AuthSession>;
  const hasTexts = [signInId, clientId, refreshToken].every((text) => typeof text === "string");
  return hasTexts && typeof profile?.id === "string" && typeof profile.email === "string";
}

async function database() {
  return await openDB<{ keys: { key: string; value: CryptoKey } }>(DATABASE, 1, {
    upgrade: (db) => void db.createObjectStore(KEYS),
  });
}

async function loadKey(): Promise<CryptoKey | undefined> {
  const db = await database();
  try {
    return await db.get(KEYS, KEY_NAME);
  } finally {
    db.close();
  }
}

async function makeKey(): Promise<CryptoKey> {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  const db = await database();
  try {
    const transaction = db.transaction(KEYS, "readwrite", { durability: "strict" });
    await Promise.all([transaction.store.put(key, KEY_NAME), transaction.done]);
  } finally {
    db.close();
  }
  return key;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
