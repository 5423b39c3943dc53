/** A site that refuses has not changed. Asked of every reader, with its own request. */
import { describe, expect, it } from "vitest";
import { agents } from "../agents";
import { isRefusal } from "../agents/shared/refusal";
import { loadFixtures } from "../agents/testing/fixtures";
import { readObservation } from "./read";

const REFUSALS = [
  { detail: "Conversation not found" },
  { detail: { message: "Too many requests", code: "rate_limit_exceeded" } },
  { type: "error", error: { type: "rate_limit_error", message: "Slow down" }, request_id: "r" },
  { error: "Unauthorized" },
  { code: 5, message: "Not found", details: [] },
  { name: "NotFoundError", data: { message: "Session not found" } },
].map((value) => JSON.stringify(value));

const EVENTS = [
  'event: error\ndata: {"error":{"message":"Slow down"},"code":429}\n\ndata: [DONE]\n\n',
  '{"error":{"code":8,"message":"Too many requests","details":[]}}\n',
];

/** What would be a change of the site. */
const OTHERS = [
  "{}",
  '{"a":1}',
  "<html>",
  "[1]",
  '{"type":"assistant","message":{"id":"m"}}',
  "\n",
  '{"error":null,"data":{"x":1}}',
  'data: {"a":1}\n\n',
];

const fixtures = loadFixtures();
const taps = agents
  // One that is for any page takes part of what pages send, and cannot know what it leaves.
  .filter(({ kind }) => kind !== "any")
  .flatMap((agent) =>
    agent.taps
      .filter(({ transport }) => transport !== "websocket")
      .map((tap) => [agent.id, tap.id, agent] as const),
  );

describe.each(taps)("%s, %s", (agentId, id, agent) => {
  const { observation } = fixtures.find(
    (fixture) => fixture.agentId === agentId && fixture.observation.tap === id,
  )!;
  const problemOf = (body: string, request: string | undefined) =>
    readObservation(agent, { ...observation, tap: `${agentId}/${id}`, body, request }).problem;

  it.each([...REFUSALS, ...EVENTS])("is not at a loss with %j", (body) => {
    expect(problemOf(body, observation.request)).toBeNull();
    expect(problemOf(body, undefined)).toBeNull();
  });
});

it("takes no session, and nothing that is unknown, for a refusal", () => {
  const known = new Set(taps.map(([agentId]) => agentId));
  const sessions = fixtures.filter(
    ({ agentId, expected }) => known.has(agentId) && Array.isArray(expected) && expected.length > 0,
  );
  expect(sessions.length).toBeGreaterThan(100);
  const bodies = [...OTHERS, ...sessions.map(({ observation }) => observation.body)];
  expect(bodies.filter(isRefusal)).toEqual([]);
});
