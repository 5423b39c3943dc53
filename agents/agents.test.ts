/** The law that every agent file must keep. A new agent needs no line here. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Agent, Observation } from "./agent";
import { agentById, agents } from "./index";

const folder = import.meta.dirname;
const fixtures = join(folder, "fixtures");

/** `body` is a string, or for JSON traffic the JSON itself. */
type Stored = Omit<Observation, "body"> & { body: unknown };

interface Fixture {
  agentId: string;
  name: string;
  observation: Observation;
  expected: unknown;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8")) as unknown;
}

function loadFixtures(): Fixture[] {
  return readdirSync(fixtures).flatMap((agentId) =>
    readdirSync(join(fixtures, agentId))
      .filter((file) => file.endsWith(".observation.json"))
      .map((file) => {
        const stored = readJson(join(fixtures, agentId, file)) as Stored;
        const body = typeof stored.body === "string" ? stored.body : JSON.stringify(stored.body);
        const expected = file.replace(".observation.", ".expected.");
        return {
          agentId,
          name: `${agentId}/${file}`,
          observation: { ...stored, body },
          expected: readJson(join(fixtures, agentId, expected)),
        };
      }),
  );
}

const all = loadFixtures();

/** The reading of the tap that the observation names; null where this agent has no such tap. */
function read(agent: Agent, observation: Observation) {
  return agent.taps.find((tap) => tap.id === observation.tap)?.read(observation) ?? null;
}

function agentFiles(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -3))
    .filter((name) => name !== "agent" && name !== "index");
}

function agentsOfReadme(): string[] {
  const readme = readFileSync(join(folder, "..", "README.md"), "utf8");
  const table = /<!-- agents -->([\s\S]*?)<!-- \/agents -->/.exec(readme)?.[1] ?? "";
  return [...table.matchAll(/^\|\s*([^|]+?)\s*\|/gm)]
    .map((row) => row[1] ?? "")
    .filter((cell) => cell !== "Agent" && !/^:?-+:?$/.test(cell));
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

  it("is listed in the README, agent by agent", () => {
    expect(agentsOfReadme().sort()).toEqual(agents.map((agent) => agent.name).sort());
  });
});

describe.each(agents.map((agent) => [agent.id, agent] as const))("%s", (id, agent) => {
  const own = all.filter((fixture) => fixture.agentId === id);

  it("names origins that are valid patterns, https unless loopback", () => {
    expect(agent.origins.length + (agent.selfHosted ? 1 : 0)).toBeGreaterThan(0);
    for (const origin of agent.origins) {
      expect(origin).toMatch(
        /^https:\/\/[\w.-]+\/\*$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\/\*$/,
      );
    }
  });

  it("has taps with unique ids and rules that are valid expressions", () => {
    expect(new Set(agent.taps.map((tap) => tap.id)).size).toBe(agent.taps.length);
    const sources = [
      ...agent.taps.map((tap) => tap.path),
      ...(agent.streams ?? []).flatMap((s) => [s.path, s.settled, s.running, s.changed]),
    ];
    for (const source of sources) expect(() => new RegExp(source ?? "")).not.toThrow();
    expect(agent.sources.length).toBeGreaterThan(0);
  });

  it("asks only what its own taps then read", () => {
    for (const path of (agent.streams ?? []).flatMap((s) => [...s.ask, ...(s.askLess ?? [])])) {
      const asked = path.replace(/\$\d/g, "ses_1");
      expect(agent.taps.some((tap) => new RegExp(tap.path).test(asked))).toBe(true);
    }
  });

  it("has at least one fixture for every tap, under an address that the tap matches", () => {
    for (const tap of agent.taps) {
      const urls = own
        .filter((f) => f.observation.tap === tap.id)
        .map((f) => new URL(f.observation.url));
      expect(urls.length).toBeGreaterThan(0);
      for (const url of urls) expect(url.pathname + url.search).toMatch(new RegExp(tap.path));
    }
  });

  it.each(own.map((fixture) => [fixture.name, fixture] as const))(
    "reads %s exactly",
    (_, fixture) => {
      const before = structuredClone(fixture.observation);
      expect(read(agent, fixture.observation)).toStrictEqual(fixture.expected);
      expect(read(agent, fixture.observation)).toStrictEqual(fixture.expected);
      expect(fixture.observation).toStrictEqual(before);
    },
  );

  it("reads nothing from other agents' traffic", () => {
    for (const fixture of all.filter((other) => other.agentId !== id)) {
      for (const tap of agent.taps) expect(tap.read(fixture.observation)).toBeNull();
    }
  });

  it(
    "never throws: cut bodies, other JSON, garbage, foreign addresses",
    { timeout: 60_000 },
    () => {
      const anyBody = fc.oneof(
        fc.string(),
        fc.json(),
        fc
          .constantFrom(...own.map((f) => f.observation.body))
          .chain((body) =>
            fc
              .tuple(fc.nat(body.length), fc.string({ maxLength: 3 }))
              .map(([at, extra]) => body.slice(0, at) + extra),
          ),
        fc
          .constantFrom(...own.map((f) => f.observation.body))
          .chain((body) =>
            fc
              .tuple(fc.nat(body.length), fc.json())
              .map(([at, json]) => body.slice(0, at).replace(/[^:]*$/, json) + body.slice(at)),
          ),
      );
      const anyUrl = fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.constantFrom(...own.map((f) => f.observation.url)),
      );
      fc.assert(
        fc.property(
          fc.constantFrom(...agent.taps),
          anyBody,
          anyUrl,
          fc.boolean(),
          (tap, body, url, isTruncated) => {
            const reading = tap.read({
              tap: tap.id,
              url,
              method: "GET",
              status: 200,
              body,
              isTruncated,
              pageUrl: url,
            });
            if (reading) expect(reading.session.agent).toBe(id);
          },
        ),
        { numRuns: 200 },
      );
    },
  );
});

describe("purity", () => {
  it.each([...agentFiles(), "shared/json"])(
    "%s touches no browser, storage, network or clock",
    (name) => {
      const source = readFileSync(join(folder, `${name}.ts`), "utf8");
      expect(source).not.toMatch(
        /\b(window|document|globalThis|self|fetch|XMLHttpRequest|localStorage|indexedDB|browser|chrome|setTimeout|setInterval|Math\.random|Date\.now|new Date|performance|crypto|console)\b[.(]/,
      );
      for (const [, from] of source.matchAll(/from "([^"]+)"/g)) {
        expect(from).toMatch(/^\.\/(agent|shared\/\w+)$/);
      }
    },
  );
});
