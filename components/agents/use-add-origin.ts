import { useState } from "react";
import type { Answer, Trouble } from "../../utils/errors";
import { sendMessage } from "../../utils/messages";
import type { AgentSwitch } from "../../utils/storage";
import { ask } from "../ask";
import { ownerOf, readOrigin } from "./origins";
import { findAgentAt, switchAgent, type AgentInfo } from "./switch-agent";

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
  /** Something answers there that is no known agent. */
  | { kind: "unknown"; origin: string }
  | { kind: "failed"; trouble: Trouble }
  | { kind: "added"; origin: string; agent: AgentInfo };

function originsWith(origin: string, { id }: AgentInfo, { switches }: Known): string[] {
  return [...new Set([...(switches[id]?.origins ?? []), origin])];
}

function outcomeOf(set: Answer, origin: string, agent: AgentInfo): Outcome {
  return set.ok ? { kind: "added", origin, agent } : { kind: "failed", trouble: set.trouble };
}

/** Finds out which agent runs at the origin, and switches it on there. Must be called in the click itself. */
async function add(origin: string, known: Known): Promise<Outcome> {
  const found = await findAgentAt(origin);
  if (!found.ok) return { kind: "failed", trouble: found.trouble };
  const agent = known.agents.find(({ id }) => id === found.value.agentId);
  if (!agent) return { kind: "unknown", origin };
  const origins = originsWith(origin, agent, known);
  const wish = { agentId: agent.id, isEnabled: true, origins };
  return outcomeOf(await ask(sendMessage("setAgent", wish)), origin, agent);
}

/** Switches the agent for any page on at the origin. Must be called in the click itself. */
async function addAny(origin: string, known: Known): Promise<Outcome> {
  const agent = known.agents.find(({ kind }) => kind === "any");
  if (!agent) return { kind: "unknown", origin };
  return outcomeOf(
    await switchAgent(agent, true, originsWith(origin, agent, known)),
    origin,
    agent,
  );
}

/**
 * The address being typed, and what came of adding it. `submit` and `submitAny` (the address as a page of no known agent) must be called in
 * the click itself.
 */
export function useAddOrigin(known: Known) {
  const [typed, setTyped] = useState("");
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });

  const type = (value: string) => {
    setTyped(value);
    setOutcome({ kind: "idle" });
  };
  const run = async (adding: Promise<Outcome>) => {
    setOutcome({ kind: "busy" });
    const next = await adding;
    if (next.kind === "added") setTyped("");
    setOutcome(next);
  };
  const submit = async (isConfirmed: boolean) => {
    if (outcome.kind === "busy") return;
    const reading = readOrigin(typed);
    if (reading.kind === "wrong") return setOutcome(reading);
    const { origin } = reading;
    const owner = ownerOf(origin, known.agents, known.switches);
    if (owner) {
      const isOn = known.switches[owner.id]?.isEnabled === true;
      const next = isOn ? "" : " Switch it on in the list of agents.";
      const error = `${origin} already belongs to ${owner.name}.${next}`;
      return setOutcome({ kind: "wrong", error });
    }
    if (reading.kind === "unencrypted" && !isConfirmed) return setOutcome(reading);
    await run(add(origin, known));
  };
  const submitAny = async () => {
    if (outcome.kind === "unknown") await run(addAny(outcome.origin, known));
  };
  return { typed, type, outcome, submit, submitAny };
}
