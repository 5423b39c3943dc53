import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createFrames, type Frames } from "./frames";
import { PARTIAL_MS } from "./limits";
import type { PageRule } from "./rules";

const rule: PageRule = {
  agent: "a",
  transport: "websocket",
  method: "GET",
  path: "^/ws",
  tap: "a/ws",
};
const ending: PageRule = { ...rule, tap: "a/turns", until: "end" };

let given: [tap: string | undefined, text: string, isTruncated: boolean][];
let frames: Frames;

beforeEach(() => {
  vi.useFakeTimers();
  given = [];
  frames = createFrames(({ tap }, _, text, isTruncated) => given.push([tap, text, isTruncated]));
});
afterEach(() => {
  vi.useRealTimers();
});

const add = (to: PageRule, frame: string, socket = 1) =>
  frames.add(to, socket, "wss://a.example/ws", frame);

it("joins the frames of half a second, of each WebSocket by itself", () => {
  add(rule, "one");
  add(rule, "two");
  add(rule, "other", 2);
  vi.advanceTimersByTime(500);
  add(rule, "three");
  vi.advanceTimersByTime(500);
  expect(given.map(([, text]) => text)).toEqual(["one\ntwo", "other", "three"]);
});

it("waits for the frame that ends a batch, and gives a long one once as it is so far", () => {
  add(ending, "one");
  vi.advanceTimersByTime(PARTIAL_MS - 1);
  expect(given).toEqual([]);
  vi.advanceTimersByTime(1);
  add(ending, "two");
  vi.advanceTimersByTime(3 * PARTIAL_MS);
  add(ending, "the end");
  add(ending, "end at once");
  expect(given).toEqual([
    ["a/turns", "one", true],
    ["a/turns", "one\ntwo\nthe end", false],
    ["a/turns", "end at once", false],
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

it("gives up on an end that does not come, and holds no more than the cap", () => {
  add(ending, "one");
  vi.advanceTimersByTime(120_000);
  expect(given.at(-1)).toEqual(["a/turns", "one", true]);
  given = [];
  for (let at = 0; at < 20; at += 1) add(ending, "x".repeat(1024 * 1024));
  expect(given.map(([, text, isTruncated]) => [text.length > 16_000_000, isTruncated])).toEqual([
    [true, true],
  ]);
});

it("gives what waits when the page goes, and nothing after it has stopped", () => {
  add(rule, "one");
  add(ending, "two");
  frames.flush();
  add(rule, "three");
  frames.stop();
  vi.advanceTimersByTime(120_000);
  expect(given).toEqual([
    ["a/ws", "one", false],
    ["a/turns", "two", true],
  ]);
});
