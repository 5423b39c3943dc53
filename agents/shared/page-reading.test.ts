import { describe, expect, it } from "vitest";
import { type Agent, defineAgent, type PageRules } from "../agent";
import { type PageMessage, readPage } from "./page-reading";

function agentWith(use: PageRules["use"]): Agent {
  return defineAgent({
    id: "made-up",
    name: "Made up",
    kind: "chat",
    origins: ["https://chat.example/*"],
    session: (url) => /^\/c\/(\w+)/.exec(url.pathname)?.[1] ?? url.searchParams.get("id"),
    taps: [],
    page: { use, messages: ["p"], roles: [] },
    facts: [],
  });
}

const instead = agentWith("instead");
const fallback = agentWith("fallback");

function observe(body: unknown, pageUrl = "https://chat.example/c/one?token=x") {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const head = { tap: "page", url: pageUrl, method: "GET", status: 200, isTruncated: false };
  return { ...head, body: text, pageUrl };
}

function keysOf(messages: PageMessage[]): string[] {
  const [reading] = readPage(instead, observe({ isRunning: false, messages })) ?? [];
  return reading!.messages.map(({ key }) => key);
}

const user = (text: string, id?: string): PageMessage => ({
  role: "user",
  text,
  ...(id && { id }),
});
const answer = (text: string, id?: string): PageMessage => ({
  ...user(text, id),
  role: "assistant",
});

describe("readPage", () => {
  it("gives what the page shows, each message after the one above it", () => {
    const messages = [
      user("Hi", "u1"),
      {
        ...answer("Hello", "a1"),
        reasoning: "Be kind.",
        model: "m-1",
        time: "2026-11-01T10:00:03Z",
        files: [{ name: "a.png", mediaType: "image/png", url: "https://x.example/a.png?sig=1" }],
        sources: [{ url: "https://source.example/a", title: "A" }],
      },
    ];
    expect(readPage(instead, observe({ title: " Greeting ", isRunning: false, messages }))).toEqual(
      [
        {
          session: {
            agent: "made-up",
            key: "one",
            title: "Greeting",
            url: "https://chat.example/c/one",
            activeLeafKey: "a1",
          },
          messages: [
            {
              key: "u1",
              role: "user",
              position: 0,
              state: "final",
              parts: [{ type: "text", text: "Hi" }],
            },
            {
              key: "a1",
              parentKey: "u1",
              role: "assistant",
              position: 1,
              state: "final",
              model: "m-1",
              createdAt: Date.UTC(2026, 10, 1, 10, 0, 3),
              parts: [
                { type: "reasoning", text: "Be kind." },
                { type: "text", text: "Hello" },
                { type: "file", name: "a.png", mediaType: "image/png" },
                { type: "source", url: "https://source.example/a", title: "A" },
              ],
            },
          ],
          fromPage: { madeKeys: [] },
        },
      ],
    );
  });

  it("calls final only what nothing else will tell better, and what is written to its end", () => {
    const body = { isRunning: true, messages: [user("Hi", "u1"), answer("Hel", "a1")] };
    const states = (agent: Agent) =>
      readPage(agent, observe(body))?.[0]?.messages.map(({ state }) => state);
    expect(states(instead)).toEqual(["final", "partial"]);
    expect(states(fallback)).toEqual(["partial", "partial"]);
    expect(readPage(instead, observe(body))?.[0]?.fromPage?.runningKey).toBe("a1");
  });

  it("gives no session where the address names none, and cannot place another form", () => {
    const body = { isRunning: false, messages: [user("Hi")] };
    expect(readPage(instead, observe(body, "https://chat.example/new"))).toEqual([]);
    expect(readPage(instead, observe({ isRunning: false, messages: [] }))).toEqual([]);
    expect(readPage(instead, observe("no JSON"))).toBeNull();
    expect(readPage(instead, observe({ messages: [{ role: "user" }] }))).toBeNull();
    expect(
      readPage(instead, observe({ messages: [{ ...user("a"), sources: [null] }] })),
    ).toHaveLength(1);
  });

  it("reads nothing at another agent's address", () => {
    const body = { isRunning: false, messages: [user("Hi")] };
    expect(readPage(instead, observe(body, "https://other.example/c/one"))).toEqual([]);
  });

  it("keeps the query of an address only where it names the session", () => {
    const body = { isRunning: false, messages: [user("Hi")] };
    const url = (page: string) => readPage(instead, observe(body, page))?.[0]?.session.url;
    expect(url("https://chat.example/agents?id=7#x")).toBe("https://chat.example/agents?id=7");
  });
});

describe("keys of messages without ids", () => {
  const list = [user("Hi"), answer("Hello there"), user("go on"), answer("More"), user("go on")];

  it("stay when older messages are mounted above, and when the text is set in other signs", () => {
    const all = keysOf(list);
    expect(keysOf(list.slice(2, 4))).toEqual(all.slice(2, 4));
    expect(keysOf([user("Hi"), answer("**Hello** there")])).toEqual(all.slice(0, 2));
    expect(new Set(all).size).toBe(all.length);
  });

  it("stay while an answer grows beyond its beginning", () => {
    const long = "A long answer that goes on and on, ".repeat(4);
    expect(keysOf([user("Hi"), answer(long)])).toEqual(
      keysOf([user("Hi"), answer(`${long} end.`)]),
    );
  });

  it("are other ones for another answer to the same prompt", () => {
    const [, one] = keysOf([user("go on"), answer("This way")]);
    const [, other] = keysOf([user("go on"), answer("That way")]);
    expect(one).not.toBe(other);
  });

  it("take the place of an id that is there twice", () => {
    const [first, second] = keysOf([user("Hi", "x"), answer("Hello", "x")]);
    expect(first).toBe("x");
    expect(second).toMatch(/^page-/);
  });
});
