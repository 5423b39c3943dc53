import type { Agent, Stream, Tap } from "../agents/agent";

/** The data of one agent that travels to its pages; the readers stay in the background. */
export interface AgentRules {
  id: string;
  taps: Omit<Tap, "read">[];
  streams: Stream[];
  /** CSS selector of what shows messages on the agent's pages. */
  shows?: string;
}

/** One rule as the page uses it: it names a tap, whose bodies are handed over, or a stream, whose events are watched. */
export interface PageRule extends Omit<Tap, "id" | "read"> {
  /** Id of the agent. */
  agent: string;
  /** `<agent>/<tap>` */
  tap?: string;
  stream?: Stream;
}

/** Where the rules of the agents that are switched on for a page lie, by agent, in the extension's own world. */
export const RULES_NAME = "opensync-companion:rules";

/** Where an agent's rules lie in the built extension. */
export function rulesPath(agentId: string): string {
  return `rules/${agentId}.js`;
}

function withoutReader(tap: Tap): Omit<Tap, "read"> {
  const { id, transport, method, path, host, request, until, isSentToo } = tap;
  return { id, transport, method, path, host, request, until, isSentToo };
}

/** An agent without its functions. */
export function rulesOf(agent: Agent): AgentRules {
  return {
    id: agent.id,
    taps: agent.taps.map(withoutReader),
    streams: agent.streams ?? [],
    ...(agent.shows === undefined ? {} : { shows: agent.shows }),
  };
}

/** The rules for a page of these agents. */
export function pageRules(all: readonly AgentRules[]): PageRule[] {
  return all.flatMap(({ id: agent, taps, streams }) => [
    ...streams.map((stream) => {
      const { transport, path, host, method = "GET" } = stream;
      return { agent, transport, method, path, host, stream };
    }),
    ...taps.map(({ id, ...tap }) => ({ agent, ...tap, tap: `${agent}/${id}` })),
  ]);
}
