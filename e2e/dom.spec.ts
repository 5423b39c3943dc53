/** The reader of a page's elements in Chromium, on a page that has only what is in view, in a shadow root. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { openCaptureWorld, type CaptureWorld } from "./support/capture-world.ts";

const ONE = "11111111-aaaa-4000-8000-000000000001";
const TWO = "22222222-bbbb-4000-8000-000000000002";

/** Sixty messages of 100 pixels; four are mounted. */
const PAGE = `<!doctype html><title>List</title><h1>A long chat</h1><chat-list></chat-list><script>
  const HEIGHT = 100;
  const make = (name) => Array.from({ length: 60 }, (_, at) => ({ isUser: at % 2 === 0, text: name + " message " + at + " of sixty" }));
  class ChatList extends HTMLElement {
    constructor() {
      super();
      this.attachShadow({ mode: "open" }).innerHTML =
        '<style>.list{height:400px;overflow:auto}.room{position:relative}.message{position:absolute;height:100px;width:100%}</style>' +
        '<div class="list"><div class="room"></div></div><div class="bar"></div>';
      this.list = this.shadowRoot.querySelector(".list");
      this.room = this.shadowRoot.querySelector(".room");
      this.mounted = new Map();
      this.list.onscroll = () => this.draw();
      this.show("first");
    }
    show(name) { this.messages = make(name); this.clear(); this.list.scrollTop = 1e6; this.draw(); }
    clear() { for (const node of this.mounted.values()) node.remove(); this.mounted.clear(); this.draw(); }
    draw() {
      this.room.style.height = this.messages.length * HEIGHT + "px";
      const first = Math.max(0, Math.min(this.messages.length - 4, Math.floor(this.list.scrollTop / HEIGHT)));
      for (const [at, node] of this.mounted) if (at < first || at > first + 3) { node.remove(); this.mounted.delete(at); }
      for (let at = first; at < first + 4; at += 1) if (!this.mounted.has(at)) this.mount(at);
    }
    mount(at) {
      const { isUser, text } = this.messages[at];
      const node = document.createElement("div");
      node.className = "message " + (isUser ? "from-user" : "from-agent");
      node.style.top = at * HEIGHT + "px";
      node.innerHTML = "<p></p>";
      node.firstChild.textContent = text;
      const after = [...this.mounted].filter(([other]) => other > at).sort(([a], [b]) => a - b)[0]?.[1] ?? null;
      this.room.insertBefore(node, after);
      this.mounted.set(at, node);
    }
    async answer(prompt, words) {
      const bar = this.shadowRoot.querySelector(".bar");
      bar.innerHTML = '<button class="stop">Stop</button>';
      this.messages.push({ isUser: true, text: prompt }, { isUser: false, text: "" });
      this.list.scrollTop = 1e6;
      this.draw();
      this.list.scrollTop = 1e6;
      this.draw();
      const last = this.messages.at(-1);
      for (const word of words) {
        last.text += word + " ";
        const node = this.mounted.get(this.messages.length - 1);
        if (node) node.firstChild.textContent = last.text;
        await new Promise((done) => setTimeout(done, 100));
      }
      bar.innerHTML = "";
    }
  }
  customElements.define("chat-list", ChatList);
  window.list = document.querySelector("chat-list");
</script>`;

interface List {
  list: {
    list: Element;
    show(name: string): void;
    answer(prompt: string, words: string[]): Promise<void>;
  };
}

/** The test agent's, as its build would write them (capture/testing/agent). */
const RULES = {
  use: "fallback",
  messages: [".message"],
  roles: [
    { role: "user", match: ".from-user" },
    { role: "assistant", match: ".from-agent" },
  ],
  running: ["button.stop"],
  title: ["h1"],
};

let world: CaptureWorld;

/** Puts the agent's rules into the extension, and registers the reader alone on the site. */
async function placeReader(): Promise<void> {
  const given = JSON.stringify({ agent: "test-agent", page: RULES });
  await mkdir(join(world.folder, "page-rules"));
  await writeFile(
    join(world.folder, "page-rules", "test-agent.js"),
    `globalThis[Symbol.for("opensync-companion:page-rules")] = ${given};`,
  );
  await (
    await world.worker()
  ).evaluate(async (pattern) => {
    const { registration } = (
      globalThis as unknown as {
        control: { registration: { apply(wanted: unknown): Promise<unknown> } };
      }
    ).control;
    await registration.apply({
      traffic: [],
      readers: [{ agentId: "test-agent", patterns: [pattern] }],
    });
  }, `${world.site.origin}/*`);
}

test.beforeAll(async () => {
  world = await openCaptureWorld();
  await world.context.route("**/list*", (route) =>
    route.fulfill({ contentType: "text/html", body: PAGE }),
  );
  await placeReader();
});

