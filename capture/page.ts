import type { Agent } from "../agents/agent";
import { agentPatterns, isKnown, type Switches } from "./origin-agent";

/** What a tab's address says: whose page it is, and which session it shows. */
export interface PageSession {
  agent: Agent;
  /** The site's id of the session, or null on a page that shows none. */
  sessionKey: string | null;
}

/**
 * The agent of a page, switched on or not, and the session that its address names; null for a page of no agent. Where several claim one origin,
 * the one comes first whose session the address names, then one that is switched on.
 */
export function pageSession(
  address: string,
  switches: Switches,
  agents: readonly Agent[],
): PageSession | null {
  const url = URL.parse(address);
  if (!url) return null;
  const claims = agents
    .filter((agent) => agentPatterns(agent, switches[agent.id]).includes(`${url.origin}/*`))
    .filter(({ kind }) => kind !== "any" || !isKnown(`${url.origin}/*`, switches, agents))
    .map((agent) => ({ agent, sessionKey: agent.session(url) }));
  const isOn = ({ agent }: PageSession): boolean => switches[agent.id]?.isEnabled === true;
  const naming = claims.filter(({ sessionKey }) => sessionKey !== null);
  return naming.find(isOn) ?? naming[0] ?? claims.find(isOn) ?? claims[0] ?? null;
}
