import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PageRules } from "../../agents/agent";
import type { PageBody } from "../../agents/shared/page-reading";
import { type Watch, watchPage } from "./watch";

const rules: PageRules = {
  use: "instead",
  messages: [".message"],
  roles: [
    { role: "user", match: ".user" },
    { role: "assistant", match: ".agent" },
  ],
  running: [".stop"],
  title: ["h1"],
};
const ONE = "https://chat.example/c/11111111-aaaa";
const TWO = "https://chat.example/c/22222222-bbbb";

let address: string;
let delivered: { body: PageBody; address: string }[];
let watch: Watch | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  [address, delivered] = [ONE, []];
  document.body.innerHTML = "<h1>Title</h1><main></main>";
});

afterEach(() => {
  watch?.stop();
  vi.useRealTimers();
});

function start(given = rules): void {
  watch = watchPage({
    rules: given,
    page: document,
    address: () => address,
    deliver: (body, from) => delivered.push({ body: structuredClone(body), address: from }),
    whenIdle(work) {
      const timer = setTimeout(work, 1);
      return () => clearTimeout(timer);
    },
    now: () => performance.now(),
  });
}

const main = () => document.querySelector("main")!;
const add = (role: "user" | "agent", text: string) => {
  const element = document.createElement("div");
  element.className = `message ${role}`;
  element.innerHTML = `<p>${text}</p>`;
  main().append(element);
  return element;
};
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const texts = () => delivered.at(-1)?.body.messages.map(({ text }) => text);
const LONG = "A long beginning of an answer, by which it is known again. ".repeat(4);

/** Writes on an answer for so long, a word each tenth of a second. */
async function write(element: Element, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 100) {
    element.firstElementChild!.append(` w${at}`);
    await wait(100);
  }
}

describe("watching a page", () => {
  it("delivers what is there and what comes, once each", async () => {
    add("user", "Hi");
    start();
    await wait(2_000);
    expect(delivered).toEqual([
      {
        address: ONE,
        body: { title: "Title", isRunning: false, messages: [{ role: "user", text: "Hi" }] },
      },
    ]);
    add("agent", "Hello");
    await wait(5_000);
    expect(delivered).toHaveLength(2);
    expect(texts()).toEqual(["Hi", "Hello"]);
    document.body.append(document.createElement("footer"));
    await wait(5_000);
    expect(delivered).toHaveLength(2);
  });

  it("reads an answer when it is settled, not while it is written", async () => {
    start();
    add("user", "Hi");
    document.body.insertAdjacentHTML("beforeend", `<button class="stop"></button>`);
    const answer = add("agent", LONG);
    await write(answer, 5_000);
    expect(texts()).toEqual(["Hi"]);
    document.querySelector(".stop")!.remove();
    await wait(3_000);
    expect(texts()?.[1]).toMatch(/w4900$/);
    expect(delivered.at(-1)?.body.isRunning).toBe(false);
  });

  it("reads a long answer once while it is written, and says so", async () => {
    start();
    add("user", "Hi");
    document.body.insertAdjacentHTML("beforeend", `<button class="stop"></button>`);
    const answer = add("agent", LONG);
    await write(answer, 25_000);
    const rough = delivered.filter(({ body }) => body.messages.length === 2);
    expect(rough).toHaveLength(1);
    expect(rough[0]?.body.isRunning).toBe(true);
    document.querySelector(".stop")!.remove();
    await wait(3_000);
    expect(texts()?.[1]).toMatch(/w24900$/);
    expect(delivered.at(-1)?.body.isRunning).toBe(false);
  });

  it("waits for an answer to stand still where nothing tells that it is written", async () => {
    const silent = { ...rules };
    delete silent.running;
    start(silent);
    add("user", "Hi");
    const answer = add("agent", "It");
    await write(answer, 5_000);
    expect(texts()).toEqual(["Hi"]);
    await wait(4_000);
    expect(texts()?.[1]).toMatch(/w4900$/);
  });

  it("keeps what is taken off the page", async () => {
    start();
    const first = add("user", "One");
    add("agent", "Two");
    await wait(2_000);
    first.remove();
    add("user", "Three");
    await wait(2_000);
    expect(texts()).toEqual(["One", "Two", "Three"]);
  });

  it("delivers at once when the page goes, what is still being written too", async () => {
    start();
    add("user", "Hi");
    document.body.insertAdjacentHTML("beforeend", `<button class="stop"></button>`);
    const answer = add("agent", LONG);
    await write(answer, 3_000);
    watch!.flush();
    expect(texts()?.[1]).toMatch(/w2900$/);
    expect(delivered.at(-1)?.body.isRunning).toBe(true);
  });

  it("is quiet after its end", async () => {
    start();
    watch!.stop();
    add("user", "Hi");
    await wait(20_000);
    expect(delivered).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("going from one session to another", () => {
  it("never takes the old one's messages for the new one's, however long they stay", async () => {
    start();
    add("user", "Hi");
    const answer = add("agent", "Hello");
    await wait(2_000);
    address = TWO;
    // The old session's answer goes on for a while.
    await write(answer, 3_000);
    await wait(20_000);
    expect(delivered.filter((one) => one.address === TWO)).toEqual([]);
    main().replaceChildren();
    add("user", "Other");
    await wait(3_000);
    expect(delivered.at(-1)).toMatchObject({ address: TWO });
    expect(texts()).toEqual(["Other"]);
  });

  it("takes messages whose elements the page uses again", async () => {
    start();
    const element = add("user", "Hi");
    await wait(2_000);
    address = TWO;
    element.firstElementChild!.textContent = "Other";
    await wait(3_000);
    expect(delivered.at(-1)).toMatchObject({ address: TWO });
    expect(texts()).toEqual(["Other"]);
  });

  it("goes on where a new chat gets its address", async () => {
    address = "https://chat.example/new";
    start();
    add("user", "Hi");
    await wait(2_000);
    address = ONE;
    add("agent", "Hello");
    await wait(3_000);
    expect(delivered.at(-1)).toMatchObject({ address: ONE });
    expect(texts()).toEqual(["Hi", "Hello"]);
  });
});
