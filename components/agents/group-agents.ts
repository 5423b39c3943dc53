import type { AgentSwitch } from "../../utils/storage";
import { originLabel } from "./origins";
import type { AgentInfo } from "./switch-agent";

/** Agents of one kind. */
export interface Group {
  title: string;
  agents: AgentInfo[];
}

const KINDS: { kind: AgentInfo["kind"]; title: string }[] = [
  { kind: "chat", title: "Chats" },
  { kind: "coding", title: "Coding agents" },
  { kind: "self-hosted", title: "Self-hosted" },
  { kind: "any", title: "Any page" },
];

/** What the person looks for. */
export interface Wish {
  text: string;
  isOnOnly: boolean;
}

function matches(agent: AgentInfo, state: AgentSwitch | undefined, { text, isOnOnly }: Wish) {
  if (isOnOnly && state?.isEnabled !== true) return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const own = [...agent.origins.map(originLabel), ...(state?.origins ?? [])];
  const all = [agent.name, agent.id, ...own].join(" ").toLowerCase();
  return words.every((word) => all.includes(word));
}

/** The agents that the person looks for, by kind and then by name; kinds without any are left out. */
export function groupAgents(
  agents: readonly AgentInfo[],
  switches: Record<string, AgentSwitch>,
  wish: Wish,
): Group[] {
  const found = agents
    .filter((agent) => matches(agent, switches[agent.id], wish))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { sensitivity: "base" }));
  return KINDS.map(({ kind, title }) => ({
    title,
    agents: found.filter((agent) => agent.kind === kind),
  })).filter((group) => group.agents.length > 0);
}
