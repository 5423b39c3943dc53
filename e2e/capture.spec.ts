import { expect, test, type Page } from "@playwright/test";
import { openCaptureWorld, type CaptureWorld, type Seen } from "./support/capture-world.ts";
import { killWorker } from "./support/extension.ts";
import { runFetchCases } from "./support/fetch-cases.ts";

let world: CaptureWorld;

test.beforeAll(async () => {
  world = await openCaptureWorld();
});

test.afterAll(async () => {
  await world.close();
});

test.afterEach(async () => {
  for (const page of world.context.pages().slice(1)) await page.close();
  await world.set({ seen: [], delayMs: 0, failures: 0, isPaused: false });
});

/** What the page's first script saw of the bridge. */
interface Spied {
  ports: unknown[];
  rules: unknown[];
  native: { fetch: string; keys: number };
}

const spied = (page: Page) =>
  page.evaluate(() => {
    const { ports, rules, native } = window as unknown as Spied;
    return { ports: ports.length, rules: rules.length, native };
  });

const text = (page: Page, url: string) =>
  page.evaluate(async (address) => (await fetch(address)).text(), url);

/** Waits for the observation of one address. */
async function seenOf(path: string): Promise<Seen> {
  let found: Seen | undefined;
  await expect(async () => {
    found = (await world.seen()).find(({ observation }) => observation.url.endsWith(path));
    expect(found).toBeDefined();
  }).toPass({ intervals: [50], timeout: 20_000 });
  return found!;
}

/** Longer than an observation takes to arrive. */
const settle = (page: Page) => page.waitForTimeout(500);

