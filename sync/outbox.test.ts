// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { openDatabase, type SyncDatabase, write } from "./database";
import { countSession } from "./ledger";
import { addCaptured, countOutbox, MAX_BATCH_BYTES, peekBatch } from "./outbox";
import { parkBatch, settleBatch, unparkAll } from "./settle";
import { captured, message } from "./testing/readings";
import { MemoryServer } from "./testing/server";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });

const URL = "https://a.convex.cloud";
const ME = "user_me";
let database: SyncDatabase;
let server: MemoryServer;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  server = new MemoryServer();
});

const add = (reading: Parameters<typeof addCaptured>[3], owner = ME, url = URL) =>
  addCaptured(database, owner, url, reading);

/** Sends everything that waits, and gives the keys of each batch. */
async function sendAll(owner = ME, url = URL): Promise<string[][]> {
  const sent: string[][] = [];
  for (
    let batch = await peekBatch(database, owner);
    batch;
    batch = await peekBatch(database, owner)
  ) {
    await settleBatch(database, url, batch, server.record(batch));
    sent.push(batch.rows.map((row) => row.key));
  }
  return sent;
}

describe("what goes into the outbox", () => {
  it("is every message of a new session, in order, with the header", async () => {
    expect(await add(captured("s", [message("1"), message("2")], { title: "Fix" }))).toEqual({
      isNew: true,
    });
    const batch = await peekBatch(database, ME);
    expect(batch?.rows.map((row) => row.key)).toEqual(["1", "2"]);
    expect(batch?.header).toEqual({ agent: "opencode", key: "s", title: "Fix" });
    expect(batch?.rows[0]?.message.hash).toMatch(/^[\w-]{43}$/);
  });

  it("is nothing when the same is read again, sent or not", async () => {
    const reading = captured("s", [message("1"), message("2")], { title: "Fix" });
    await add(reading);
    expect(await add(reading)).toEqual({ isNew: false });
    expect(await sendAll()).toEqual([["1", "2"]]);
    expect(await add(reading)).toEqual({ isNew: false });
    expect(await sendAll()).toEqual([]);
  });

  it("is only what is new or changed in a session read again", async () => {
    await add(captured("s", [message("1"), message("2")]));
    await sendAll();
    await add(captured("s", [message("1"), message("2", "changed"), message("3")]));
    expect(await sendAll()).toEqual([["2", "3"]]);
  });

  it("is the last version when a key comes twice in one reading", async () => {
    await add(captured("s", [message("1", "a"), message("1", "b")]));
    await sendAll();
    expect(server.messages.get(`${ME}/s/1`)?.text).toBe("b");
    expect(server.arrivals).toHaveLength(1);
  });

  it("takes the place of an older waiting version, and keeps its turn", async () => {
    await add(captured("s", [message("1", "part", "partial"), message("2")]));
    await add(captured("s", [message("1", "whole", "final")]));
    const batch = await peekBatch(database, ME);
    expect(batch?.rows.map((row) => [row.key, row.message.state])).toEqual([
      ["1", "final"],
      ["2", "final"],
    ]);
  });

  it("never replaces a final version by a partial one, waiting or sent", async () => {
    await add(captured("s", [message("1", "whole", "final")]));
    expect(await add(captured("s", [message("1", "part", "partial")]))).toEqual({ isNew: false });
    await sendAll();
    expect(await add(captured("s", [message("1", "part", "partial")]))).toEqual({ isNew: false });
    expect(server.messages.get(`${ME}/s/1`)?.text).toBe("whole");
  });

  it("takes an answer `older` as: Convex has the final version", async () => {
    await add(captured("s", [message("1", "part", "partial")]));
    const batch = (await peekBatch(database, ME))!;
    await settleBatch(database, URL, batch, [{ key: "1", outcome: "older" }]);
    expect(await add(captured("s", [message("1", "more", "partial")]))).toEqual({ isNew: false });
    expect(await add(captured("s", [message("1", "all", "final")]))).toEqual({ isNew: true });
  });

  it("is everything again for another deployment", async () => {
    const reading = captured("s", [message("1")], { title: "Fix" });
    await add(reading);
    await sendAll();
    expect(await add(reading, ME, "https://b.convex.cloud")).toEqual({ isNew: true });
    expect(await sendAll(ME, "https://b.convex.cloud")).toEqual([["1"]]);
    expect(await add(reading)).toEqual({ isNew: false });
  });

  it("is each person's own", async () => {
    await add(captured("s", [message("1")]));
    await add(captured("s", [message("1", "theirs")]), "user_you");
    expect((await peekBatch(database, "user_you"))?.rows).toHaveLength(1);
    expect(await countOutbox(database, ME)).toEqual({
      waiting: 1,
      waitingForOthers: 1,
      refused: 0,
      refusedWhy: null,
    });
    expect(await countOutbox(database, null)).toEqual({
      waiting: 0,
      waitingForOthers: 2,
      refused: 0,
      refusedWhy: null,
    });
    await sendAll();
    expect(server.arrivals).toEqual([`${ME}/s/1`]);
  });
});

