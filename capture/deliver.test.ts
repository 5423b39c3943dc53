import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ObservationAck, ObservationChunk } from "../utils/messages";
import { createCollector } from "./collect";
import { createDelivery, type DeliveryDeps, type Handed } from "./deliver";

const STORED: ObservationAck = { isStored: true, mustStop: false };
const AGAIN: ObservationAck = { isStored: false, mustStop: false };
const STOP: ObservationAck = { isStored: false, mustStop: true };
const ORIGIN = "http://127.0.0.1:4096";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function handed(name: string, texts = [name], method = "GET"): Handed {
  const chars = texts.reduce((sum, text) => sum + text.length, 0);
  return {
    tap: "opencode/messages",
    url: `${ORIGIN}/${name}`,
    method,
    status: 200,
    isTruncated: false,
    request: 0,
    texts,
    chars,
  };
}

/** A delivery whose sends are answered by `answer`. */
function start(answer: (chunk: ObservationChunk) => Promise<ObservationAck | undefined>) {
  const state = { sent: [] as ObservationChunk[], isAlive: true, stops: 0, ids: 0 };
  const deps: DeliveryDeps = {
    send: (chunk) => {
      state.sent.push(chunk);
      return answer(chunk);
    },
    isAlive: () => state.isAlive,
    onStop: () => (state.stops += 1),
    newId: () => `observation-${(state.ids += 1)}`,
    pageUrl: () => `${ORIGIN}/page`,
  };
  return {
    state,
    delivery: createDelivery(deps),
    texts: () => state.sent.map((chunk) => chunk.text),
  };
}