test.describe("the bridge", () => {
  test("hands a body over without the page seeing a port", async () => {
    for (let load = 0; load < 5; load += 1) {
      const page = await world.open("/");
      const body = await text(page, `/api/session/load${load}`);
      const { observation, reading, origin } = await seenOf(`/api/session/load${load}`);
      expect(observation).toEqual({
        tap: "test-agent/get",
        url: `${world.site.origin}/api/session/load${load}`,
        method: "GET",
        status: 200,
        body,
        isTruncated: false,
        pageUrl: `${world.site.origin}/`,
      });
      expect(origin).toBe(world.site.origin);
      expect(reading?.messages).toHaveLength(1);
      expect(await spied(page)).toMatchObject({ ports: 0, rules: 0 });
      await page.close();
    }
  });

  test("takes nothing that a page forges", async () => {
    const page = await world.open("/");
    await page.evaluate(async () => {
      const head = { tap: "opencode/messages", url: location.href, method: "GET", status: 200 };
      const piece = {
        id: 1,
        head,
        text: '{"key":"forged","texts":["x"]}',
        isLast: true,
        isTruncated: false,
      };
      const chunk = { id: "forged-forged", index: 0, isLast: true, text: piece.text, head };
      for (let round = 0; round < 2_000; round += 1) {
        const { port1, port2 } = new MessageChannel();
        for (const name of ["opensync:offer", "opensync:rules", "message"]) {
          for (const target of [window, document]) {
            target.dispatchEvent(new MessageEvent(name, { data: piece, ports: [port2] }));
            target.dispatchEvent(new CustomEvent(name, { detail: piece }));
          }
        }
        window.postMessage(piece, "*");
        window.postMessage({ type: "observe", data: chunk, id: round, timestamp: 1 }, "*");
        port1.postMessage(piece);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    expect(await world.seen()).toEqual([]);
    await text(page, "/api/session/real");
    expect((await seenOf("/api/session/real")).reading?.session).toEqual({
      agent: "test-agent",
      key: "real",
    });
    expect(await world.seen()).toHaveLength(1);
  });

  test("gives a page that takes the tap over only its own data", async () => {
    const page = await world.open("/");
    const got = await page.evaluate(async () => {
      const { port1, port2 } = new MessageChannel();
      const pieces: unknown[] = [];
      port1.onmessage = ({ data }) => pieces.push(data);
      const rule = {
        agent: "opencode",
        transport: "fetch",
        method: "GET",
        path: "",
        tap: "opencode/messages",
      };
      window.dispatchEvent(
        new MessageEvent("opensync:hand-over", {
          data: JSON.stringify([rule]),
          ports: [port2],
          cancelable: true,
        }),
      );
      await (await fetch("/api/session/own")).text();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return pieces.map((piece) => (piece as { text: string }).text).join("");
    });
    expect(JSON.parse(got)).toMatchObject({ key: "own" });
    expect(await world.seen()).toEqual([]);
  });

  test("is not disturbed by a page that replaces fetch and its primitives", async () => {
    const page = await world.open("/replaces-fetch");
    await text(page, "/api/session/replaced");
    expect((await seenOf("/api/session/replaced")).reading).not.toBeNull();
    expect(await page.evaluate(() => (window as unknown as { calls: string[] }).calls)).toEqual([
      "/api/session/replaced",
    ]);
    expect(await spied(page)).toMatchObject({ ports: 0, rules: 0 });
  });

  test("works under script-src 'none' and under Trusted Types", async () => {
    for (const path of ["/csp-none", "/trusted"]) {
      const page = await world.open(path);
      const name = path.slice(1).replace("-", "");
      await text(page, `/api/session/${name}`);
      expect((await seenOf(`/api/session/${name}`)).observation.pageUrl).toContain(path);
    }
  });

  test("tells of an observation every agent that is on, and none that is off", async () => {
    const page = await world.open("/");
    await text(page, "/off/only");
    await text(page, "/api/session/shared");
    await text(page, "/beside/own");
    await expect.poll(async () => (await world.seen()).length).toBe(3);
    await settle(page);
    const seen = (await world.seen()).map(({ observation: { tap, body }, reading }) => [
      tap.split(" ").sort().join(" "),
      (JSON.parse(body) as { key: string }).key,
      reading?.session.agent,
    ]);
    const tap = "beside-agent/shared off-agent/shared test-agent/get";
    expect(seen).toEqual([
      [tap, "shared", "test-agent"],
      [tap, "shared", "beside-agent"],
      ["beside-agent/own", "own", "beside-agent"],
    ]);
  });

  test("keeps to the top frame and to the agent's origin", async () => {
    const page = await world.open("/frames");
    const frame = page.frames()[1]!;
    await frame.waitForFunction(() => (window as unknown as { answer: Promise<string> }).answer);
    const other = await world.open("/", world.site.other);
    await text(other, "/api/session/other");
    await settle(page);
    expect(await world.seen()).toEqual([]);
  });
});

test.describe("a page with the tap", () => {
  test("works exactly as without it", async () => {
    const tapped = await world.open("/");
    const plain = await world.open("/", world.site.other);
    await text(tapped, "/api/session/proof");
    await seenOf("/api/session/proof");
    const [without, with_] = [
      await plain.evaluate(runFetchCases),
      await tapped.evaluate(runFetchCases),
    ];
    const names = Object.keys(without);
    expect(names.length).toBeGreaterThan(60);
    // V8 writes a Proxy around a native function without its name: native still, and the one difference that stays.
    const unnamed = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value).replace(
          /function \w+\(\) \{ \[native code\] \}/g,
          "function () { [native code] }",
        ),
      );
    for (const name of names)
      expect.soft(unnamed(with_[name]), name).toEqual(unnamed(without[name]));
    expect(names.filter((name) => without[name] === "nothing came")).toEqual([]);
    expect(unnamed((await spied(tapped)).native)).toEqual(unnamed((await spied(plain)).native));
  });

  test("logs no error", async () => {
    const page = await world.context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => errors.push(message.text()));
    await page.goto(`${world.site.origin}/`);
    await text(page, "/api/session/quiet");
    await seenOf("/api/session/quiet");
    await world.set({ isPaused: true });
    await text(page, "/api/session/off");
    await settle(page);
    expect(errors).toEqual([]);
  });
});

