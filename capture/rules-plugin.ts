import { join } from "node:path";
import { runnerImport, type Plugin } from "vite";
import type { Agent } from "../agents/agent";
import { rulesOf } from "./rules";

const VIRTUAL = "virtual:agent-rules";
const RESOLVED = `\0${VIRTUAL}`;

/**
 * Gives content scripts the agents' rules as data (`virtual:agent-rules`), taken from the agent files at build time, so that no reader
 * is shipped to a page.
 */
export function agentRulesPlugin(root: string): Plugin {
  return {
    name: "agent-rules",
    resolveId: (id) => (id === VIRTUAL ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      const { module, dependencies } = await runnerImport<{ agents: readonly Agent[] }>(
        join(root, "agents/index.ts"),
        { root, configFile: false, logLevel: "error" },
      );
      for (const dependency of dependencies) this.addWatchFile(join(root, dependency));
      return `export const agentRules = ${JSON.stringify(module.agents.map(rulesOf))};`;
    },
  };
}
