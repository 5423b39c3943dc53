/** The rules of every agent, made by rules-plugin.ts. */
declare module "virtual:agent-rules" {
  import type { AgentRules } from "./rules";
  export const agentRules: readonly AgentRules[];
}
