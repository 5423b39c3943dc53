import { agentRules } from "virtual:agent-rules";
import { expect, it } from "vitest";
import { agents } from "../agents";
import { rulesFor, rulesOf, type AgentRules } from "./rules";

it("are extracted from every agent at build time, as data", () => {
  expect(agentRules).toEqual(agents.map(rulesOf));
  expect(JSON.parse(JSON.stringify(agentRules))).toEqual(agentRules);
});

it("are those of a fixed origin's agent there, and of all self-hosted agents elsewhere", () => {
  const fixed: AgentRules = {
    id: "fixed",
    origins: ["https://chat.example"],
    isNameable: false,
    taps: [{ id: "chat", transport: "fetch", method: "GET", path: "^/chat" }],
    streams: [],
  };
  const all = [...agentRules, fixed];
  expect(rulesFor("https://chat.example", all)).toEqual([
    { agent: "fixed", transport: "fetch", method: "GET", path: "^/chat", tap: "fixed/chat" },
  ]);
  const elsewhere = rulesFor("http://localhost:4096", all);
  const nameable = agents.filter(({ selfHosted, kind }) => selfHosted || kind === "any");
  expect(new Set(elsewhere.map((rule) => rule.agent))).toEqual(
    new Set(nameable.map(({ id }) => id)),
  );
  const streams = elsewhere.filter((rule) => rule.agent === "opencode" && rule.stream);
  expect(streams.map(({ method }) => method)).toEqual(["GET", "GET"]);
});
