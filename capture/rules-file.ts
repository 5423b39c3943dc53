import type { Agent } from "../agents/agent";
import { RULES_NAME, rulesOf, rulesPath } from "./rules";

/** A file of the built extension. */
export interface BuiltFile {
  path: string;
  contents: string;
}

/** What puts an agent's rules where capture takes them. Only letters of ASCII: browsers refuse scripts that look like another encoding. */
export function rulesFile(agent: Agent): BuiltFile {
  const rules = JSON.stringify(rulesOf(agent)).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const all = `globalThis[Symbol.for(${JSON.stringify(RULES_NAME)})]`;
  return {
    path: rulesPath(agent.id),
    contents: `(${all}??={})[${JSON.stringify(agent.id)}]=${rules};\n`,
  };
}
