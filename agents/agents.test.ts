/** The law that every agent file must keep. A new agent needs no line here. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "convex-helpers/validators";
import { describe, expect, it } from "vitest";
import { vMessageReading, vSessionReading } from "../convex/validators";
import type { Agent, Reading } from "./agent";
import { agentById, agents } from "./index";
import { loadFixtures, read } from "./testing/fixtures";

const folder = import.meta.dirname;
const all = loadFixtures();

function filesIn(path: string): string[] {
  return readdirSync(path)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -3));
}

function agentFiles(): string[] {
  return filesIn(folder).filter((name) => name !== "agent" && name !== "index");
}

/** Every RegExp that an agent gives as text. */
function expressions(agent: Agent): string[] {
  return [
    ...agent.taps.flatMap((tap) => [tap.path, tap.host, tap.request, tap.until]),
    ...(agent.streams ?? []).flatMap((s) => [s.path, s.host, s.settled, s.running, s.changed]),
    ...(agent.imports ?? []).map(({ file }) => file),
  ].filter((source) => source !== undefined);
}

describe("the registry", () => {
  it("holds one agent per file, under the file's name", () => {
    expect(agents.map((agent) => agent.id).sort()).toEqual(agentFiles().sort());
    expect(new Set(agents.map((agent) => agent.name)).size).toBe(agents.length);
  });

  it("finds an agent by id, and nothing by another", () => {
    expect(agentById("opencode")?.name).toBe("opencode");
    expect(agentById("agent")).toBeNull();
  });
});

describe.each(agents.map((agent) => [agent.id, agent] as const))("%s", (id, agent) => {
  const own = all.filter((fixture) => fixture.agentId === id);

  it("names origins that are valid patterns, https unless loopback", () => {
    expect(agent.origins.length > 0 || agent.kind !== "chat").toBe(true);
    for (const origin of agent.origins) {
      expect(origin).toMatch(
        /^https:\/\/[\w.-]+\/\*$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\/\*$/,
      );
    }
  });

  it("has taps with unique ids, rules that are valid expressions, and dated facts", () => {
    expect(new Set(agent.taps.map((tap) => tap.id)).size).toBe(agent.taps.length);
    for (const source of expressions(agent)) expect(() => new RegExp(source)).not.toThrow();
    expect(agent.facts.length).toBeGreaterThan(0);
    for (const { date } of agent.facts) expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(agent.taps.length + (agent.page ? 1 : 0)).toBeGreaterThan(0);
  });

  it("asks only what its own taps then read", () => {
    for (const path of (agent.streams ?? []).flatMap((s) => [...s.ask, ...(s.askLess ?? [])])) {
      const asked = ["ses_1", "64f0aa11bb22cc33dd44ee55"].map((session) =>
        path.replace(/\$\d/g, session).replace(/\{\w+\}/g, "12ab34cd-0000-4000-8000-000000000000"),
      );
      const isRead = (address: string) =>
        agent.taps.some(
          ({ transport, method, path: own }) =>
            transport !== "websocket" && method === "GET" && new RegExp(own).test(address),
        );
      expect(asked.some(isRead)).toBe(true);
    }
  });

  it("has at least one fixture for every tap, which the tap's rules match", () => {
    for (const tap of agent.taps) {
      const fixtures = own.filter((fixture) => fixture.observation.tap === tap.id);
      expect(fixtures.length, `fixtures of ${tap.id}`).toBeGreaterThan(0);
      for (const { observation } of fixtures) {
        const url = new URL(observation.url);
        expect(url.pathname + url.search).toMatch(new RegExp(tap.path));
        expect(observation.method).toBe(tap.method);
        if (tap.request) expect(observation.request).toMatch(new RegExp(tap.request));
        const isOwnHost = url.host === new URL(observation.pageUrl).host;
        if (!isOwnHost) expect(url.host).toMatch(new RegExp(tap.host ?? "$^"));
      }
    }
  });

  it.each(own.map((fixture) => [fixture.name, fixture] as const))(
    "reads %s exactly",
    (_, { observation, expected }) => {
      const before = structuredClone(observation);
      const readings = read(agent, observation);
      expect(readings).toStrictEqual(expected);
      expect(read(agent, observation)).toStrictEqual(expected);
      expect(observation).toStrictEqual(before);
      for (const { session, messages } of readings ?? []) {
        expect(session.agent).toBe(id);
        expect(session.key).not.toBe("");
        expect(validate(vSessionReading, session)).toBe(true);
        expect(new Set(messages.map(({ key }) => key)).size).toBe(messages.length);
        for (const message of messages) {
          expect(validate(vMessageReading, message), message.key).toBe(true);
        }
      }
    },
  );

  // One that is for any page has no site of its own.
  const isKnown = agent.taps.length > 0 && agent.facts.some(({ sure }) => sure !== "guess");
  if (isKnown && agent.kind !== "any") {
    it("has a recording of its site, which e2e/replay.spec.ts plays, with what the archive then holds", () => {
      expect(existsSync(join(folder, "fixtures", id, "replay.json"))).toBe(true);
      const path = join(folder, "fixtures", id, "replay.expected.json");
      const { children = [], ...own } = JSON.parse(readFileSync(path, "utf8")) as Reading & {
        children?: Reading[];
      };
      for (const { session, messages } of [own, ...children]) {
        expect(validate(vSessionReading, session)).toBe(true);
        for (const message of messages) {
          expect(validate(vMessageReading, message), message.key).toBe(true);
        }
      }
    });
  }

  // One that is for any page reads what has the common forms, whoever sent it.
  it.skipIf(agent.kind === "any")("reads nothing from other agents' traffic", () => {
    for (const fixture of all.filter((other) => other.agentId !== id)) {
      for (const tap of agent.taps) {
        expect(tap.read(fixture.observation) ?? null, `${tap.id} of ${fixture.name}`).toBeNull();
      }
    }
  });
});

describe("purity", () => {
  const names = [
    ...agentFiles(),
    ...filesIn(join(folder, "shared")).map((name) => `shared/${name}`),
  ];
  it.each(names)("%s touches no browser, storage, network or clock", (name) => {
    const source = readFileSync(join(folder, `${name}.ts`), "utf8");
    expect(source).not.toMatch(
      /\b(window|document|globalThis|self|fetch|XMLHttpRequest|localStorage|indexedDB|browser|chrome|setTimeout|setInterval|Math\.random|Date\.now|new Date\(\)|performance|crypto|console)\b[.(]/,
    );
    for (const [, from] of source.matchAll(/from "([^"]+)"/g)) {
      expect(from).toMatch(/^\.\/(agent|shared\/[\w-]+)$|^\.\.\/agent$|^\.\/[\w-]+$/);
    }
  });
});
