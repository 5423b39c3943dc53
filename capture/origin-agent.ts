import type { Agent } from "../agents/agent";
import type { AgentSwitch } from "../utils/storage";

/** One person's switches, by agent id. */
export type Switches = Readonly<Record<string, AgentSwitch>>;

/** Whether the person may name origins for an agent: it is hosted by themselves, or reads any page. */
function isNameable({ selfHosted, kind }: Agent): boolean {
  return selfHosted !== undefined || kind === "any";
}

/** Match patterns of everything that an agent's switch covers: its own origins and those that the person may name and has named. */
export function agentPatterns(agent: Agent, agentSwitch: AgentSwitch | undefined): string[] {
  const named = isNameable(agent) ? (agentSwitch?.origins ?? []) : [];
  return [...new Set([...agent.origins, ...named.map((origin) => `${origin}/*`)])];
}

/**
 * Whether a known agent has these pages, so that one for any page is not used there: a site's own, switched on or not; on the
 * person's own machine, where several may run at one port, while the agent is on.
 */
export function isKnown(pattern: string, switches: Switches, agents: readonly Agent[]): boolean {
  return agents.some((agent) => {
    if (agent.kind === "any") return false;
    const isOn = switches[agent.id]?.isEnabled === true;
    const patterns = isOn ? agentPatterns(agent, switches[agent.id]) : agent.origins;
    const isSite = agent.selfHosted === undefined || pattern.startsWith("https:");
    return (isOn || isSite) && patterns.includes(pattern);
  });
}

/** Source of a RegExp for the hosts from which a tap (`<agent>/<tap>`) may copy besides the page's own; undefined when there are none. */
export function hostsOf(tap: string, agents: readonly Agent[]): string | undefined {
  const [agentId, tapId] = tap.split("/");
  const agent = agents.find(({ id }) => id === agentId);
  return agent?.taps.find(({ id }) => id === tapId)?.host;
}

/**
 * The agents that may be read at an exact origin (`scheme://host:port`, as the browser gives it): those that are switched on and whose own it
 * is or for which the person named it. One that the person named comes first.
 */
export function agentsAt(origin: string, switches: Switches, agents: readonly Agent[]): Agent[] {
  const isNamed = ({ id }: Agent): boolean => switches[id]?.origins.includes(origin) === true;
  return agents
    .filter(({ id }) => switches[id]?.isEnabled === true)
    .filter((agent) => agentPatterns(agent, switches[agent.id]).includes(`${origin}/*`))
    .filter(({ kind }) => kind !== "any" || !isKnown(`${origin}/*`, switches, agents))
    .sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
}
