import { expect, it } from "vitest";
import { opencode } from "../agents/opencode";
import type { Agent, MessageReading, Observation, Readings } from "../agents/agent";
import { readObservation } from "./read";
import { testAgent } from "./testing/agent";

function observation(body: string, tap = "test-agent/get"): Observation {
  const url = "http://a.example/api/session/8f14e45f?token=secret";
  return {
    tap,
    url,
    method: "GET",
    status: 200,
    body,
    isTruncated: false,
    pageUrl: "http://a.example/",
  };
}

function answering(reading: unknown): Agent {
  const tap = testAgent.taps[0]!;
  return { ...testAgent, taps: [{ ...tap, read: () => reading as Readings }] };
}

const body = JSON.stringify({ key: "s1", texts: ["one"] });

it("gives the reading to the origin's agent, whatever the reader says", () => {
  const { readings, problem } = readObservation(testAgent, observation(body));
  expect(readings.map(({ session }) => session)).toEqual([{ agent: "test-agent", key: "s1" }]);
  expect(readings[0]?.messages).toHaveLength(1);
  expect(problem).toBeNull();
});

it.each(["opencode/messages", "test-agent/unknown", "get", "", "test-agent/get/more".slice(0, 11)])(
  "reads nothing of a tap that is not the agent's: %s",
  (tap) => {
    expect(readObservation(testAgent, observation(body, tap))).toEqual({
      tap: "",
      readings: [],
      problem: null,
    });
  },
);

it("tells an answer that no reader can place, but none that failed, came empty or was cut", () => {
  const whole = observation(body, "opencode/messages");
  const problemOf = (more: Partial<Observation>) =>
    readObservation(opencode, { ...whole, ...more }).problem;
  expect(problemOf({})).toEqual({ kind: "unplaced", detail: "" });
  expect(problemOf({ status: 0 })?.kind).toBe("unplaced");
  for (const more of [{ status: 404 }, { body: " \n" }, { isTruncated: true }])
    expect(problemOf(more)).toBeNull();
});

it("takes an answer without a session as read", () => {
  expect(readObservation(answering([]), observation("{}"))).toEqual({
    tap: "get",
    readings: [],
    problem: null,
  });
});

it("keeps every session of one answer, and which of them the site forgets", () => {
  const of = (key: string, more = {}) => ({ session: { agent: "a", key }, messages: [], ...more });
  const { readings } = readObservation(
    answering([of("one"), of("two", { isTemporary: true })]),
    observation("{}"),
  );
  expect(readings.map(({ session, isTemporary }) => [session.key, isTemporary])).toEqual([
    ["one", undefined],
    ["two", true],
  ]);
});

it("tells a reader's failure without content", () => {
  expect(readObservation(testAgent, observation("throw my secret"))).toEqual({
    tap: "get",
    readings: [],
    problem: { kind: "failed", detail: "RangeError" },
  });
});

it("takes no session of another shape", () => {
  for (const session of [
    { agent: "a", key: "" },
    { agent: "a", key: 1 },
    { agent: "a", key: "k", owner: "x" },
    null,
  ]) {
    const { readings, problem } = readObservation(
      answering([{ session, messages: [] }]),
      observation(""),
    );
    expect(readings).toEqual([]);
    expect(problem?.kind).toBe("odd-shape");
  }
});

it("keeps the messages that fit and tells of the others", () => {
  const message: MessageReading = {
    key: "m",
    role: "user",
    position: 0,
    state: "final",
    parts: [],
  };
  const odd = [
    { ...message, role: "boss" },
    { ...message, key: "" },
    { ...message, parts: [{ type: "html", html: "<b>" }] },
  ];
  const seen = observation("");
  const { readings, problem } = readObservation(
    answering([{ session: { agent: "a", key: "k" }, messages: [...odd, message] }]),
    seen,
  );
  expect(readings[0]?.messages).toEqual([message]);
  expect(problem).toEqual({ kind: "odd-shape", detail: "3 messages" });
});

it("repairs text that no database takes", () => {
  const parts = [{ type: "text" as const, text: "cut \ud83d here" }];
  const message = { key: "m", role: "user", position: 0, state: "final", parts };
  const {
    readings: [reading],
  } = readObservation(
    answering([{ session: { agent: "a", key: "k", title: "\udc00" }, messages: [message] }]),
    observation(""),
  );
  expect(reading?.messages[0]?.parts).toEqual([{ type: "text", text: "cut \ufffd here" }]);
  expect(reading?.session.title).toBe("\ufffd");
});
