import type { Agent } from "../agents/agent";
import type { AgentSwitch } from "../utils/storage";

/** One person's switches, by agent id. */
export type Switches = Readonly<Record<string, AgentSwitch>>;

function isOriginOf(pattern: string, origin: string): boolean {
  return pattern === `${origin}/*`;
}

/** Match patterns of everything that an agent's switch covers: its own origins and, when self-hosted, those that the person named. */
export function agentPatterns(agent: Agent, agentSwitch: AgentSwitch | undefined): string[] {
  const named = agent.selfHosted ? (agentSwitch?.origins ?? []) : [];
  return [...new Set([...agent.origins, ...named.map((origin) => `${origin}/*`)])];
}

/**
 * The agent that may be read at an exact origin (`scheme://host:port`, as the browser gives it), or null. An origin that the person
 * named for an agent is that agent's, whatever others claim by default.
 */
export function originAgent(
  origin: string,
  switches: Switches,
  agents: readonly Agent[],
): Agent | null {
  const enabled = agents.filter((agent) => switches[agent.id]?.isEnabled === true);
  return (
    enabled.find((agent) => agent.selfHosted && switches[agent.id]?.origins.includes(origin)) ??
    enabled.find((agent) => agent.origins.some((pattern) => isOriginOf(pattern, origin))) ??
    null
  );
}
