import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MessageReading, PAGE_TAP, type Reading } from "./agent";
import { generic } from "./generic";
import { readPage } from "./shared/page-reading";
import { loadFixtures, read } from "./testing/fixtures";

const own = loadFixtures().filter(({ agentId }) => agentId === "generic");

interface Said {
  role: string;
  content: string;
}

const user = (content: string): Said => ({ role: "user", content });
const assistant = (content: string): Said => ({ role: "assistant", content });

/** One request of a page with the model's answer. */
function ask(messages: Said[], content: string, body: object = {}, pageUrl = "https://a.example/") {
  const head = { tap: "chat", url: "https://m.example/v1/chat", method: "POST", status: 200 };
  const answer = { choices: [{ message: { role: "assistant", content }, finish_reason: "stop" }] };
  return read(generic, {
    ...head,
    request: JSON.stringify({ ...body, messages }),
    body: JSON.stringify(answer),
    isTruncated: false,
    pageUrl,
  })!;
}

function allOf(readings: Reading[]): MessageReading[] {
  return readings.flatMap(({ messages }) => messages);
}

function textOf({ parts }: MessageReading): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Everything, by key, each text once. */
function archived(...turns: Reading[][]) {
  const sessions = new Map<string, Map<string, MessageReading>>();
  for (const { session, messages } of turns.flat()) {
    const kept = sessions.get(session.key) ?? new Map<string, MessageReading>();
    sessions.set(session.key, kept);
    for (const message of messages) kept.set(message.key, message);
  }
  return [...sessions.values()].map((messages) => [...messages.values()]);
}

const HELLO = [user("Hello"), assistant("Hi, what can I do?")];

describe("requests that repeat a session", () => {
  const first = ask([user("Hello")], "Hi, what can I do?");
  const second = ask([...HELLO, user("Sort a list")], "With sort().");

  it("give one session with each message once, in a chain that rises", () => {
    const [messages, ...others] = archived(first, second);
    expect(others).toEqual([]);
    expect(messages!.map(textOf)).toEqual([
      "Hello",
      "Hi, what can I do?",
      "Sort a list",
      "With sort().",
    ]);
    messages!.forEach((message, at) => {
      expect(message.parentKey).toBe(messages![at - 1]?.key);
      expect(message.position).toBe(at);
    });
  });

  it("give way where they repeat: what was read when it was new has more", () => {
    expect(first.map(({ fromPage }) => fromPage)).toEqual([undefined]);
    expect(second.map(({ fromPage }) => fromPage)).toEqual([{ madeKeys: [] }, undefined]);
    expect(second.map(({ messages }) => messages.map(textOf))).toEqual([
      ["Hello", "Hi, what can I do?"],
      ["Sort a list", "With sort()."],
    ]);
  });

  it("know an answer again that the page changed in form only", () => {
    const changed = [user("Hello "), assistant("Hi, **what** can I do?\n"), user("Sort a list")];
    expect(allOf(ask(changed, "With sort().")).map(({ key }) => key)).toEqual(
      allOf(second).map(({ key }) => key),
    );
  });

  it("put an edited prompt and another answer beside the first", () => {
    const edited = ask([...HELLO, user("Sort a table")], "With ORDER BY.");
    const again = ask([...HELLO, user("Sort a list")], "With toSorted().");
    const [messages] = archived(first, second, edited, again);
    const childrenOf = (text: string) => {
      const { key } = messages!.find((message) => textOf(message) === text)!;
      return messages!.filter(({ parentKey }) => parentKey === key).map(textOf);
    };
    expect(childrenOf("Hi, what can I do?")).toEqual(["Sort a list", "Sort a table"]);
    expect(childrenOf("Sort a list")).toEqual(["With sort().", "With toSorted()."]);
  });

  it("keep two that begin alike as branches, and lose neither", () => {
    const other = ask([user("Hello")], "Good day!");
    const then = ask([user("Hello"), assistant("Good day!"), user("Sort a list")], "How?");
    const [messages, ...others] = archived(first, second, other, then);
    expect(others).toEqual([]);
    expect(messages!.map(textOf).sort()).toEqual(
      [
        "Hello",
        "Hi, what can I do?",
        "Sort a list",
        "With sort().",
        "Good day!",
        "Sort a list",
        "How?",
      ].sort(),
    );
  });

  it("tell sessions of other origins and other beginnings apart", () => {
    const elsewhere = ask([user("Hello")], "Hi", {}, "https://b.example/");
    const keys = [first, ask([user("Good day")], "Hi"), elsewhere].map(
      ([reading]) => reading!.session.key,
    );
    expect(new Set(keys).size).toBe(3);
  });

  it("stay one session when it gets an address, and when the system prompt tells the time", () => {
    const at = (time: string) => ({ role: "system", content: `It is ${time}.` });
    const one = ask([at("noon"), user("Hello")], "Hi, what can I do?");
    const two = ask(
      [at("one"), ...HELLO, user("Sort")],
      "How?",
      {},
      "https://a.example/c/12345678",
    );
    expect(archived(one, two)).toHaveLength(1);
    expect(allOf(two).map(({ key }) => key)).toEqual(
      expect.arrayContaining(allOf(one).map(({ key }) => key)),
    );
  });
});

describe("how sure a session is", () => {
  it.each([
    ["its page names it", { chatId: "c-1" }, "a.example/c-1", 0.9],
    ["nothing names it", {}, expect.stringMatching(/^any-/), 0.6],
    [
      "a request has the newest message only",
      { previous_response_id: "resp_1" },
      expect.anything(),
      0.3,
    ],
  ])("when %s", (_, body, key, certainty) => {
    const [reading] = ask([user("Hello")], "Hi", body);
    expect(reading!.session).toMatchObject({ key, certainty });
  });
});

