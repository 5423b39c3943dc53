import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { opencode } from "../agents/opencode";
import type { Stream } from "../agents/agent";
import type { PageRule } from "./rules";
import { requestLine, splitEvents } from "./events";
import { createTurns, type Turns } from "./turns";

const stream = opencode.streams![0]!;
const rule: PageRule & { stream: Stream } = {
  agent: "opencode",
  transport: "fetch",
  method: "GET",
  path: stream.path,
  stream,
};

const LINE = requestLine("GET", "http://127.0.0.1:4096/global/event?x=1");

const idle = (id: string) =>
  `data: {"payload":{"type":"session.idle","properties":{"sessionID":"${id}"}}}`;
const status = (id: string, type: string) =>
  `data: {"payload":{"type":"session.status","properties":{"sessionID":"${id}","status":{"type":"${type}"}}}}`;
const updated = (id: string) =>
  `data: {"payload":{"type":"session.updated","properties":{"sessionID":"${id}","info":{"id":"${id}"}}}}`;

let asked: string[];
let answer: (path: string) => Promise<boolean>;
let watch: (event: string) => void;

let turns: Turns;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answer = () => Promise.resolve(false);
  turns = createTurns((agent, path) => {
    expect(agent).toBe("opencode");
    asked.push(path);
    return answer(path);
  });
  watch = turns.watch(rule, LINE);
});
afterEach(() => {
  vi.useRealTimers();
});

const both = (id: string) => [`/session/${id}`, `/session/${id}/message`];

describe("asks", () => {
  it("once for a turn, though two events say that it ended", async () => {
    watch(status("ses_1", "busy"));
    watch(status("ses_1", "idle"));
    watch(idle("ses_1"));
    await vi.runAllTimersAsync();
    expect(asked).toEqual(both("ses_1"));
  });

  it("for each session by itself, sub-agents too", async () => {
    watch(idle("ses_child"));
    watch(idle("ses_1"));
    await vi.runAllTimersAsync();
    expect(asked.sort()).toEqual([...both("ses_1"), ...both("ses_child")].sort());
  });

  it("once more after an answer that was on its way when the turn ended again", async () => {
    let release: () => void = () => undefined;
    answer = () => new Promise((resolve) => (release = () => resolve(false)));
    watch(idle("ses_1"));
    await vi.advanceTimersByTimeAsync(200);
    watch(idle("ses_1"));
    watch(idle("ses_1"));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveLength(1);
    answer = () => Promise.resolve(false);
    release();
    await vi.runAllTimersAsync();
    expect(asked).toEqual([...both("ses_1"), ...both("ses_1")]);
  });

  it("for the newest messages when the list was too long", async () => {
    answer = (path) => Promise.resolve(path.endsWith("/message"));
    watch(idle("ses_1"));
    await vi.runAllTimersAsync();
    expect(asked).toEqual([...both("ses_1"), "/session/ses_1/message?limit=100"]);
  });

  it("once while a turn runs for long, and again when it ends", async () => {
    watch(status("ses_1", "busy"));
    await vi.advanceTimersByTimeAsync(9_000);
    watch(status("ses_1", "busy"));
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual(both("ses_1"));
    watch(idle("ses_1"));
    await vi.runAllTimersAsync();
    expect(asked).toEqual([...both("ses_1"), ...both("ses_1")]);
  });

  it("nothing for a turn that ended within ten seconds, after those", async () => {
    watch(status("ses_1", "busy"));
    watch(idle("ses_1"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual(both("ses_1"));
  });

  it("for a new title between turns, and not while a turn runs or begins", async () => {
    watch(updated("ses_1"));
    watch(updated("ses_2"));
    watch(status("ses_2", "busy"));
    watch(updated("ses_2"));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(asked).toEqual(both("ses_1"));
  });

  it("never in a loop, even when asking made a change", async () => {
    answer = () => {
      watch(updated("ses_1"));
      return Promise.resolve(false);
    };
    watch(updated("ses_1"));
    await vi.advanceTimersByTimeAsync(300_000);
    expect(asked.length / 2).toBeLessThanOrEqual(11);
  });

  it("for every running turn of a stream whose end names none, and of that stream only", async () => {
    const nameless = { ...rule, path: "^/turns", stream: { ...stream, settled: "\\ndone$" } };
    turns.watch(nameless, LINE)(status("ses_1", "busy"));
    turns.watch(nameless, LINE)(status("ses_2", "busy"));
    watch(status("ses_3", "busy"));
    // A page that opens its stream anew goes on with the same turns.
    turns.watch(nameless, LINE)("done");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked.sort()).toEqual([...both("ses_1"), ...both("ses_2")].sort());
    turns.watch(nameless, LINE)("done");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toHaveLength(4);
  });

  it("for the session that the request's address names, or the event, or both", async () => {
    const settled = '^POST /turn/(\\w+)\\?at=1\\n.*"end(?: of (\\w+))?"';
    const own = { ...rule, stream: { ...stream, settled, ask: ["/$1", "/$1/$2"], askLess: [] } };
    const of = (path: string) => turns.watch(own, requestLine("POST", `https://a.example${path}`));
    of("/turn/one?at=1")('{"end of branch"}');
    of("/turn/two?at=1")('{"end"}');
    of("/turn/two?at=1")('{"end"}');
    of("/turn/three?at=2")('{"end"}');
    of("/turn/four?at=1")('{"e');
    await vi.runAllTimersAsync();
    expect(asked.sort()).toEqual(["/one", "/one/branch", "/two", "/two/"]);
  });

  it("nothing for other events", async () => {
    for (const type of ["server.heartbeat", "message.part.delta", "session.idle.1"]) {
      watch(`data: {"payload":{"type":"${type}","properties":{"sessionID":"ses_1"}}}`);
    }
    await vi.runAllTimersAsync();
    expect(asked).toEqual([]);
  });
});

describe("splitEvents", () => {
  it("finds each event, wherever the network cuts", () => {
    const text = "data: one\r\n\r\n: comment\n\ndata: two\ndata: lines\n\ndata: not whole";
    for (let cut = 0; cut <= text.length; cut += 1) {
      const events: string[] = [];
      const take = splitEvents((event) => events.push(event));
      take.add(text.slice(0, cut));
      take.add(text.slice(cut));
      expect(events).toEqual(["data: one", ": comment", "data: two\ndata: lines"]);
    }
  });

  it("cuts at a separator of its own, and leaves everything else as it is", () => {
    const events: string[] = [];
    const take = splitEvents((event) => events.push(event), "\0\0");
    take.add("one\r\n\n\0");
    take.add("\0two\0\0rest");
    expect(events).toEqual(["one\r\n\n", "two"]);
    take.end();
    take.end();
    expect(events).toEqual(["one\r\n\n", "two", "rest"]);
  });

  it("forgets an event that grows without end", () => {
    const events: string[] = [];
    const take = splitEvents((event) => events.push(event));
    take.add("x".repeat(2 * 1024 * 1024));
    take.add("\n\ndata: next\n\n");
    expect(events).toEqual(["", "data: next"]);
  });
});
