/** The files of rules, so that a page gets those of its own agents only, and no reader. Build time only. */
import { join } from "node:path";
import { runnerImport } from "vite";

/** Each file of the agents' rules, with its path in the built extension. */
export async function rulesFiles(root: string): Promise<{ path: string; contents: string }[]> {
  const { module } = await runnerImport<{ files: { path: string; contents: string }[] }>(
    join(root, "capture/all-rules.ts"),
    { root, configFile: false, logLevel: "error" },
  );
  return module.files;
}