test.describe("what is copied", () => {
  test("is every transport that a rule names", async () => {
    const page = await world.open("/");
    await page.evaluate(async () => {
      await (await fetch("/api/echo", { method: "POST", body: "sent" })).text();
      await new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.onload = resolve;
        xhr.open("GET", "/xhr/letter");
        xhr.send();
      });
      const socket = new WebSocket("/socket");
      await new Promise((resolve) => (socket.onmessage = resolve));
      socket.send("second frame");
    });
    expect((await seenOf("/api/echo")).observation).toMatchObject({
      tap: "test-agent/post",
      method: "POST",
    });
    expect((await seenOf("/xhr/letter")).reading?.session.key).toBe("letter");
    const { observation, reading } = await seenOf("/socket");
    expect(observation).toMatchObject({ tap: "test-agent/socket", status: 0 });
    expect(observation.body.split("\n")[1]).toBe("second frame");
    expect(reading?.session.key).toBe("socket");
  });

  test("is nothing that no rule names, and no failed answer", async () => {
    const page = await world.open("/");
    await page.evaluate(async () => {
      for (const url of ["/other", "/api/status?code=404", "/api/status?code=500", "/api/empty"])
        await fetch(url);
      await fetch("/api/session/a", { method: "DELETE" });
    });
    await settle(page);
    expect(await world.seen()).toEqual([]);
  });

  test("is whole, in pieces of at most 256 KB, whatever characters it holds", async () => {
    const page = await world.open("/");
    const body = `{"key":"echo","texts":["${"é😀x".repeat(700_000)}"]}`;
    const answer = await page.evaluate(
      async (sent) => (await fetch("/api/echo", { method: "POST", body: sent })).text(),
      body,
    );
    expect((await seenOf("/api/echo")).observation.body === answer).toBe(true);
    const { largest, chunks } = await world.control();
    expect(largest).toBeLessThanOrEqual(128 * 1024);
    expect(chunks).toBeGreaterThan(10);
  });

  test("ends at the cap, and says so", async () => {
    const page = await world.open("/");
    const length = await page.evaluate(async () => {
      const reader = (await fetch("/api/large?bytes=60000000")).body!.getReader();
      let total = 0;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return total;
        total += value.length;
      }
    });
    expect(length).toBeGreaterThan(60_000_000);
    const { observation } = await seenOf("bytes=60000000");
    expect(observation.isTruncated).toBe(true);
    expect(observation.body.length).toBeGreaterThan(15_000_000);
    expect(observation.body.length).toBeLessThan(17_000_000);
  });

  test("is what had come when the page aborts", async () => {
    const page = await world.open("/");
    await page.evaluate(async () => {
      const abort = new AbortController();
      const response = await fetch("/api/endless", { signal: abort.signal });
      await response.body!.getReader().read();
      abort.abort();
    });
    expect((await seenOf("/api/endless")).observation).toMatchObject({
      body: "begin",
      isTruncated: true,
    });
  });

  test("tells an agent's failure once and without content, and is not sent again", async () => {
    const page = await world.open("/");
    await page.evaluate(() => fetch("/api/echo", { method: "POST", body: "throw secret" }));
    const { trouble, reading } = await seenOf("/api/echo");
    expect(reading).toBeNull();
    expect(trouble).toBe("failed RangeError");
    await settle(page);
    expect(await world.seen()).toHaveLength(1);
  });
});

