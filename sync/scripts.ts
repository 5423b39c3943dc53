/** Holds the content scripts to what the person wants now: on the pages of their agents, and nowhere while capture is off. */

/** What an agent's pages are, as match patterns. */
export interface Wanted {
  agentId: string;
  patterns: string[];
  /** Those of them that the person named: each must be permitted. Of the agent's own, any one will do. */
  named: string[];
  /** Whether the traffic of these pages is read. */
  hasTraffic: boolean;
  /** Whether their elements are read from the start. */
  hasReader: boolean;
}

/** What is or should be on which pages (capture/register.ts). */
interface Placing {
  traffic: readonly AgentPages[];
  readers: readonly AgentPages[];
}

interface AgentPages {
  agentId: string;
  patterns: readonly string[];
}

/** What holding needs from outside. */
export interface ScriptsDeps {
  /** By agent; empty while capture is off. */
  getWanted(): Promise<Wanted[]>;
  registration: {
    /** As the browser has it. */
    registered(): Promise<Placing>;
    apply(wanted: Placing): Promise<{ missing: string[] }>;
    inject(wanted: Placing): Promise<number>;
  };
  /** Firefox's patterns have no ports. */
  hasPortsInPatterns: boolean;
  /** Called for each wanted agent that lacks a permission, or has every one. */
  onPermission(agentId: string, isMissing: boolean): Promise<void>;
}

function placingOf(wanted: readonly Wanted[]): Placing {
  const pages = wanted.map(({ agentId, patterns }) => ({ agentId, patterns }));
  return {
    traffic: pages.filter((_, at) => wanted[at]!.hasTraffic),
    readers: pages.filter((_, at) => wanted[at]!.hasReader),
  };
}

/** Builds the function that brings the browser in line; it answers the ids of agents that lack a permission. */
export function createScripts(deps: ScriptsDeps) {
  let turn: Promise<unknown> = Promise.resolve();

  const asRegistered = (pattern: string) =>
    deps.hasPortsInPatterns ? pattern : pattern.replace(/:\d+\/\*$/, "/*");

  /** What of the patterns is permitted and was not registered before. */
  function addedTo(before: readonly string[], patterns: readonly string[], missing: string[]) {
    return patterns.filter((one) => !missing.includes(one) && !before.includes(asRegistered(one)));
  }

  function addedPages(
    before: readonly AgentPages[],
    wanted: readonly AgentPages[],
    missing: string[],
  ): AgentPages[] {
    return wanted
      .map(({ agentId, patterns }) => {
        const known = before.find((pages) => pages.agentId === agentId)?.patterns ?? [];
        return { agentId, patterns: addedTo(known, patterns, missing) };
      })
      .filter(({ patterns }) => patterns.length > 0);
  }

  async function update(): Promise<string[]> {
    const wanted = await deps.getWanted();
    const placing = placingOf(wanted);
    const before = await deps.registration.registered();
    const all = [...before.traffic, ...before.readers].flatMap(({ patterns }) => patterns);
    const wasRegistered = (pattern: string) => all.includes(asRegistered(pattern));
    const { missing } = await deps.registration.apply(placing);
    // What open tabs lack: they have the rest since they were loaded.
    const added = {
      traffic: addedPages(before.traffic, placing.traffic, missing),
      readers: addedPages(before.readers, placing.readers, missing),
    };
    if (added.traffic.length + added.readers.length > 0) await deps.registration.inject(added);
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
