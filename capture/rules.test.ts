import { afterEach, expect, it } from "vitest";
import { agents } from "../agents";
import { pageRules, RULES_NAME, rulesOf, type AgentRules } from "./rules";
import { rulesFile } from "./rules-file";
import { rulesFiles } from "./rules-files";

const RULES = Symbol.for(RULES_NAME);
const scope = globalThis as { [RULES]?: Record<string, AgentRules> };

afterEach(() => {
  Reflect.deleteProperty(scope, RULES);
});

it("lie in one file an agent, as data in plain letters", async () => {
  const all = await rulesFiles(process.cwd());
  const files = all.filter(({ path }) => path.startsWith("rules/"));
  const shown = agents.filter(({ page }) => page !== undefined);
  expect(all.map(({ path }) => path).filter((path) => path.startsWith("page-rules/"))).toEqual(
    shown.map(({ id }) => `page-rules/${id}.js`),
  );
  const reading = agents.filter(({ taps }) => taps.length > 0);
  expect(files.map(({ path }) => path)).toEqual(reading.map(({ id }) => `rules/${id}.js`));
  for (const { contents } of files) {
    expect(contents).toMatch(/^[ -~\n]*$/);
    (0, eval)(contents);
  }
  const asData = reading.map((agent) => [agent.id, JSON.parse(JSON.stringify(rulesOf(agent)))]);
  expect(scope[RULES]).toEqual(Object.fromEntries(asData));
});

it("hold letters of every language", () => {
  const [agent] = agents;
  const path = "^/größe/\u4f60\u2028\ud83d\ude00";
  (0, eval)(rulesFile({ ...agent!, taps: [{ ...agent!.taps[0]!, path }] }).contents);
  expect(scope[RULES]?.[agent!.id]?.taps[0]?.path).toBe(path);
});

it("are streams and taps of each agent of the page", () => {
  const one: AgentRules = {
    id: "one",
    taps: [{ id: "chat", transport: "fetch", method: "POST", path: "^/chat", request: "^{" }],
    streams: [
      { transport: "fetch", path: "^/events", settled: "done", ask: ["/chat"] },
      { transport: "fetch", method: "POST", path: "^/turn", settled: "done", ask: ["/chat"] },
    ],
  };
  const two: AgentRules = {
    id: "two",
    taps: [{ id: "x", transport: "xhr", method: "GET", path: "^/x", host: "^api\\.example$" }],
    streams: [],
  };
  expect(pageRules([one, two])).toMatchObject([
    { agent: "one", method: "GET", path: "^/events", stream: one.streams[0] },
    { agent: "one", method: "POST", path: "^/turn", stream: one.streams[1] },
    { agent: "one", method: "POST", path: "^/chat", tap: "one/chat", request: "^{" },
    { agent: "two", transport: "xhr", path: "^/x", tap: "two/x", host: "^api\\.example$" },
  ]);
});
