/** One small file an agent with its rules, so that a page gets those of its own agents only, and no reader. Build time only. */
import { join } from "node:path";
import { runnerImport } from "vite";
import type { Agent } from "../agents/agent";
import { rulesFile, type BuiltFile } from "./rules-file";

/** The files of every agent that reads traffic. */
export async function rulesFiles(root: string): Promise<BuiltFile[]> {
  const { module } = await runnerImport<{ agents: readonly Agent[] }>(
    join(root, "agents/index.ts"),
    { root, configFile: false, logLevel: "error" },
  );
  return module.agents.filter(({ taps }) => taps.length > 0).map(rulesFile);
}