describe("a session's header", () => {
  it("is sent alone when only it is new, and once", async () => {
    await add(captured("s", [message("1")], { title: "Old" }));
    await sendAll();
    await add(captured("s", [message("1")], { title: "New" }));
    expect(await sendAll()).toEqual([[]]);
    expect(server.headers.get(`${ME}/s`)?.title).toBe("New");
    expect(await add(captured("s", [], { title: "New" }))).toEqual({ isNew: false });
  });

  it("is merged: what a reading does not know blanks nothing", async () => {
    await add(captured("s", [], { title: "Fix", model: "big" }));
    await add(captured("s", [], { title: undefined, createdAt: 5 }));
    const batch = await peekBatch(database, ME);
    expect(batch?.header).toEqual({
      agent: "opencode",
      key: "s",
      title: "Fix",
      model: "big",
      createdAt: 5,
    });
  });
});

describe("batches", () => {
  it("hold at most 100 messages of the session that waits longest", async () => {
    await add(captured("late", [message("x")]));
    const many = Array.from({ length: 250 }, (_, index) => message(String(index)));
    await add(captured("s", many));
    await add(captured("late", [message("y")]));
    const sizes = (await sendAll()).map((keys) => keys.length);
    expect(sizes).toEqual([2, 100, 100, 50]);
    expect(server.arrivals.slice(2)).toEqual(many.map(({ key }) => `${ME}/s/${key}`));
  });

  it("hold at most 512 KB, and a larger message alone", async () => {
    const third = "x".repeat(MAX_BATCH_BYTES / 3);
    await add(captured("s", [message("1", third), message("2", third), message("3", third)]));
    await add(captured("s", [message("4", third.repeat(4)), message("5")]));
    expect(await sendAll()).toEqual([["1", "2"], ["3"], ["4"], ["5"]]);
  });
});

describe("answers", () => {
  it("leave a version alone that arrived while the older one was on its way", async () => {
    await add(captured("s", [message("1", "old")]));
    const batch = (await peekBatch(database, ME))!;
    const results = server.record(batch);
    await add(captured("s", [message("1", "new")], { title: "Newer" }));
    await settleBatch(database, URL, batch, results);
    expect(await countOutbox(database, ME)).toMatchObject({ waiting: 1 });
    await sendAll();
    expect(server.messages.get(`${ME}/s/1`)?.text).toBe("new");
    expect(server.headers.get(`${ME}/s`)?.title).toBe("Newer");
  });

  it("that refuse park the message with the reason until it is sent again", async () => {
    server.refuses.add("1");
    await add(captured("s", [message("1"), message("2")]));
    await sendAll();
    expect(await countOutbox(database, ME)).toMatchObject({
      waiting: 0,
      refused: 1,
      refusedWhy: "No.",
    });
    expect((await database.getAll("outbox"))[0]?.reason).toBe("No.");
    expect(await add(captured("s", [message("1")]))).toEqual({ isNew: false });
    server.refuses.clear();
    await unparkAll(database, ME);
    expect(await sendAll()).toEqual([["1"]]);
    expect(await countOutbox(database, ME)).toMatchObject({ refused: 0, refusedWhy: null });
  });

  it("a refused message that changed waits again", async () => {
    server.refuses.add("1");
    await add(captured("s", [message("1")]));
    await sendAll();
    expect(await add(captured("s", [message("1", "smaller")]))).toEqual({ isNew: true });
    expect(await countOutbox(database, ME)).toMatchObject({ waiting: 1, refused: 0 });
  });

  it("a refused header is parked, and waits again when it changes or is asked to", async () => {
    await add(captured("s", [], { title: "Bad" }));
    await parkBatch(database, (await peekBatch(database, ME))!, "No.");
    expect(await peekBatch(database, ME)).toBeNull();
    expect(await countOutbox(database, ME)).toMatchObject({ refused: 1, refusedWhy: "No." });
    await unparkAll(database, ME);
    await parkBatch(database, (await peekBatch(database, ME))!, "No.");
    expect(await add(captured("s", [], { title: "Bad" }))).toEqual({ isNew: false });
    expect(await add(captured("s", [], { title: "Good" }))).toEqual({ isNew: true });
    expect((await peekBatch(database, ME))?.header.title).toBe("Good");
  });
});

describe("counts of a session", () => {
  it("tell each message once", async () => {
    const id = { owner: ME, agent: "opencode", session: "s" };
    await add(captured("s", [message("1"), message("2"), message("3")]));
    server.refuses.add("3");
    await sendAll();
    await add(captured("s", [message("2", "changed"), message("4")]));
    expect(await countSession(database, URL, id)).toEqual({
      messages: 4,
      inConvex: 1,
      waiting: 2,
      refused: 1,
    });
    expect(await countSession(database, "https://b.convex.cloud", id)).toMatchObject({
      messages: 3,
      inConvex: 0,
    });
  });
});

describe("a write", () => {
  it("that fails leaves nothing behind and tells the cause", async () => {
    await add(captured("s", [message("1")]));
    const failing = write(database, async (transaction) => {
      await transaction.objectStore("outbox").clear();
      throw new DOMException("full", "QuotaExceededError");
    });
    await expect(failing).rejects.toMatchObject({ name: "QuotaExceededError" });
    expect(await countOutbox(database, ME)).toMatchObject({ waiting: 1 });
  });
});
