import type { Agent } from "../agents/agent";
import { agentPatterns, type Switches } from "./origin-agent";

/** What a tab's address says: whose page it is, and which session it shows. */
export interface PageSession {
  agent: Agent;
  /** The site's id of the session, or null on a page that shows none. */
  sessionKey: string | null;
}

/**
 * The agent of a page, switched on or not, and the session that its address names; null for a page of no agent. An agent that is
 * switched on comes first where two claim one origin.
 */
export function pageSession(
  address: string,
  switches: Switches,
  agents: readonly Agent[],
): PageSession | null {
  const url = URL.parse(address);
  if (!url) return null;
  const claims = agents.filter((agent) =>
    agentPatterns(agent, switches[agent.id]).includes(`${url.origin}/*`),
  );
  const agent = claims.find((claim) => switches[claim.id]?.isEnabled) ?? claims[0];
  return agent ? { agent, sessionKey: agent.session(url) } : null;
}
