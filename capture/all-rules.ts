import { agents } from "../agents";
import { rulesOf } from "./rules";

/** The rules of every agent. Run at build time only (rules-plugin.ts): importing it ships the readers too. */
export const agentRules = agents.map(rulesOf);
