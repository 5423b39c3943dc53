/** An agent's history in the terms of asking a page: what its agent file says, with the answers as its readers take them. */
import { agentById } from "../agents";
import type { Agent, HistoryList, Observation } from "../agents/agent";
import type { PageAnswer, PageAsk } from "../utils/messages";
import { readObservation } from "./read";

/** How an agent's earlier sessions are asked for. */
interface HistorySource {
  list(cursor: string | null): PageAsk;
  readList(answer: PageAnswer): HistoryList | null;
  load(session: string, answers: readonly PageAnswer[]): (PageAsk & { tap: string }) | null;
}

/** Id under which a problem with the list is told. */
const LIST_TAP = "list of sessions";

/**
 * An answer as one of the agent's taps would have seen it. The address is that of the site's start page: it must not be taken for a page that
 * shows the session.
 */
function asObservation(agent: Agent, tap: string, answer: PageAnswer): Observation {
  const { url, method, status, request, body, isTruncated } = answer;
  const seen = { tap: `${agent.id}/${tap}`, url, method, status, body, isTruncated };
  const pageUrl = `${new URL(url).origin}/`;
  return request === "" ? { ...seen, pageUrl } : { ...seen, request, pageUrl };
}

/** null for an agent whose history cannot be asked for. */
function historySource(agent: Agent | null): HistorySource | null {
  const history = agent?.history;
  if (!history) return null;
  const observed = (answer: PageAnswer) => asObservation(agent, LIST_TAP, answer);
  return {
    list: (cursor) => ({ agent: agent.id, ...history.list(cursor) }),
    readList: (answer) => history.readList(observed(answer)),
    load(session, answers) {
      const request = history.load(session, answers.map(observed));
      return request && { agent: agent.id, ...request };
    },
  };
}

/** What agents make of the answers to a backfill, and where they may be asked. */
export const backfillAgents = {
  sourceOf: (agentId: string) => historySource(agentById(agentId)),

  /** A session's answer, read by the tap of that id. */
  read(agentId: string, tap: string, answer: PageAnswer) {
    const agent = agentById(agentId)!;
    const observation = asObservation(agent, tap, answer);
    const read = readObservation(agent, observation);
    return { kind: "read" as const, reads: [{ agentId, ...read }], answer: observation };
  },

  /** An answer that should have been a list. */
  readBadList(agentId: string, answer: PageAnswer) {
    const observation = asObservation(agentById(agentId)!, LIST_TAP, answer);
    const problem = { kind: "unplaced" as const, detail: "" };
    const read = { agentId, tap: LIST_TAP, readings: [], problem };
    return { kind: "read" as const, reads: [read], answer: observation };
  },

  /** Exact origins of an agent, those first that the person named. */
  originsOf(agentId: string, named: readonly string[]): string[] {
    const own = agentById(agentId)!.origins.map((pattern) => pattern.slice(0, -2));
    return [...new Set([...named, ...own])];
  },
};
