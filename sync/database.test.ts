// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { openDB } from "idb";
import { beforeEach, expect, it } from "vitest";
import { openDatabase } from "./database";
import { addCaptured } from "./outbox";
import { captured, message } from "./testing/readings";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

/** The database as the first version made it. */
async function openFirst() {
  return openDB("sync", 1, {
    upgrade(created) {
      const outbox = created.createObjectStore("outbox", { keyPath: "id", autoIncrement: true });
      outbox.createIndex("by_message", ["owner", "agent", "session", "key"], { unique: true });
      outbox.createIndex("by_status", ["owner", "status"]);
      outbox.createIndex("by_session", ["owner", "agent", "session", "status"]);
      const headers = created.createObjectStore("headers", {
        keyPath: ["owner", "agent", "session"],
      });
      headers.createIndex("by_status", ["owner", "status"]);
      created.createObjectStore("ledger", {
        keyPath: ["deployment", "owner", "agent", "session", "key"],
      });
    },
  });
}

it("has the same stores and indexes new and after an upgrade, which loses nothing", async () => {
  const describe = async () => {
    const database = await openDatabase();
    const names = [...database.objectStoreNames];
    const transaction = database.transaction(names);
    const stores = names.map((name) => {
      const { keyPath, autoIncrement, indexNames } = transaction.objectStore(name);
      return { name, keyPath, autoIncrement, indexes: [...indexNames] };
    });
    return { database, stores };
  };
  const fresh = await describe();
  fresh.database.close();

  globalThis.indexedDB = new IDBFactory();
  const first = await openFirst();
  const row = { owner: "user_me", agent: "a", session: "s", key: "1", status: "waiting" };
  await first.add("outbox", row);
  await first.add("headers", { ...row, header: { agent: "a", key: "s" }, text: "{}" });
  await first.add("ledger", { ...row, deployment: "d", hash: "h", state: "final" });
  first.close();

  const upgraded = await describe();
  expect(upgraded.stores).toEqual(fresh.stores);
  expect(await upgraded.database.getAll("outbox")).toEqual([{ ...row, id: 1 }]);
  expect(await upgraded.database.count("headers")).toBe(1);
  expect(await upgraded.database.count("ledger")).toBe(1);
  expect(await upgraded.database.count("failures")).toBe(0);
  await addCaptured(upgraded.database, "user_me", "d", captured("s", [message("2")]));
  expect(await upgraded.database.count("outbox")).toBe(2);
  upgraded.database.close();
});
