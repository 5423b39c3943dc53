import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Handed } from "./deliver";
import { createIntake, type Intake } from "./intake";
import { MAX_BODY_BYTES, MAX_PIECE_CHARS } from "./limits";
import type { PageRule } from "./rules";
import type { Ask, Head } from "./seal";

const ORIGIN = "https://chat.example";
const stream = { transport: "fetch" as const, path: "^/events", settled: "idle (\\w+)" };
const rule = { transport: "fetch" as const, method: "GET" };
const rules: PageRule[] = [
  {
    ...rule,
    agent: "a",
    path: "^/events",
    stream: { ...stream, ask: ["/s/$1"], askLess: ["/s/$1?less"] },
  },
  { ...rule, agent: "a", path: "^/s/", tap: "a/session" },
  { ...rule, agent: "a", path: "^/rpc", request: "load", tap: "a/load", method: "POST" },
  { ...rule, agent: "a", path: "^/rpc", request: "list", tap: "a/list", method: "POST" },
  { ...rule, agent: "b", path: "^/rpc", tap: "b/any", method: "POST" },
  {
    ...rule,
    transport: "websocket",
    agent: "a",
    path: "^/ws",
    stream: { ...stream, transport: "websocket", running: "busy (\\w+)", ask: ["/s/$1"] },
  },
  { ...rule, transport: "websocket", agent: "b", path: "^/ws", tap: "b/ws" },
  {
    ...rule,
    transport: "xhr",
    agent: "a",
    path: "^/load",
    stream: {
      transport: "xhr",
      path: "^/load",
      settled: "^GET /load\\?id=(\\w+)\\S*\\n.*left out",
      ask: ["/load?id=$1"],
    },
  },
  { ...rule, transport: "xhr", agent: "a", path: "^/load", tap: "a/load" },
  {
    ...rule,
    transport: "websocket",
    agent: "a",
    path: "^/live/",
    stream: {
      transport: "websocket",
      path: "^/live/",
      settled: "^GET /live/(\\w+)\\nended$",
      ask: ["/s/$1"],
    },
  },
];

let handed: Handed[];
let posted: Ask[];
let intake: Intake;

beforeEach(() => {
  vi.useFakeTimers();
  handed = [];
  posted = [];
  intake = createIntake({
    rules,
    hand: (one) => handed.push(one),
    post: (ask) => posted.push(ask) > 0,
    cookies: () => "",
    origin: ORIGIN,
    now: () => 0,
  });
});
afterEach(() => {
  vi.useRealTimers();
});

let id = 0;

/** A body from the tap, whole. */
function give(head: Partial<Head>, text: string, isTruncated = false): void {
  id += 1;
  const whole = { rules: [], url: `${ORIGIN}/`, method: "GET", status: 200, request: 0, ...head };
  for (let at = 0; at <= text.length; at += MAX_PIECE_CHARS) {
    const piece = { id, text: text.slice(at, at + MAX_PIECE_CHARS), isLast: false, isTruncated };
    intake.add({ ...piece, ...(at === 0 ? { head: whole } : {}) });
  }
  intake.add({ id, text: "", isLast: true, isTruncated });
}

const sum = () =>
  handed.map(({ tap, request, texts }) => [
    tap,
    texts.join("").slice(0, request),
    texts.join("").slice(request),
  ]);

describe("a body", () => {
  const rpc = { url: `${ORIGIN}/rpc`, method: "POST", rules: [2, 3, 4] };

  it("is told to the first tap of each agent that wants the request, which comes along where it was asked for", () => {
    give({ ...rpc, request: 4 }, "listanswer");
    give({ ...rpc, request: 5 }, "otheranswer");
    give({ ...rpc, rules: [2, 3], request: 5 }, "otheranswer");
    give({ ...rpc, rules: [2, 3], request: 9 }, "load listanswer");
    expect(sum()).toEqual([
      ["a/list b/any", "list", "answer"],
      ["b/any", "", "answer"],
      ["a/load", "load list", "answer"],
    ]);
  });

  it("is nothing without an answer, or without a rule", () => {
    give({ ...rpc, request: 4 }, "list");
    give({ ...rpc, rules: [99] }, "answer");
    expect(handed).toEqual([]);
  });
});

