import { useState } from "react";
import type { Answer, Trouble } from "../../utils/errors";
import { sendMessage } from "../../utils/messages";
import type { AgentSwitch } from "../../utils/storage";
import { ask } from "../ask";
import { readOrigin } from "./origins";
import { findAgentAt, type AgentInfo } from "./switch-agent";

interface Known {
  agents: readonly AgentInfo[];
  switches: Record<string, AgentSwitch>;
}

/** How far adding an address has come. */
export type Outcome =
  | { kind: "idle" }
  | { kind: "busy" }
  | { kind: "wrong"; error: string }
  | { kind: "unencrypted"; origin: string }
  | { kind: "failed"; trouble: Trouble }
  | { kind: "added"; origin: string; agentName: string };

/** The agent that already captures an origin. */
function ownerOf(origin: string, { agents, switches }: Known) {
  const isIts = (agent: AgentInfo) =>
    agent.origins.some((pattern) => pattern === `${origin}/*`) ||
    (switches[agent.id]?.origins ?? []).includes(origin);
  return agents.find((agent) => agent.selfHosted && isIts(agent));
}

/** Finds out which agent runs at the origin, and switches it on there. Must be called in the click itself. */
async function add(
  origin: string,
  { agents, switches }: Known,
): Promise<Answer<{ agentName: string }>> {
  const found = await findAgentAt(origin);
  if (!found.ok) return found;
  const { agentId } = found.value;
  const origins = [...new Set([...(switches[agentId]?.origins ?? []), origin])];
  const set = await ask(sendMessage("setAgent", { agentId, isEnabled: true, origins }));
  if (!set.ok) return set;
  return {
    ok: true,
    value: { agentName: agents.find((agent) => agent.id === agentId)?.name ?? agentId },
  };
}

/** The address being typed, and what came of adding it. `submit` must be called in the click itself. */
export function useAddOrigin(known: Known) {
  const [typed, setTyped] = useState("");
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });

  const type = (value: string) => {
    setTyped(value);
    setOutcome({ kind: "idle" });
  };
  const submit = async (isConfirmed: boolean) => {
    if (outcome.kind === "busy") return;
    const reading = readOrigin(typed);
    if (reading.kind === "wrong") return setOutcome(reading);
    const { origin } = reading;
    const owner = ownerOf(origin, known);
    if (owner) {
      return setOutcome({ kind: "wrong", error: `${origin} already belongs to ${owner.name}.` });
    }
    if (reading.kind === "unencrypted" && !isConfirmed) return setOutcome(reading);
    setOutcome({ kind: "busy" });
    const answer = await add(origin, known);
    if (!answer.ok) return setOutcome({ kind: "failed", trouble: answer.trouble });
    setTyped("");
    setOutcome({ kind: "added", origin, agentName: answer.value.agentName });
  };
  return { typed, type, outcome, submit };
}
