import { agentById } from "../../agents";
import type { Reading } from "../../agents/agent";
import type { ImportBatch } from "../../utils/import-run";
import { checked } from "../read";

/** The readings of an import that have the shapes of an agent's sessions; none of an agent that does not exist. */
export function checkImported({ agentId, readings }: ImportBatch): Reading[] {
  const agent = agentById(agentId);
  return agent ? checked(agent, readings as Reading[]).readings : [];
}