test.describe("a stream of events", () => {
  /** Opens /events the way a page does, and waits for the connection. */
  async function listen(page: Page, headers: Record<string, string> = {}): Promise<void> {
    const before = world.site.openStreams();
    await page.evaluate(async (given) => {
      const abort = new AbortController();
      const response = await fetch("/events", { headers: given, signal: abort.signal });
      Object.assign(window, { abort, response });
      void response.text().catch(() => undefined);
    }, headers);
    await expect.poll(() => world.site.openStreams()).toBe(before + 1);
  }

  const asked = (key: string) =>
    world.site.requests.filter((line) => line === `GET /api/session/${key}`).length;

  test("leads to one question per settled turn, with the page's headers", async () => {
    const page = await world.open("/");
    await listen(page, { "x-token": "of the stream", accept: "text/event-stream" });
    world.site.send({ busy: "turn1" });
    world.site.send({ idle: "turn1" });
    world.site.send({ idle: "turn1" });
    expect((await seenOf("/api/session/turn1")).reading?.session.key).toBe("turn1");
    await settle(page);
    expect(asked("turn1")).toBe(1);
    expect(world.site.headersOf("/api/session/turn1")).toMatchObject({
      "x-token": "of the stream",
      accept: "*/*",
    });

    await page.evaluate(() => fetch("/api/session/turn1", { headers: { "x-token": "own" } }));
    world.site.send({ idle: "turn1" });
    await expect.poll(() => asked("turn1")).toBe(3);
    expect(world.site.headersOf("/api/session/turn1")).toMatchObject({ "x-token": "own" });
  });

  test("leads to one question for a change between turns, and to none while one runs", async () => {
    const page = await world.open("/");
    await listen(page);
    world.site.send({ renamed: "name1" });
    world.site.send({ renamed: "name1" });
    world.site.send({ busy: "name2" });
    world.site.send({ renamed: "name2" });
    await seenOf("/api/session/name1");
    await page.waitForTimeout(1_500);
    expect([asked("name1"), asked("name2")]).toEqual([1, 0]);
  });

  test("leads to one partial reading of a turn that runs longer than ten seconds", async () => {
    const page = await world.open("/");
    await listen(page);
    world.site.send({ busy: "long" });
    await page.waitForTimeout(5_000);
    world.site.send({ busy: "long" });
    expect(asked("long")).toBe(0);
    await expect.poll(() => asked("long"), { timeout: 15_000 }).toBe(1);
    await page.waitForTimeout(6_000);
    expect(asked("long")).toBe(1);
    world.site.send({ idle: "long" });
    await expect.poll(() => asked("long")).toBe(2);
  });

  test("does not outlive the page's interest in it", async () => {
    const page = await world.open("/");
    await listen(page);
    await page.evaluate(() => (window as unknown as { abort: AbortController }).abort.abort());
    await expect.poll(() => world.site.openStreams()).toBe(0);
    for (const how of ["body", "reader", "piped"]) {
      await page.evaluate(async (way) => {
        const { body } = await fetch("/events");
        if (way === "body") await body!.cancel();
        else if (way === "reader") await body!.getReader().cancel();
        else await body!.pipeThrough(new TextDecoderStream()).getReader().cancel();
      }, how);
      await expect.poll(() => world.site.openStreams(), how).toBe(0);
    }
  });
});

