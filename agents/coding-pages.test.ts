/** The addresses of coding agents that are read mostly from their pages, and what their traffic adds. */
import { describe, expect, it } from "vitest";
import type { Agent } from "./agent";
import { amp } from "./amp";
import { bolt } from "./bolt";
import { cursor } from "./cursor";
import { devin } from "./devin";
import { jules } from "./jules";
import { lovable } from "./lovable";
import { replit } from "./replit";
import { readPage } from "./shared/page-reading";
import { loadFixtures } from "./testing/fixtures";
import { v0 } from "./v0";

const HEX = "0123456789abcdef0123456789abcdef";
const UUID = "4e7d0b9c-52a6-4f0e-9d0f-3a1b2c3d4e5f";

const addresses: [Agent, string, string | null][] = [
  [jules, "https://jules.google.com/session/115920314123?x=1", "115920314123"],
  [jules, "https://jules.google.com/u/1/task/42", "42"],
  [jules, "https://jules.google.com/", null],
  [amp, `https://ampcode.com/threads/T-${UUID}`, `T-${UUID}`],
  [amp, `https://ampcode.com/threads/T-${UUID}.md`, `T-${UUID}`],
  [amp, "https://ampcode.com/threads", null],
  [v0, "https://v0.app/chat/tide-table-bT5kQ2xLw9Z", "bT5kQ2xLw9Z"],
  [v0, "https://v0.dev/chat/bT5kQ2xLw9Z?b=1", "bT5kQ2xLw9Z"],
  [v0, "https://v0.app/chat", null],
  [bolt, "https://bolt.new/~/sb1-k3v9xq2a", "sb1-k3v9xq2a"],
  [bolt, "https://bolt.new/", null],
  [cursor, `https://cursor.com/agents/bc-${UUID}`, `bc-${UUID}`],
  [cursor, `https://www.cursor.com/agents?id=bc-${UUID}`, `bc-${UUID}`],
  [cursor, `https://cursor.com/de/agents/bc-${UUID}`, `bc-${UUID}`],
  [cursor, "https://cursor.com/agents", null],
  [cursor, `https://cursor.com/blog?id=bc-${UUID}`, null],
  [devin, `https://app.devin.ai/sessions/${HEX}`, HEX],
  [devin, `https://app.devin.ai/org/acme/sessions/${HEX}?tab=shell`, HEX],
  [devin, "https://app.devin.ai/sessions", null],
  [lovable, `https://lovable.dev/projects/${UUID}?view=code`, UUID],
  [lovable, "https://lovable.dev/projects", null],
  [replit, "https://replit.com/@sam/tides#src/a.ts", "@sam/tides"],
  [replit, "https://replit.com/@sam", null],
];

it.each(addresses.map(([agent, url, key]) => [agent.id, url, key, agent] as const))(
  "%s finds its session in %s",
  (_, url, key, agent) => expect(agent.session(new URL(url))).toBe(key),
);

describe("Cursor", () => {
  it("reads the prompt as the message that the page shows", () => {
    const { observation } = loadFixtures().find(
      ({ name }) => name === "cursor/detail.observation.json",
    )!;
    const [reading] = cursor.taps[0]!.read(observation)!;
    const messages = [
      { role: "user", text: "Fix the failing test in tide.test.ts" },
      { role: "assistant", text: "Done." },
    ];
    const body = JSON.stringify({ isRunning: false, messages });
    const [page] = readPage(cursor, { ...observation, tap: "page", body })!;
    expect(reading!.messages.map(({ key }) => key)).toEqual([page!.messages[0]!.key]);
    expect(reading!.messages[0]!.position).toBe(page!.messages[0]!.position);
    expect(reading!.session.key).toBe(page!.session.key);
  });
});

describe("Bolt", () => {
  it("reads an answer in both of the stream's forms, and again from the next request", () => {
    const own = loadFixtures().filter(({ agentId }) => agentId === "bolt");
    const answerOf = (name: string) => {
      const { observation } = own.find((fixture) => fixture.name === `bolt/${name}`)!;
      return bolt.taps[0]!.read(observation)![0]!.messages.at(-1)!;
    };
    const lines = answerOf("chat.observation.json");
    const events = answerOf("chat-events.observation.json");
    expect(lines.parts.map(({ type }) => type)).toEqual(events.parts.map(({ type }) => type));
    expect([lines.key, lines.state, events.state]).toEqual([events.key, "final", "final"]);
    expect(answerOf("chat-running.observation.json").state).toBe("partial");
  });
});
