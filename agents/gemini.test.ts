import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { HistoryRequest, MessageReading, Observation } from "./agent";
import { gemini } from "./gemini";
import { arraysIn, formField, rpcArguments, rpcItems } from "./shared/google-rpc";
import { htmlText } from "./shared/html-text";
import { sharedFixture } from "./testing/fixtures";

const folder = join(import.meta.dirname, "fixtures", "gemini");
const SESSION = "5e1f9c07a2b34d68";

function fixture(name: string): Observation {
  return JSON.parse(readFileSync(join(folder, `${name}.observation.json`), "utf8")) as Observation;
}

function read(observation: Observation) {
  return gemini.taps.find(({ id }) => id === observation.tap)!.read(observation);
}

/** What is sent when the page's own last request is sent again. */
function sent(request: HistoryRequest, like: Observation): { url: string; request: string } {
  const apply = (text: string) =>
    request.like!.replace.reduce(
      (before, { pattern, with: next }) => before.replace(new RegExp(pattern), next),
      text,
    );
  return { url: apply(like.url), request: apply(like.request ?? "") };
}

it.each([
  [`https://gemini.google.com/app/${SESSION}`, SESSION],
  [`https://gemini.google.com/u/2/app/${SESSION}?hl=de`, SESSION],
  [`https://gemini.google.com/gem/coding-partner/${SESSION}`, SESSION],
  [`https://gemini.google.com/u/1/gem/1a2b3c4d5e6f/${SESSION}/`, SESSION],
  ["https://gemini.google.com/app", null],
  ["https://gemini.google.com/gem/coding-partner", null],
  ["https://gemini.google.com/share/5e1f9c07a2b3", null],
])("knows the session that %s shows", (url, key) => {
  expect(gemini.session(new URL(url))).toBe(key);
});

it("reads frames with wrong lengths, without a prefix, and up to where they were cut", () => {
  const frame = '[["wrb.fr","x","[1]"]]';
  expect(rpcItems(`)]}'\n\n9\n${frame}\n25\n[["di",1]]`)).toHaveLength(2);
  expect(rpcItems(frame)).toHaveLength(1);
  expect(rpcItems(`)]}'\n\n24\n${frame}\n99\n[["wrb.fr","x","[`)).toHaveLength(1);
});

it("looks into arrays of any depth without running out of stack", () => {
  let deep: unknown = "end";
  for (let at = 0; at < 100_000; at += 1) deep = [deep];
  expect(arraysIn(deep)).toHaveLength(100_000);
});

it("finds a request's arguments in an encoded form and in the fields of one", () => {
  const calls = JSON.stringify([[["hNvQHb", '["c_1",10,"next"]', null, "generic"]]]);
  const form = new URLSearchParams({ "f.req": calls, at: "x" }).toString();
  for (const request of [form, JSON.stringify({ "f.req": calls })]) {
    expect(rpcArguments(request, "hNvQHb")).toEqual(["c_1", 10, "next"]);
    expect(rpcArguments(request, "MaZiqc")).toBeUndefined();
  }
  expect(formField(undefined, "at")).toBeUndefined();
});

it("reads the same messages from the stream as from the load, but for the time, which the stream does not tell", () => {
  const streamed = read(fixture("turn"))![0]!.messages;
  const replay = JSON.parse(readFileSync(join(folder, "replay.json"), "utf8")) as {
    load: { body: string; url: string; requestBody: string }[];
  };
  const { body, url, requestBody } = replay.load[1]!;
  const loaded = read({ ...fixture("load"), body, url, request: requestBody })![0]!.messages;
  const known = (message: MessageReading) => ({ ...message, position: 0, createdAt: 0 });
  expect(streamed.map(known)).toEqual(loaded.slice(-2).map(known));
});

it("puts live turns behind what was loaded, in the order in which they were asked", () => {
  const [first] = read(fixture("turn"))!;
  const next = { ...fixture("turn") };
  next.url = next.url.replace("_reqid=2112345", "_reqid=2212345");
  const [second] = read(next)!;
  const loaded = read(fixture("load"))![0]!.messages.map(({ position }) => position);
  const live = [...first!.messages, ...second!.messages].map(({ position }) => position);
  expect([...loaded, ...live]).toEqual([...loaded, ...live].sort((a, b) => a - b));
});

it("marks a load that holds something else than turns as changed", () => {
  const payload = JSON.stringify([[{ novelty: 1 }]]);
  const body = JSON.stringify([["wrb.fr", "hNvQHb", payload]]);
  expect(read({ ...fixture("load"), body })).toBeNull();
});

it("asks for a page of the list with the page's own request", () => {
  const history = gemini.history!;
  const arguments_ = (text: string) => JSON.stringify([[["MaZiqc", text, null, "generic"]]]);
  const form = `f.req=${encodeURIComponent(arguments_("[13,null,[0,null,1]]"))}&at=AKz`;
  const like = { ...fixture("list"), request: form };
  const first = sent(history.list(null), like);
  expect(rpcArguments(first.request, "MaZiqc")).toEqual([13, null, [0, null, 1]]);
  const second = sent(history.list("a+b/c=="), { ...like, request: first.request });
  expect(rpcArguments(second.request, "MaZiqc")).toEqual([13, "a+b/c==", [0, null, 1]]);
  // The page's last request may have been for a later page.
  const again = sent(history.list(null), { ...like, request: second.request });
  expect(rpcArguments(again.request, "MaZiqc")).toEqual([13, null, [0, null, 1]]);
  expect(new URLSearchParams(again.request).get("at")).toBe("AKz");
});