test.describe("delivery", () => {
  test("is tried again until the background says that it is stored", async () => {
    const page = await world.open("/");
    await world.set({ failures: 3 });
    await text(page, "/api/session/again");
    await seenOf("/api/session/again");
    await settle(page);
    expect(await world.seen()).toHaveLength(1);
  });

  test("survives the worker's death in the middle", async () => {
    const page = await world.open("/");
    await world.set({ delayMs: 100 });
    const body = JSON.stringify({ key: "echo", texts: ["x".repeat(2_000_000)] });
    await page.evaluate((sent) => void fetch("/api/echo", { method: "POST", body: sent }), body);
    await expect.poll(async () => (await world.control()).chunks).toBeGreaterThan(3);
    await killWorker(world.context);
    await text(page, "/api/session/after");
    await seenOf("/api/echo");
    await seenOf("/api/session/after");
    await settle(page);
    expect(await world.seen()).toHaveLength(2);
  });

  test("ends for good when capture is switched off, and the tap passes through", async () => {
    const page = await world.open("/");
    await text(page, "/api/session/on");
    await seenOf("/api/session/on");
    await world.set({ isPaused: true });
    await text(page, "/api/session/off");
    await settle(page);
    await world.set({ isPaused: false, chunks: 0 });
    await text(page, "/api/session/stilloff");
    await settle(page);
    expect((await world.control()).chunks).toBe(0);
    expect((await world.seen()).map(({ reading }) => reading?.session.key)).toEqual(["on"]);
  });

  test("begins again in an open page, over the same tap", async () => {
    const page = await world.open("/");
    await world.set({ isPaused: true });
    await text(page, "/api/session/off");
    await settle(page);
    await world.set({ isPaused: false });
    const before = await page.evaluate(() => String(fetch));
    for (let round = 0; round < 3; round += 1) {
      expect(await world.inject([`${world.site.origin}/*`])).toBe(1);
      await text(page, `/api/session/round${round}`);
      await seenOf(`/api/session/round${round}`);
    }
    await settle(page);
    expect(await world.seen()).toHaveLength(3);
    expect(await page.evaluate(() => String(fetch))).toBe(before);
  });

  test("goes on after going away and back", async () => {
    const page = await world.open("/");
    for (let round = 0; round < 3; round += 1) {
      await text(page, `/api/session/before${round}`);
      await page.goto(`${world.site.other}/`);
      await page.goBack();
      await text(page, `/api/session/back${round}`);
      await seenOf(`/api/session/before${round}`);
      await seenOf(`/api/session/back${round}`);
    }
  });

  test("wakes no worker for a page load", async () => {
    const page = await world.open("/");
    await killWorker(world.context);
    for (let load = 0; load < 5; load += 1) await page.reload();
    await settle(page);
    expect(await world.runningWorkers()).toBe(0);
    await text(page, "/api/session/woken");
    await seenOf("/api/session/woken");
  });
});

test("registration keeps to what the person chose", async () => {
  const registered = async () =>
    (await world.worker()).evaluate(async () => {
      const { chrome } = globalThis as unknown as {
        chrome: {
          scripting: {
            getRegisteredContentScripts(): Promise<
              {
                id: string;
                world: string;
                runAt: string;
                matches: string[];
                persistAcrossSessions: boolean;
              }[]
            >;
          };
        };
      };
      const scripts = await chrome.scripting.getRegisteredContentScripts();
      return scripts.map(({ id, world, runAt, matches, persistAcrossSessions }) => [
        id,
        world,
        runAt,
        matches,
        persistAcrossSessions,
      ]);
    });
  const own = `${world.site.origin}/*`;
  const script = (id: string, kind: string, matches: string[]) => [
    id,
    kind,
    "document_start",
    matches,
    true,
  ];
  expect(await registered()).toEqual([
    script("agent-off-agent", "ISOLATED", [own]),
    script("agent-test-agent", "ISOLATED", [own]),
    script("agent-beside-agent", "ISOLATED", [own]),
    script("capture", "ISOLATED", [own]),
    script("tap", "MAIN", [own]),
  ]);
  expect(await world.apply([own, "https://not-permitted.example/*"])).toEqual([
    "https://not-permitted.example/*",
  ]);
  expect(await registered()).toEqual([
    script("agent-off-agent", "ISOLATED", [own]),
    script("agent-test-agent", "ISOLATED", [own]),
    script("agent-beside-agent", "ISOLATED", [own]),
    script("capture", "ISOLATED", [own]),
    script("tap", "MAIN", [own]),
  ]);
  expect(await world.apply([])).toEqual([]);
  expect(await registered()).toEqual([]);
  const page = await world.open("/");
  await text(page, "/api/session/none");
  await settle(page);
  expect(await world.seen()).toEqual([]);
  await world.apply([own]);
});