describe("a stream", () => {
  const settle = async (session: string) => {
    give({ rules: [0] }, `data: idle ${session}\n\n`);
    await vi.advanceTimersByTimeAsync(200);
  };
  const answer = (text: string, head: Partial<Head> = {}, isTruncated = false) => {
    const { ask, url } = posted.at(-1)!;
    give({ ask, url, ...head }, text, isTruncated);
    return vi.advanceTimersByTimeAsync(0);
  };

  it("has its session asked for once, and the answer read by the tap of its address", async () => {
    await settle("one");
    expect(posted).toMatchObject([{ agent: "a", method: "GET", url: `${ORIGIN}/s/one` }]);
    await answer("the session");
    expect(sum()).toEqual([["a/session", "", "the session"]]);
    expect(posted).toHaveLength(1);
  });

  it("is asked for less where the answer was cut at the cap, and not where it broke off", async () => {
    await settle("one");
    await answer("short", {}, true);
    expect(posted).toHaveLength(1);
    await settle("two");
    await answer("x".repeat(MAX_BODY_BYTES), {}, true);
    expect(posted.map(({ url }) => url.slice(ORIGIN.length))).toEqual([
      "/s/one",
      "/s/two",
      "/s/two?less",
    ]);
  });

  it("can be a WebSocket, of which another agent takes the frames", async () => {
    const socket = { rules: [5, 6], url: "wss://chat.example/ws", status: 0, socket: 1 };
    give(socket, "busy one");
    await vi.advanceTimersByTimeAsync(9_000);
    expect(posted).toEqual([]);
    give(socket, "idle one");
    await vi.advanceTimersByTimeAsync(600);
    expect(posted.map(({ url }) => url)).toEqual([`${ORIGIN}/s/one`]);
    expect(sum()).toEqual([
      ["b/ws", "", "busy one"],
      ["b/ws", "", "idle one"],
    ]);
  });

  const load = { url: `${ORIGIN}/load?id=one&version=2`, rules: [7, 8] };

  it("can be a whole answer that leaves something out; a tap takes it too, and what was asked for", async () => {
    give(load, "all of it");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(posted).toEqual([]);
    give(load, "the title, the rest left out");
    await vi.advanceTimersByTimeAsync(200);
    expect(posted).toMatchObject([{ agent: "a", method: "GET", url: `${ORIGIN}/load?id=one` }]);
    await answer("the title, all left out again");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(posted).toHaveLength(1);
    expect(sum()).toEqual([
      ["a/load", "", "all of it"],
      ["a/load", "", "the title, the rest left out"],
      ["a/load", "", "the title, all left out again"],
    ]);
  });

  it("takes the end of a body that was cut for no event", async () => {
    give(load, "the title, the rest left out", true);
    give({ rules: [0] }, "data: idle one", true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(posted).toEqual([]);
    give({ rules: [0] }, "data: idle one");
    await vi.advanceTimersByTimeAsync(200);
    expect(posted).toHaveLength(1);
  });

  it("can be a WebSocket whose address alone names the session", async () => {
    const socket = { rules: [9], url: "wss://chat.example/live/one", status: 0 };
    give({ ...socket, socket: 1 }, "ended");
    give({ ...socket, url: "wss://chat.example/live/two", socket: 2 }, "ended");
    await vi.advanceTimersByTimeAsync(200);
    expect(posted.map(({ url }) => url)).toEqual([`${ORIGIN}/s/one`, `${ORIGIN}/s/two`]);
  });

  it("takes no refusal for a session", async () => {
    await settle("one");
    await answer("not allowed", { status: 403 });
    expect(handed).toEqual([]);
  });
});

it("keeps the page's last request of a tap to have it asked again, and no answer of its own asking", async () => {
  give({ url: `${ORIGIN}/rpc?n=1`, method: "POST", rules: [3], request: 6 }, "list=1answer");
  const like = { tap: "list", replace: [{ pattern: "=1", with: "=2" }] };
  const answer = intake.askPage({ agent: "a", method: "GET", path: "", like });
  await vi.advanceTimersByTimeAsync(0);
  expect(posted).toMatchObject([{ method: "POST", url: `${ORIGIN}/rpc?n=2`, body: "list=2" }]);
  give({ ask: posted[0]!.ask, url: posted[0]!.url, method: "POST", request: 6 }, "list=2more");
  expect(await answer).toMatchObject({ request: "list=2", body: "more" });
  expect(handed).toHaveLength(1);
});
