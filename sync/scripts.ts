/** Holds the content scripts to what the person wants now: on the pages of their agents, and nowhere while capture is off. */

/** What an agent's pages are, as match patterns. */
export interface Wanted {
  agentId: string;
  patterns: string[];
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
  /** Called for each wanted agent. */
  onPermission(agentId: string, isMissing: boolean): Promise<void>;
}

/** Builds the function that brings the browser in line; it answers the ids of agents whose permission is missing. */
export function createScripts(deps: ScriptsDeps) {
  let turn: Promise<unknown> = Promise.resolve();

  const asRegistered = (pattern: string) =>
    deps.hasPortsInPatterns ? pattern : pattern.replace(/:\d+\/\*$/, "/*");

  async function update(): Promise<string[]> {
    const wanted = await deps.getWanted();
    const patterns = [...new Set(wanted.flatMap((agent) => agent.patterns))].sort();
    const before = await deps.getRegistered();
    const { missing } = await deps.registration.apply(patterns);
    // Open tabs get what is new; the others have it since they were loaded.
    const added = patterns.filter(
      (pattern) => !missing.includes(pattern) && !before.includes(asRegistered(pattern)),
    );
    if (added.length > 0) await deps.registration.inject(added);
    const lacking = wanted.filter((agent) => agent.patterns.some((p) => missing.includes(p)));
    for (const agent of wanted) await deps.onPermission(agent.agentId, lacking.includes(agent));
    return lacking.map(({ agentId }) => agentId);
  }

  return (): Promise<string[]> => {
    const result = turn.then(update);
    turn = result.catch(() => undefined);
    return result;
  };
}
