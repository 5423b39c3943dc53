import type { Agent, Stream, Tap } from "../agents/agent";

/** The data of one agent that travels to its pages; the readers stay in the background. */
export interface AgentRules {
  id: string;
  /** Origins that are always this agent's, without the pattern's `/*`. */
  origins: string[];
  /** The person may name origins for it. */
  isNameable: boolean;
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

/** Whether the person may name origins for an agent: it is hosted by themselves, or reads any page. */
export function isNameable({ selfHosted, kind }: Agent): boolean {
  return selfHosted !== undefined || kind === "any";
}

function withoutReader(tap: Tap): Omit<Tap, "read"> {
  const { id, transport, method, path, host, request, until, isSentToo } = tap;
  return { id, transport, method, path, host, request, until, isSentToo };
}

/** An agent without its functions. */
export function rulesOf(agent: Agent): AgentRules {
  return {
    id: agent.id,
    origins: agent.origins.map((pattern) => pattern.slice(0, -2)),
    isNameable: isNameable(agent),
    taps: agent.taps.map(withoutReader),
    streams: agent.streams ?? [],
    ...(agent.shows === undefined ? {} : { shows: agent.shows }),
  };
}

/** The agents that may be at an origin. */
function agentsAt(origin: string, all: readonly AgentRules[]): AgentRules[] {
  const fixed = all.filter((rules) => !rules.isNameable && rules.origins.includes(origin));
  return fixed.length > 0 ? fixed : all.filter((rules) => rules.isNameable);
}

/** The CSS selectors of what shows messages at an origin. */
export function selectorsFor(origin: string, all: readonly AgentRules[]): string[] {
  return agentsAt(origin, all).flatMap(({ shows }) => shows ?? []);
}

/**
 * The rules for a page: those of the agents with that fixed origin, else of every agent that may be anywhere. The page's content script cannot
 * know for which of them the person named the origin; the background does, and reads with no other.
 */
export function rulesFor(origin: string, all: readonly AgentRules[]): PageRule[] {
  return agentsAt(origin, all).flatMap(({ id: agent, taps, streams }) => [
    ...streams.map((stream) => {
      const { transport, path, host, method = "GET" } = stream;
      return { agent, transport, method, path, host, stream };
    }),
    ...taps.map(({ id, ...tap }) => ({ agent, ...tap, tap: `${agent}/${id}` })),
  ]);
}
