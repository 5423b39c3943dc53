/** Name of the symbol under which an agent's rules lie for the reader that is put into the page right after them. */
export const RULES_NAME = "opensync-companion:page-rules";
export const RULES = Symbol.for(RULES_NAME);

/** Name of the symbol under which the page's readers are, in the extension's own world. */
export const READERS_NAME = "opensync-companion:readers";
export const READERS = Symbol.for(READERS_NAME);

/** Where an agent's rules lie in the built extension. */
export function rulesPath(agentId: string): string {
  return `page-rules/${agentId}.js`;
}