it("sends an observation in its chunks, the head with the first, and nothing after it is stored", async () => {
  const { state, delivery } = start((chunk) => Promise.resolve(chunk.isLast ? STORED : AGAIN));
  delivery.add(handed("a", ["one", "two"]));
  await vi.runAllTimersAsync();
  expect(state.sent).toEqual([
    {
      id: "observation-1",
      index: 0,
      isLast: false,
      text: "one",
      head: {
        tap: "opencode/messages",
        url: `${ORIGIN}/a`,
        method: "GET",
        status: 200,
        isTruncated: false,
        request: 0,
        pageUrl: `${ORIGIN}/page`,
      },
    },
    { id: "observation-1", index: 1, isLast: true, text: "two" },
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

it.each<[string, () => Promise<ObservationAck | undefined>]>([
  ["says that it is not stored", () => Promise.resolve(AGAIN)],
  ["answers nothing", () => Promise.resolve(undefined)],
  [
    "died",
    () =>
      Promise.reject(new Error("Could not establish connection. Receiving end does not exist.")),
  ],
  ["never answers", () => new Promise(() => undefined)],
])("tries again with growing pauses while the worker %s", async (_, fails) => {
  let isUp = false;
  const { delivery, texts } = start(() => (isUp ? Promise.resolve(STORED) : fails()));
  delivery.add(handed("a"));
  await vi.advanceTimersByTimeAsync(600_000);
  const tries = texts().length;
  expect(tries).toBeGreaterThan(5);
  expect(tries).toBeLessThan(25);
  isUp = true;
  await vi.runAllTimersAsync();
  expect(texts().length).toBe(tries + 1);
});

it("brings everything, in order, through any sequence of deaths", async () => {
  const steps = fc.array(fc.constantFrom("ok", "die", "forget", "refuse"), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 6 }), async (failures, count) => {
      vi.useFakeTimers();
      let collector = createCollector({ now: () => 0, hostsOf: () => undefined });
      const stored: string[] = [];
      const { delivery } = start((chunk) => {
        const step = failures.shift() ?? "ok";
        if (step === "die" || step === "forget")
          collector = createCollector({ now: () => 0, hostsOf: () => undefined });
        if (step === "die") return Promise.reject(new Error("The message channel closed."));
        const collected = collector.add({ tabId: 1, origin: ORIGIN }, chunk);
        if (collected.kind !== "complete" || step === "refuse") return Promise.resolve(AGAIN);
        if (stored.at(-1) !== collected.observation.body) stored.push(collected.observation.body);
        return Promise.resolve(STORED);
      });
      for (let at = 0; at < count; at += 1) delivery.add(handed(`${at}`, [`${at}:`, "x", "y"]));
      await vi.runAllTimersAsync();
      expect(stored).toEqual(Array.from({ length: count }, (_, at) => `${at}:xy`));
    }),
    { numRuns: 60 },
  );
});

describe("ends for good", () => {
  it("when the background says so", async () => {
    const { state, delivery, texts } = start(() => Promise.resolve(STOP));
    delivery.add(handed("a"));
    delivery.add(handed("b"));
    await vi.runAllTimersAsync();
    delivery.add(handed("c"));
    delivery.flush();
    await vi.runAllTimersAsync();
    expect(texts()).toEqual(["a"]);
    expect(state.stops).toBe(1);
  });

  it("when the extension was updated or removed, at the next body or the next try", async () => {
    const gone = new Error("Extension context invalidated.");
    const { state, delivery, texts } = start(() => {
      state.isAlive = false;
      return Promise.reject(gone);
    });
    delivery.add(handed("a"));
    await vi.runAllTimersAsync();
    delivery.add(handed("b"));
    expect(texts()).toEqual(["a"]);
    expect(state.stops).toBe(1);
    expect(vi.getTimerCount()).toBe(0);

    const second = start(() => Promise.resolve(STORED));
    second.state.isAlive = false;
    second.delivery.add(handed("a"));
    expect(second.state).toMatchObject({ sent: [], stops: 1 });
  });
});

it("keeps only the newest of what waits for one address, and each of what stands for itself", async () => {
  let isUp = false;
  const { delivery, texts, state } = start(() => Promise.resolve(isUp ? STORED : AGAIN));
  delivery.add(handed("front"));
  for (const text of ["old", "older still", "new"]) delivery.add(handed("same", [text]));
  for (const text of ["post 1", "post 2"]) delivery.add(handed("post", [text], "POST"));
  await vi.advanceTimersByTimeAsync(0);
  state.sent.length = 0;
  isUp = true;
  await vi.runAllTimersAsync();
  expect(texts()).toEqual(["front", "new", "post 1", "post 2"]);
});

it("takes no more than fits into the page's memory", async () => {
  let isUp = false;
  const { delivery, texts, state } = start(() => Promise.resolve(isUp ? STORED : AGAIN));
  const large = "x".repeat(16 * 1024 * 1024);
  for (const name of ["a", "b", "c", "d", "e"]) delivery.add(handed(name, [large]));
  await vi.advanceTimersByTimeAsync(0);
  state.sent.length = 0;
  isUp = true;
  await vi.runAllTimersAsync();
  expect(texts()).toHaveLength(3);
});

it("sends at once what waits when the page goes", async () => {
  const { delivery, texts } = start(() => new Promise(() => undefined));
  delivery.add(handed("a"));
  delivery.add(handed("b", ["b1", "b2"]));
  delivery.add(handed("c"));
  await vi.advanceTimersByTimeAsync(0);
  expect(texts()).toEqual(["a"]);
  delivery.flush();
  expect(texts()).toEqual(["a", "b1", "b2", "c"]);
});

it("asks again at once when the page comes back", async () => {
  let isBack = false;
  const { delivery, texts } = start(() =>
    isBack ? Promise.resolve(STORED) : new Promise(() => undefined),
  );
  delivery.add(handed("a"));
  delivery.add(handed("b"));
  await vi.advanceTimersByTimeAsync(1_000);
  isBack = true;
  delivery.resume();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(texts()).toEqual(["a", "a", "b"]);
  expect(vi.getTimerCount()).toBe(0);
});
