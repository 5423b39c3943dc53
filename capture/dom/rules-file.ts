import type { PageRules } from "../../agents/agent";
import type { BuiltFile } from "../rules-file";
import { RULES_NAME, rulesPath } from "./names";

/** What puts an agent's rules where the reader takes them. Only letters of ASCII: browsers refuse scripts that look like another encoding. */
export function pageRulesFile(agent: string, page: PageRules): BuiltFile {
  const given = JSON.stringify({ agent, page }).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const place = `globalThis[Symbol.for(${JSON.stringify(RULES_NAME)})]`;
  return { path: rulesPath(agent), contents: `${place}=${given};\n` };
}
