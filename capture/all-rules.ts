import { agents } from "../agents";
import { pageRulesFile } from "./dom/rules-file";
import { rulesFile } from "./rules-file";

/**
 * One small file an agent with its rules for its traffic, and one for the elements of its pages. Run at build time only (rules-files.ts):
 * importing it ships the readers too.
 */
export const files = agents.flatMap((agent) => [
  ...(agent.taps.length > 0 ? [rulesFile(agent)] : []),
  ...(agent.page ? [pageRulesFile(agent.id, agent.page)] : []),
]);
