import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEngine } from "./engine.ts";
import { Store } from "./store.ts";
import { Transaction } from "./transaction.ts";
import { Catalog } from "./catalog.ts";
import { Clock } from "./clock.ts";
import { IdMaker } from "./ids.ts";
import { TestEngine } from "./testing.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await TestEngine.create();
});
afterEach(() => engine.dispose());

test("a full disk loses nothing from before and keeps nothing of what failed", async () => {
  const store = new Store(join(engine.dataDir, "full"));
  const catalog = new Catalog(store, null);
  const clock = new Clock(store, Date.now);
  const base = { store, catalog, clock, ids: new IdMaker() };
  const write = (text: string, times: number) => {
    const tx = new Transaction(base, false);
    try {
      for (let at = 0; at < times; at++) {
        try {
          tx.insert("notes", { text });
        } catch {
          // A function may catch the error and go on; its transaction must fail all the same.
        }
      }
      return tx.commit();
    } catch (error) {
      tx.rollback();
      throw error;
    }
  };
  const count = () => store.db.prepare("SELECT count(*) AS n FROM documents").get();
  write("before", 1);
  const { page_count: pages } = store.db.prepare("PRAGMA page_count").get() as {
    page_count: number;
  };
  store.db.exec(`PRAGMA max_page_count = ${pages + 4}`);
  expect(() => write("x".repeat(3000), 50)).toThrow(
    /could not write to the disk .*Nothing of this/,
  );
  expect(count()).toEqual({ n: 1 });
  store.db.exec("PRAGMA max_page_count = 100000");
  write("after", 1);
  expect(count()).toEqual({ n: 2 });
  store.close();
});

test("a data folder of a newer format is refused and left alone", async () => {
  await engine.engine.close();
  const file = join(engine.dataDir, "convex.sqlite");
  const db = new DatabaseSync(file);
  db.exec("PRAGMA user_version = 99");
  db.close();
  await expect(openEngine({ dataDir: engine.dataDir })).rejects.toThrow("newer version");
  const again = new DatabaseSync(file);
  expect(again.prepare("PRAGMA user_version").get()).toEqual({ user_version: 99 });
  again.exec("PRAGMA user_version = 1");
  again.close();
  engine.engine = await openEngine({ dataDir: engine.dataDir });
});

test("bytes of uploads that a killed process left are swept away", async () => {
  const folder = join(engine.dataDir, "files");
  async function* body() {
    yield Buffer.from("kept");
  }
  await engine.engine.storeFile(body(), null);
  const kept = readdirSync(folder);
  writeFileSync(join(folder, "left.partial"), "half");
  writeFileSync(join(folder, "left"), "never committed");
  await engine.restart();
  expect(readdirSync(folder)).toEqual(kept);
});