test.afterAll(() => world.close());

/** The texts of the newest reading of a session, in its order. */
async function texts(session: string): Promise<string[]> {
  const seen = (await world.seen()).filter(({ reading }) => reading?.session.key === session);
  const messages = seen.at(-1)?.reading?.messages ?? [];
  return messages.map(({ parts: [part] }) => (part as { text: string } | undefined)?.text ?? "");
}

const expected = (name: string) =>
  Array.from({ length: 60 }, (_, at) => `${name} message ${at} of sixty`);

/** Scrolls as fast as the reader looks, however busy the machine is: its timer and its idle time are the page's. */
async function scrollUp(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { list } = (window as unknown as List).list;
    while (list.scrollTop > 0) {
      list.scrollTop -= 280;
      // The page draws what came into view in its next frame.
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      await new Promise((done) => setTimeout(done, 200));
      await new Promise((done) => requestIdleCallback(done));
    }
  });
}

test("a list of which four messages are mounted is gathered whole while a person scrolls up", async () => {
  const page = await world.open(`/list?session=${ONE}`);
  await expect.poll(() => texts(ONE)).toEqual(expected("first").slice(-4));
  await scrollUp(page);
  await expect.poll(() => texts(ONE)).toEqual(expected("first"));
  const { reading } = (await world.seen()).at(-1)!;
  expect(reading?.session).toMatchObject({ agent: "test-agent", title: "A long chat" });
  const keys = reading!.messages.map(({ key }) => key);
  expect(new Set(keys).size).toBe(60);
  expect(reading!.messages.map(({ parentKey }) => parentKey)).toEqual([
    undefined,
    ...keys.slice(0, -1),
  ]);

  const words = "it rains and it will rain for many days, so take an umbrella".split(" ");
  await page.evaluate(
    (given) => (window as unknown as List).list.answer("What is the weather?", given),
    words,
  );
  const whole = [...expected("first"), "What is the weather?", words.join(" ")];
  await expect.poll(() => texts(ONE)).toEqual(whole);
  // Not a word of it was read before it was settled.
  const bodies = (await world.seen()).map(({ observation }) => observation.body);
  expect(bodies.filter((body) => body.includes("it rains") && !body.includes("umbrella"))).toEqual(
    [],
  );

  // To another session, whose messages come later than its address.
  await page.evaluate(async (session) => {
    history.pushState(null, "", `?session=${session}`);
    await new Promise((done) => setTimeout(done, 1_500));
    (window as unknown as List).list.show("second");
  }, TWO);
  await expect.poll(() => texts(TWO)).toEqual(expected("second").slice(-4));
  const mixed = (await world.seen()).filter(
    ({ reading: read, observation }) =>
      read?.session.key === TWO && observation.body.includes("first message"),
  );
  expect(mixed).toEqual([]);
  await page.close();
});

test("a hidden tab is read too, and a reader that must stop ends for good", async () => {
  const page = await world.open(`/list?session=${ONE}0`);
  const front = await world.open("/");
  await front.bringToFront();
  await expect.poll(() => texts(`${ONE}0`)).toHaveLength(4);
  await page.evaluate(() => (window as unknown as List).list.show("third"));
  await expect.poll(() => texts(`${ONE}0`)).toContain("third message 59 of sixty");

  await world.set({ isPaused: true });
  await page.evaluate(() => (window as unknown as List).list.show("fourth"));
  await page.waitForTimeout(2_000);
  await world.set({ isPaused: false });
  const before = (await world.seen()).length;
  await page.evaluate(() => (window as unknown as List).list.show("fifth"));
  await page.waitForTimeout(2_000);
  expect((await world.seen()).length).toBe(before);
  await page.close();
});

test("a page whose traffic is silent is read once the reader is put into its tab", async () => {
  const session = `${ONE}1`;
  const call = async (name: "apply" | "injectReader") =>
    (await world.worker()).evaluate(
      async ([method, pattern]) => {
        const { chrome, control } = globalThis as unknown as {
          chrome: { tabs: { query(query: unknown): Promise<{ id: number }[]> } };
          control: {
            registration: Record<string, (first: unknown, second?: string) => Promise<unknown>>;
          };
        };
        if (method === "apply") return control.registration.apply!({ traffic: [], readers: [] });
        const [tab] = await chrome.tabs.query({ url: pattern });
        return control.registration.injectReader!(tab!.id, "test-agent");
      },
      [name, `http://127.0.0.1/list?session=${session}`] as const,
    );
  await call("apply");
  const page = await world.open(`/list?session=${session}`);
  await page.waitForTimeout(2_000);
  expect(await texts(session)).toEqual([]);
  expect(await call("injectReader")).toBe(true);
  await expect.poll(() => texts(session)).toEqual(expected("first").slice(-4));
  await page.close();
});
