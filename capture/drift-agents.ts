/** What telling that an agent has changed needs to know of agents and answers. */
import { agentById } from "../agents";
import type { Observation } from "../agents/agent";
import { redactObservation } from "./raw-answer";
import { readObservation } from "./read";
import { observationShape } from "./shape";

export const driftAgents = {
  agentOf: agentById,

  redactAnswer: redactObservation,

  /** The shape of an answer without its content. */
  shapeOf: (agentId: string, tap: string, answer: Observation) =>
    observationShape(agentById(agentId)!, tap, answer),

  /** What this version makes of an answer; null without such an agent. */
  read(agentId: string, answer: Observation) {
    const agent = agentById(agentId);
    return agent && { agentId, ...readObservation(agent, answer) };
  },
};
