import type { Agent } from "../agents/agent";
import { agentPatterns, isKnown, type Switches } from "./origin-agent";

/** The pages of the agents that are switched on, and how each is read. */
export function wantedPages(switches: Switches, agents: readonly Agent[]) {
  return agents
    .filter(({ id }) => switches[id]?.isEnabled === true)
    .map((agent) => {
      const patterns = agentPatterns(agent, switches[agent.id]).filter(
        (pattern) => agent.kind !== "any" || !isKnown(pattern, switches, agents),
      );
      return {
        agentId: agent.id,
        patterns,
        named: patterns.filter((one) => !agent.origins.includes(one)),
        hasTraffic: agent.taps.length > 0,
        hasReader: agent.page?.use === "instead",
      };
    })
    .filter(({ patterns }) => patterns.length > 0);
}