it("asks for another session with the page's own request, page by page", () => {
  const history = gemini.history!;
  const like = fixture("load");
  const other = "0123456789abcdef";
  const first = sent(history.load(other, [])!, like);
  expect(rpcArguments(first.request, "hNvQHb")).toEqual([
    `c_${other}`,
    1000,
    null,
    1,
    [1],
    [4],
    null,
    1,
  ]);
  expect(new URL(first.url).searchParams.get("source-path")).toBe(`/app/${other}`);
  expect(first.request).not.toContain(SESSION);

  const page = fixture("load-older-page");
  const second = sent(history.load(other, [page])!, like);
  expect(rpcArguments(second.request, "hNvQHb")?.slice(0, 3)).toEqual([
    `c_${other}`,
    1000,
    "nexttoken==",
  ]);
  expect(history.load(other, [like])).toBeNull();
  // A page that names itself as the next would be asked for without end.
  expect(history.load(other, [page, page])).toBeNull();
});

const titles = sharedFixture("gemini/blackiya-batchexecute-titles.txt");
it.skipIf(titles === null)(
  "lists the sessions of a real answer, and takes the title of the shown one",
  () => {
    const body = readFileSync(titles!, "utf8");
    const list = gemini.history!.readList({ ...fixture("list"), body })!;
    expect(list.sessions).toHaveLength(13);
    expect(list.sessions[0]).toEqual({ key: "9cf87bbddf79d497", updatedAt: 1768841280788 });
    expect(list.next).toMatch(/^tCswBAX9.*I=$/);
    const pageUrl = "https://gemini.google.com/app/69b38773dc8a64c7";
    expect(read({ ...fixture("list"), body, pageUrl })).toEqual([
      {
        session: {
          agent: "gemini",
          key: "69b38773dc8a64c7",
          url: pageUrl,
          title: "Scholars Discuss Fiqh and Hadith",
        },
        messages: [],
      },
    ]);
    expect(gemini.history!.readList({ ...fixture("list"), body: "<html>" })).toBeNull();
  },
);

const synthetic = sharedFixture("synthetic/gemini-streamgenerate.txt");
it.skipIf(synthetic === null)("reads the documented stream", () => {
  const body = readFileSync(synthetic!, "utf8");
  const [reading] = read({ ...fixture("turn"), body })!;
  expect(reading!.session.key).toBe("abc123");
  expect(reading!.messages[1]).toMatchObject({
    key: "rc_1",
    parentKey: "r_def456",
    state: "final",
    parts: [
      { type: "reasoning", text: "**Thinking**\n\nokay" },
      { type: "text", text: "Héllo 😀 world" },
    ],
  });
});

it("imports each prompt of the activity file as a session, and nothing of other products", () => {
  const take = (entry: unknown) => gemini.imports![0]!.read(entry, "MyActivity.json");
  const entry = {
    header: "Gemini Apps",
    title: "Prompted What do herons eat?",
    time: "2026-11-01T10:00:00.123Z",
    products: ["Gemini Apps"],
    attachedFiles: ["heron.jpg"],
    safeHtmlItem: [{ html: "<p>Herons eat <strong>fish</strong> &amp; frogs.</p>" }],
  };
  expect(take(entry)).toEqual([
    {
      session: {
        agent: "gemini",
        key: "activity-1793527200123",
        activeLeafKey: "activity-1793527200123-answer",
        createdAt: 1793527200123,
        updatedAt: 1793527200123,
      },
      messages: [
        {
          key: "activity-1793527200123-prompt",
          role: "user",
          position: 1793527200123,
          state: "final",
          createdAt: 1793527200123,
          parts: [
            { type: "text", text: "What do herons eat?" },
            { type: "file", name: "heron.jpg" },
          ],
        },
        {
          key: "activity-1793527200123-answer",
          parentKey: "activity-1793527200123-prompt",
          role: "assistant",
          position: 1793527200123.5,
          state: "final",
          createdAt: 1793527200123,
          parts: [{ type: "text", text: "Herons eat **fish** & frogs." }],
        },
      ],
    },
  ]);
  expect(take({ ...entry, title: "Used Gemini Apps", safeHtmlItem: undefined })).toEqual([]);
  expect(take({ ...entry, header: "Search", products: ["Search"] })).toBeNull();
});

it.each([
  ["<p>a</p><p>b<br>c</p>", "a\n\nb\nc"],
  ['<pre><code class="language-js">if (a &lt; b) {}</code></pre>', "```js\nif (a < b) {}\n```"],
  ["<ul><li>a</li><li><code>b</code></li></ul>", "- a\n- `b`"],
  [
    '<h2>T</h2><a href="https://a.example/">x</a><a href="javascript:y">z</a>',
    "## T\n\n[x](https://a.example/)z",
  ],
  ["1 < 2 &#128512; &unknown; <b", "1 < 2 😀 &unknown; <b"],
])("makes Markdown of %s", (html, text) => {
  expect(htmlText(html)).toBe(text);
});
