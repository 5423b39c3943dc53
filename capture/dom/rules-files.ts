/** One small file an agent with its rules for the reader of pages' elements, so that a page gets those of its own agent only. Build time only. */
import { join } from "node:path";
import { runnerImport } from "vite";
import type { Agent, PageRules } from "../../agents/agent";
import { rulesPath } from "./names";

/** A file of the built extension. */
export interface BuiltFile {
  path: string;
  contents: string;
}

/** What puts an agent's rules where the reader takes them. Only letters of ASCII: browsers refuse scripts that look like another encoding. */
export function rulesFile(agent: string, page: PageRules): BuiltFile {
  const given = JSON.stringify({ agent, page }).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const name = `Symbol.for("opensync-companion:page-rules")`;
  return { path: rulesPath(agent), contents: `globalThis[${name}]=${given};\n` };
}

/** The files of every agent that has such rules. */
export async function rulesFiles(root: string): Promise<BuiltFile[]> {
  const { module } = await runnerImport<{ agents: readonly Agent[] }>(
    join(root, "agents/index.ts"),
    { root, configFile: false, logLevel: "error" },
  );
  return module.agents.flatMap(({ id, page }) => (page ? [rulesFile(id, page)] : []));
}
