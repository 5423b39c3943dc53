import type { Agent } from "./agent";

const modules = import.meta.glob<Record<string, Agent>>(
  ["./*.ts", "!./agent.ts", "!./index.ts", "!./*.test.ts"],
  {
    eager: true,
  },
);

/** Every agent that can be read, sorted by id. A file in this folder is all that an agent needs. */
export const agents: readonly Agent[] = Object.values(modules)
  .flatMap((module) => Object.values(module))
  .sort((a, b) => (a.id < b.id ? -1 : 1));

/** The agent with that id, or null. */
export function agentById(id: string): Agent | null {
  return agents.find((agent) => agent.id === id) ?? null;
}

/** Whether that agent reads pages of no known one. */
export function isAny(id: string): boolean {
  return agentById(id)?.kind === "any";
}
