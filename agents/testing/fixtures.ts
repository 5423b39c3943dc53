/** The agents' fixtures: `<name>.observation.json` beside `<name>.expected.json`, in `fixtures/<agent id>/`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Agent, Observation, Readings } from "../agent";

const folder = join(import.meta.dirname, "..", "fixtures");

export interface Fixture {
  agentId: string;
  name: string;
  observation: Observation;
  expected: unknown;
}

/** `body` and `request` are strings, or for JSON traffic the JSON itself. */
type Stored = Omit<Observation, "body" | "request"> & { body: unknown; request?: unknown };

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8")) as unknown;
}

/** Every observation of every agent, with the readings that are expected of it. */
export function loadFixtures(): Fixture[] {
  return readdirSync(folder).flatMap((agentId) =>
    readdirSync(join(folder, agentId))
      .filter((file) => file.endsWith(".observation.json"))
      .map((file) => {
        const { request, body, ...head } = readJson(join(folder, agentId, file)) as Stored;
        return {
          agentId,
          name: `${agentId}/${file}`,
          observation: {
            ...head,
            body: asText(body),
            ...(request === undefined ? {} : { request: asText(request) }),
          },
          expected: readJson(join(folder, agentId, file.replace(".observation.", ".expected."))),
        };
      }),
  );
}

/** What the tap that the observation names makes of it; null where this agent has no such tap. */
export function read(agent: Agent, observation: Observation): Readings {
  return agent.taps.find((tap) => tap.id === observation.tap)?.read(observation) ?? null;
}

const shared = join(import.meta.dirname, "..", "..", "..", "shared", "fixtures");

/** Path of a fixture that lies beside the checkout and is never copied into it; null where it is missing, and the test skips. */
export function sharedFixture(path: string): string | null {
  const file = join(shared, path);
  return existsSync(file) ? file : null;
}
