import { join, resolve } from "node:path";
import { runnerImport, type Plugin } from "vite";

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
      const { module, dependencies } = await runnerImport<{ agentRules: unknown }>(
        join(root, "capture/all-rules.ts"),
        { root, configFile: false, logLevel: "error" },
      );
      for (const dependency of dependencies) this.addWatchFile(resolve(root, dependency));
      return `export const agentRules = ${JSON.stringify(module.agentRules)};`;
    },
  };
}
