// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageReading } from "../convex/validators";
import { openDatabase, type SyncDatabase } from "./database";
import { addCaptured, peekBatch } from "./outbox";
import { settleBatch } from "./settle";
import { captured, message } from "./testing/readings";
import { MemoryServer } from "./testing/server";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });

const URL = "https://a.convex.cloud";
const ME = "user_me";
let database: SyncDatabase;
let server: MemoryServer;
let rows: Map<string, MessageReading>;

async function start(): Promise<void> {
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  server = new MemoryServer();
  rows = new Map();
}

beforeEach(start);

/** What the page shows: messages in their order, each after the one above. */
function shown(
  messages: MessageReading[],
  { runningKey, madeKeys = [] }: { runningKey?: string; madeKeys?: string[] } = {},
) {
  const chain = messages.map((one, at) => ({
    ...one,
    position: at,
    ...(at > 0 ? { parentKey: messages[at - 1]!.key } : {}),
  }));
  const header = { activeLeafKey: messages.at(-1)?.key, certainty: 0.4 };
  return { ...captured("s", chain, header), fromPage: { runningKey, madeKeys } };
}

const add = (reading: Parameters<typeof addCaptured>[3]) => addCaptured(database, ME, URL, reading);

/** Sends all that waits to the server, which may forget nothing. */
async function sendAll(): Promise<void> {
  for (let batch = await peekBatch(database, ME); batch; batch = await peekBatch(database, ME)) {
    const results = server.record(batch);
    batch.rows.forEach((row, at) => {
      if (results[at]?.outcome === "stored") rows.set(row.key, row.message);
    });
    await settleBatch(database, URL, batch, results);
  }
}

const textOf = (key: string) => server.messages.get(`${ME}/s/${key}`)?.text;
const order = () => [...rows.values()].sort((a, b) => a.position - b.position).map((m) => m.key);

describe.each([
  ["waits", () => Promise.resolve()],
  ["was sent", sendAll],
])("while what was read before %s", (_, between) => {
  it("a fuller reading of the page replaces a poorer one, and never the reverse", async () => {
    await add(shown([message("1", "part", "partial")]));
    await between();
    await add(shown([message("1", "the whole text", "partial")]));
    await between();
    await add(shown([message("1", "the", "partial")]));
    await sendAll();
    expect(textOf("1")).toBe("the whole text");
  });

  it("an answer that was still being written gives way to a shorter one", async () => {
    await add(shown([message("1", "Searching the web ...", "partial")], { runningKey: "1" }));
    await between();
    await add(shown([message("1", "It rains.", "partial")]));
    await between();
    await add(shown([message("1", "Searching again ...", "partial")], { runningKey: "1" }));
    await sendAll();
    expect(textOf("1")).toBe("It rains.");
  });

  it("a reading of the traffic always wins, whatever it holds and whichever came first", async () => {
    await add(shown([message("1", "a long text of the page", "partial")]));
    await between();
    await add(captured("s", [message("1", "traffic")]));
    await between();
    await add(shown([message("1", "a much longer text of the page", "partial")]));
    await sendAll();
    expect(textOf("1")).toBe("traffic");
  });

  it("messages without ids are left out where the traffic is read", async () => {
    const [prompt, made] = [message("1", "hi"), message("page-1", "hello", "partial")];
    await add(captured("s", [prompt], { certainty: 0.6 }));
    await between();
    await add(shown([prompt, made], { madeKeys: ["page-1"] }));
    await sendAll();
    expect([...rows.keys()]).toEqual(["1"]);
    expect(server.headers.get(`${ME}/s`)?.certainty).toBe(0.6);
    expect(server.headers.get(`${ME}/s`)?.activeLeafKey).toBeUndefined();
  });

  it("keeps the leaf of the traffic while the page shows older messages", async () => {
    const all = ["a", "b", "c"].map((key) => message(key));
    await add(captured("s", all, { activeLeafKey: "c" }));
    await add(shown([message("a"), message("b")]));
    await sendAll();
    expect(server.headers.get(`${ME}/s`)?.activeLeafKey).toBe("c");
    await add(shown([message("b"), message("d")]));
    await sendAll();
    expect(server.headers.get(`${ME}/s`)?.activeLeafKey).toBe("d");
  });

  it("a page that mounts less after a reload changes nothing", async () => {
    const all = ["a", "b", "c", "d"].map((key) => message(key, key));
    await add(shown(all));
    await sendAll();
    expect(await add(shown(all.slice(2)))).toEqual({ isNew: false });
  });

  it("what is mounted above, between and below comes into its place", async () => {
    const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((key) => message(key, key));
    await add(shown([c!, d!]));
    await between();
    await add(shown([a!, b!, c!]));
    await between();
    await add(shown([d!, e!]));
    await sendAll();
    expect(order()).toEqual(["a", "b", "c", "d", "e"]);
    expect(rows.get("e")?.parentKey).toBe("d");
    await add(shown([a!, message("x", "x"), b!]));
    await sendAll();
    expect(order()).toEqual(["a", "x", "b", "c", "d", "e"]);
    expect(rows.get("b")?.parentKey).toBe("x");
  });
});

it("any order of windows, lengths and sendings ends with the fullest texts in the page's order", async () => {
  const total = 8;
  const step = fc.record({
    from: fc.nat(total - 1),
    size: fc.integer({ min: 1, max: total }),
    cut: fc.nat(5),
    isSent: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      await start();
      const whole = Array.from({ length: total }, (_, at) => `text ${at} in full`);
      const longest = new Map<string, number>();
      const read = async (from: number, size: number, cut: number) => {
        const window = whole.slice(from, from + size).map((text, at) => {
          const kept = text.slice(0, text.length - cut);
          const key = String(from + at);
          longest.set(key, Math.max(longest.get(key) ?? 0, kept.length));
          return message(key, kept, "partial");
        });
        await add(shown(window));
      };
      // What overlaps nothing that was shown could stand anywhere, so the first window is the end of the page, and the next ones overlap.
      let top = total - 1;
      await read(top, 1, 0);
      for (const { from, size, cut, isSent } of steps) {
        const begin = Math.min(from, top);
        await read(begin, Math.max(size, top - begin + 1), cut);
        top = Math.min(top, begin);
        if (isSent) await sendAll();
      }
      await sendAll();
      for (const [key, length] of longest) expect(textOf(key)).toHaveLength(length);
      expect(order()).toEqual([...longest.keys()].sort((a, b) => Number(a) - Number(b)));
    }),
    { numRuns: 60 },
  );
});