describe("what the page shows", () => {
  function shown(messages: { role: string; text: string }[], pageUrl = "https://a.example/") {
    const head = { tap: PAGE_TAP, url: pageUrl, method: "GET", status: 200, isTruncated: false };
    return readPage(generic, {
      ...head,
      pageUrl,
      body: JSON.stringify({ isRunning: false, messages }),
    })!;
  }
  const messages = [
    { role: "user", text: "Hello" },
    { role: "assistant", text: "Hi, what can **I** do?" },
  ];

  it("has the keys of its traffic, and gives way to it", () => {
    const [page] = shown(messages);
    const traffic = ask([user("Hello")], "Hi, what can I do?");
    expect(page!.session.key).toBe(traffic[0]!.session.key);
    expect(page!.messages.map(({ key }) => key)).toEqual(allOf(traffic).map(({ key }) => key));
    expect(page!.fromPage).toEqual({ madeKeys: page!.messages.map(({ key }) => key) });
    expect(page!.session.certainty).toBe(0.4);
    expect(page!.messages.map(({ state }) => state)).toEqual(["final", "final"]);
  });

  it("has them below a greeting that is shown and not sent", () => {
    const [page] = shown([{ role: "assistant", text: "Ask me anything." }, ...messages]);
    const traffic = ask([user("Hello")], "Hi, what can I do?");
    expect(page!.session.key).toBe(traffic[0]!.session.key);
    expect(page!.messages.slice(1).map(({ key }) => key)).toEqual(
      allOf(traffic).map(({ key }) => key),
    );
  });

  it("is of the session that the page's address names", () => {
    const named = ask(
      [user("Hello")],
      "Hi",
      { id: "5a1f9c3e" },
      "https://a.example/c/5a1f9c3e?x=1",
    );
    const withId = ask([user("Hello")], "Hi", { chatId: "5a1f9c3e" });
    const [page] = shown(messages, "https://a.example/c/5a1f9c3e?x=1");
    expect(page!.session).toMatchObject({
      key: withId[0]!.session.key,
      url: "https://a.example/c/5a1f9c3e",
    });
    // A request's own `id` beside messages without ids is the request's.
    expect(named[0]!.session.key).toMatch(/^any-/);
  });
});

describe("answers that were cut", () => {
  const streams = own.filter(({ observation: { body } }) => body.includes("\n"));

  it.each(streams.map((fixture) => [fixture.name, fixture.observation] as const))(
    "leave nothing behind that %s as a whole does not have",
    (_, observation) => {
      const keysOf = (readings: Reading[] | null) => allOf(readings ?? []).map(({ key }) => key);
      const whole = keysOf(read(generic, observation));
      fc.assert(
        fc.property(fc.nat(observation.body.length), (end) => {
          const body = observation.body.slice(0, end);
          const cut = read(generic, { ...observation, body, isTruncated: true });
          for (const key of keysOf(cut)) expect(whole).toContain(key);
        }),
        { numRuns: 200 },
      );
    },
  );

  it("keep the prompt", () => {
    const { observation } = own.find(({ name }) => name.includes("completions-tools"))!;
    const cut = read(generic, { ...observation, body: "data: {", isTruncated: true })!;
    expect(allOf(cut).map(textOf)).toContain("Which files are here?");
  });

  it("are read below a prompt whose image made the request too long", () => {
    const image = {
      type: "image_url",
      image_url: { url: `data:image/png;base64,${"A".repeat(99)}` },
    };
    const content = [{ type: "text", text: "What is this?" }, image];
    const request = JSON.stringify({ stream: true, messages: [{ role: "user", content }] });
    const { observation } = own.find(({ name }) => name.includes("completions-results"))!;
    const keys = [request, request.slice(0, -60)].map((text) =>
      allOf(read(generic, { ...observation, request: text })!).map(({ key }) => key),
    );
    expect(keys[0]).toHaveLength(2);
    expect(keys[1]).toEqual(keys[0]);
  });
});

it("keeps no bytes of an image that was made, and nothing of what a request only refers to", () => {
  const made = { type: "image_generation_call", result: "iVBORw0KGgo=", output_format: "webp" };
  const readings = read(generic, {
    ...{ tap: "chat", url: "https://m.example/v1/responses", method: "POST", status: 200 },
    request: JSON.stringify({
      input: [
        { role: "user", content: "Draw" },
        { type: "item_reference", id: "rs_1" },
      ],
    }),
    body: JSON.stringify({ object: "response", status: "completed", output: [made] }),
    isTruncated: false,
    pageUrl: "https://a.example/",
  })!;
  expect(allOf(readings).map(({ parts }) => parts)).toEqual([
    [{ type: "text", text: "Draw" }],
    [{ type: "file", mediaType: "image/webp" }],
  ]);
});

describe("what is none of a chat", () => {
  const observe = (request: unknown, body: unknown) =>
    read(generic, {
      ...{ tap: "chat", url: "https://a.example/api", method: "POST", status: 200 },
      ...{ request: JSON.stringify(request), body: JSON.stringify(body), isTruncated: false },
      pageUrl: "https://a.example/",
    });

  it("is left alone", () => {
    expect(observe({ messages: ["a", "b"] }, { ok: true })).toEqual([]);
    expect(observe({ prompt: "A red boat" }, { images: [] })).toEqual([]);
    expect(observe({ input: ["a"] }, { data: [] })).toEqual([]);
  });

  it("but a chat whose answer has no known form is told of", () => {
    expect(observe({ messages: [user("Hello")] }, { reply: "Hi" })).toBeNull();
    expect(observe({ messages: [{ role: "user", text: "Hello" }] }, { text: "Hi" })).toBeNull();
  });
});
