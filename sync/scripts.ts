/** Holds the content scripts to what the person wants now: on the pages of their agents, and nowhere while capture is off. */

/** What an agent's pages are, as match patterns. */
export interface Wanted {
  agentId: string;
  patterns: string[];
  /** Those of them that the person named: each must be permitted. Of the agent's own, any one will do. */
  named: string[];
}

/** What holding needs from outside. */
export interface ScriptsDeps {
  /** By agent; empty while capture is off. */
  getWanted(): Promise<Wanted[]>;
  /** Patterns of the registered scripts, as the browser has them. */
  getRegistered(): Promise<string[]>;
  registration: {
    apply(patterns: readonly string[]): Promise<{ missing: string[] }>;
    inject(patterns: readonly string[]): Promise<number>;
  };
  /** Firefox's patterns have no ports. */
  hasPortsInPatterns: boolean;
  /** Called for each wanted agent that lacks a permission, or has every one. */
  onPermission(agentId: string, isMissing: boolean): Promise<void>;
}

/** Builds the function that brings the browser in line; it answers the ids of agents that lack a permission. */
export function createScripts(deps: ScriptsDeps) {
  let turn: Promise<unknown> = Promise.resolve();

  const asRegistered = (pattern: string) =>
    deps.hasPortsInPatterns ? pattern : pattern.replace(/:\d+\/\*$/, "/*");

  async function update(): Promise<string[]> {
    const wanted = await deps.getWanted();
    const patterns = [...new Set(wanted.flatMap((agent) => agent.patterns))].sort();
    const before = await deps.getRegistered();
    const wasRegistered = (pattern: string) => before.includes(asRegistered(pattern));
    const { missing } = await deps.registration.apply(patterns);
    // Open tabs get what is new; the others have it since they were loaded.
    const added = patterns.filter((one) => !missing.includes(one) && !wasRegistered(one));
    if (added.length > 0) await deps.registration.inject(added);
    const lacking: string[] = [];
    for (const { agentId, patterns: own, named } of wanted) {
      const absent = own.filter((pattern) => missing.includes(pattern));
      // Taken away while it was in use, or never given where the person wants it.
      const isLacking =
        absent.length === own.length ||
        absent.some((pattern) => named.includes(pattern) || wasRegistered(pattern));
      if (isLacking) lacking.push(agentId);
      if (isLacking || absent.length === 0) await deps.onPermission(agentId, isLacking);
    }
    return lacking;
  }

  return (): Promise<string[]> => {
    const result = turn.then(update);
    turn = result.catch(() => undefined);
    return result;
  };
}
