import type { Agent, Stream, Tap } from "../agents/agent";

/** The data of one agent that travels to its pages; the readers stay in the background. */
export interface AgentRules {
  id: string;
  /** Origins that are always this agent's, without the pattern's `/*`. */
  origins: string[];
  isSelfHosted: boolean;
  taps: Omit<Tap, "read">[];
  streams: Stream[];
  /** CSS selector of what shows messages on the agent's pages. */
  shows?: string;
}

/** One rule as the tap uses it: it names a tap, whose bodies are copied, or a stream, whose events are watched. */
export interface PageRule {
  /** Id of the agent. */
  agent: string;
  transport: "fetch" | "xhr" | "websocket";
  method: string;
  /** Source of a RegExp that is tested against path and query. */
  path: string;
  /** `<agent>/<tap>` */
  tap?: string;
  stream?: Stream;
}

/** An agent without its functions. */
export function rulesOf(agent: Agent): AgentRules {
  return {
    id: agent.id,
    origins: agent.origins.map((pattern) => pattern.slice(0, -2)),
    isSelfHosted: agent.selfHosted !== undefined,
    taps: agent.taps.map(({ id, transport, method, path }) => ({ id, transport, method, path })),
    streams: agent.streams ?? [],
    ...(agent.shows === undefined ? {} : { shows: agent.shows }),
  };
}

/** The agents that may be at an origin. */
function agentsAt(origin: string, all: readonly AgentRules[]): AgentRules[] {
  const fixed = all.filter((rules) => !rules.isSelfHosted && rules.origins.includes(origin));
  return fixed.length > 0 ? fixed : all.filter((rules) => rules.isSelfHosted);
}

/** The CSS selectors of what shows messages at an origin. */
export function selectorsFor(origin: string, all: readonly AgentRules[]): string[] {
  return agentsAt(origin, all).flatMap(({ shows }) => shows ?? []);
}

/**
 * The rules for a page: those of the agent with that fixed origin, else of every self-hosted agent. The page's content script cannot know
 * for which of them the person named the origin; the background does, and reads with no other.
 */
export function rulesFor(origin: string, all: readonly AgentRules[]): PageRule[] {
  return agentsAt(origin, all).flatMap(({ id: agent, taps, streams }) => [
    ...streams.map((stream) => {
      const { transport, path } = stream;
      return { agent, transport, method: "GET", path, stream };
    }),
    ...taps.map(({ id, transport, method, path }) => ({
      agent,
      transport,
      method,
      path,
      tap: `${agent}/${id}`,
    })),
  ]);
}
