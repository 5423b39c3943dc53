/** Whether anything from a page may be looked at at all, and in whose name: the one gate before collecting, reading and storing. */

/** What the browser tells of the sender of a message. */
export interface GateSender {
  /** The extension that sent it. */
  id?: string;
  /** 0: the tab's top frame. */
  frameId?: number;
  /** Address of the frame. */
  url?: string;
  /** Chrome only. */
  origin?: string;
  tab?: { id?: number; incognito?: boolean };
}

/** What the person wants, now. */
export interface GateState {
  extensionId: string;
  /** WorkOS user id of the person for whom capture is on: signed in, agreed, not paused; else null. */
  person: string | null;
  /** Ids of the agents that this person has switched on for an exact origin: several can share one. */
  agentsAt(origin: string): string[];
}

/** What passed the gate. */
export interface Admission {
  /** WorkOS user id: whose it is. */
  owner: string;
  /** At least one. */
  agentIds: string[];
  /** `scheme://host:port`, as the browser gives it. */
  origin: string;
  tabId: number;
}

/** The origin of the frame that sent a message; null when the browser gives none, or two that differ (a sandboxed frame). */
function originOf({ url, origin }: GateSender): string | null {
  const ofUrl = URL.parse(url ?? "")?.origin ?? null;
  return origin === undefined || origin === ofUrl ? ofUrl : null;
}

/** Admits the top frame of a normal tab of our own content script, at an origin of which the person has agreed to an agent and switched it on. */
export function admit(sender: GateSender, state: GateState): Admission | null {
  const { person } = state;
  if (person === null) return null;
  const { tab } = sender;
  const isOurs = sender.id === state.extensionId && sender.frameId === 0;
  if (!isOurs || tab?.id === undefined || tab.incognito !== false) return null;
  const origin = originOf(sender);
  const agentIds = origin === null ? [] : state.agentsAt(origin);
  if (origin === null || agentIds.length === 0) return null;
  return { owner: person, agentIds, origin, tabId: tab.id };
}
