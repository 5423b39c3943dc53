import { describe, expect, it } from "vitest";
import { agents } from "../agents";
import type { PageAnswer } from "../utils/messages";
import { backfillAgents } from "./backfill";

const answer: PageAnswer = {
  status: 200,
  retryAfter: null,
  url: "http://127.0.0.1:4096/session/ses_1/message?limit=200",
  method: "GET",
  request: "",
  body: JSON.stringify([
    { info: { id: "msg_1", role: "user", time: { created: 1 } }, parts: [] },
    { info: { id: "msg_2", role: "assistant", time: { created: 2, completed: 3 } }, parts: [] },
  ]),
  isTruncated: false,
};

/** A session's id in the form of its site. */
const keys: Record<string, string> = { opencode: "ses_1", "claude-code": "session_01abc" };
const UUID = "0f1c9a1e-6b1f-4a52-9c7e-2d3a4b5c6d7e";

describe("every agent's history", () => {
  const able = agents.filter(({ history }) => history);

  it("is there for the agents whose sites list their sessions", () => {
    expect(able.map(({ id }) => id)).toEqual([
      ...["chatgpt", "claude", "claude-code", "deepseek", "gemini", "grok", "librechat"],
      ...["open-webui", "opencode", "perplexity"],
    ]);
  });

  it.each(able.map(({ id }) => id))(
    "%s asks its own page, for what a tap of its own reads",
    (id) => {
      const agent = agents.find((one) => one.id === id)!;
      const source = backfillAgents.sourceOf(id)!;
      const list = source.list(null);
      const load = source.load(keys[id] ?? UUID, [])!;
      expect([list.agent, load.agent]).toEqual([id, id]);
      for (const { path } of [list, load]) expect(path).toMatch(/^\/(?!\/)/);
      const tap = agent.taps.find((one) => one.id === load.tap)!;
      expect(tap).toBeDefined();
      // What a page asked before goes out as it was, with another session's id in it.
      if (!load.like) {
        expect(load.path.replace(/\{\w+\}/g, "org-1")).toMatch(new RegExp(tap.path));
        expect(load.method).toBe(tap.method);
      }
      for (const like of [list.like, load.like]) {
        if (like) expect(agent.taps.map((one) => one.id)).toContain(like.tap);
      }
    },
  );

  it("is null for all others", () => {
    expect(backfillAgents.sourceOf("kimi")).toBeNull();
    expect(backfillAgents.sourceOf("nobody")).toBeNull();
  });
});

describe("an answer", () => {
  it("is read by the tap that the request names, as if no page showed the session", () => {
    const { reads, answer: seen } = backfillAgents.read("opencode", "messages", answer);
    expect(seen).toMatchObject({ tap: "opencode/messages", pageUrl: "http://127.0.0.1:4096/" });
    expect(reads).toHaveLength(1);
    expect(reads[0]).toMatchObject({ agentId: "opencode", problem: null });
    const [reading] = reads[0]!.readings;
    expect(reading?.session.key).toBe("ses_1");
    expect(reading?.messages.map(({ key }) => key)).toEqual(["msg_1", "msg_2"]);
  });

  it("that cannot be placed is a problem, of a session as of the list", () => {
    const odd = { ...answer, body: '{"other":1}' };
    const { reads } = backfillAgents.read("opencode", "messages", odd);
    expect(reads[0]?.problem?.kind).toBe("unplaced");
    const list = backfillAgents.readBadList("opencode", odd);
    expect(list.reads[0]).toMatchObject({ readings: [], problem: { kind: "unplaced" } });
  });
});

it("names the origins that the person named first", () => {
  const named = ["http://127.0.0.1:5001", "http://localhost:4096"];
  expect(backfillAgents.originsOf("opencode", named)).toEqual([...named, "http://127.0.0.1:4096"]);
});
