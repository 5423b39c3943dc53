import { expect, it } from "vitest";
import { opencode } from "../agents/opencode";
import type { Agent, MessageReading, Observation, Reading } from "../agents/agent";
import { readObservation, urlShape } from "./read";
import { testAgent } from "./testing/agent";

const NOW = 5;

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
  return { ...testAgent, taps: [{ ...tap, read: () => reading as Reading | null }] };
}

const body = JSON.stringify({ key: "s1", texts: ["one"] });

it("gives the reading to the origin's agent, whatever the reader says", () => {
  const { reading, trouble } = readObservation(testAgent, observation(body), NOW);
  expect(reading?.session).toEqual({ agent: "test-agent", key: "s1" });
  expect(reading?.messages).toHaveLength(1);
  expect(trouble).toBeNull();
});

it.each(["opencode/messages", "test-agent/unknown", "get", "", "test-agent/get/more".slice(0, 11)])(
  "reads nothing of a tap that is not the agent's: %s",
  (tap) => {
    expect(readObservation(testAgent, observation(body, tap), NOW)).toEqual({
      reading: null,
      trouble: null,
    });
  },
);

it("reads nothing of another agent's body", () => {
  expect(readObservation(opencode, observation(body, "opencode/messages"), NOW)).toEqual({
    reading: null,
    trouble: null,
  });
});

it("tells a reader's failure without content, and with the shape of the address only", () => {
  const { reading, trouble } = readObservation(testAgent, observation("throw my secret"), NOW);
  expect(reading).toBeNull();
  expect(trouble).toEqual({
    code: "agent-unreadable",
    message:
      "Test agent could not be read: its reader failed with RangeError (GET /api/session/:id). " +
      "What was saved before is safe; what this page shows now is not saved.",
    next: "Look for an update of OpenSync Companion; if there is none, report this line.",
    at: NOW,
  });
});

it("takes no session of another shape", () => {
  for (const session of [
    { agent: "a", key: "" },
    { agent: "a", key: 1 },
    { agent: "a", key: "k", owner: "x" },
    null,
  ]) {
    const { reading, trouble } = readObservation(
      answering({ session, messages: [] }),
      observation(""),
      NOW,
    );
    expect(reading).toBeNull();
    expect(trouble?.code).toBe("agent-unreadable");
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
  const { reading, trouble } = readObservation(
    answering({ session: { agent: "a", key: "k" }, messages: [...odd, message] }),
    observation(""),
    NOW,
  );
  expect(reading?.messages).toEqual([message]);
  expect(trouble?.message).toContain("3 messages have another shape");
});

it("repairs text that no database takes", () => {
  const parts = [{ type: "text" as const, text: "cut \ud83d here" }];
  const message = { key: "m", role: "user", position: 0, state: "final", parts };
  const { reading } = readObservation(
    answering({ session: { agent: "a", key: "k", title: "\udc00" }, messages: [message] }),
    observation(""),
    NOW,
  );
  expect(reading?.messages[0]?.parts).toEqual([{ type: "text", text: "cut \ufffd here" }]);
  expect(reading?.session.title).toBe("\ufffd");
});

it.each([
  ["http://a.example/session/ses_e00cf21b2ffe/message?x=1", "/session/:id/message"],
  ["http://a.example/api/ada%40example.com/x", "/api/:id/x"],
  ["not an address", ""],
])("shows of %s only its shape", (url, shape) => {
  expect(urlShape(url)).toBe(shape);
});
