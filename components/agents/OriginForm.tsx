import { useState } from "react";
import type { Answer, Trouble } from "../../utils/errors";
import type { AgentSwitch } from "../../utils/storage";
import { ask } from "../ask";
import { sendMessage } from "../../utils/messages";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { TextField } from "../ui/TextField";
import { readOrigin } from "./origins";
import { findAgentAt, type AgentInfo } from "./switch-agent";

interface Props {
  agents: readonly AgentInfo[];
  switches: Record<string, AgentSwitch>;
  isDisabled: boolean;
}

type Outcome =
  | { kind: "idle" }
  | { kind: "busy" }
  | { kind: "wrong"; error: string }
  | { kind: "unencrypted"; origin: string }
  | { kind: "failed"; trouble: Trouble }
  | { kind: "added"; origin: string; agentName: string };

/** The agent that already captures an origin. */
function ownerOf(origin: string, { agents, switches }: Omit<Props, "isDisabled">) {
  const isIts = (agent: AgentInfo) =>
    agent.origins.some((pattern) => pattern === `${origin}/*`) ||
    (switches[agent.id]?.origins ?? []).includes(origin);
  return agents.find((agent) => agent.selfHosted && isIts(agent));
}

/** Finds out which agent runs at the origin, and switches it on there. Must be called in the click itself. */
async function add(
  origin: string,
  { agents, switches }: Omit<Props, "isDisabled">,
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

/** Adds the address of an agent that the person hosts: asks for the permission, looks what runs there, and switches it on. */
export function OriginForm({ agents, switches, isDisabled }: Props) {
  const [typed, setTyped] = useState("");
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });
  const names = agents.filter((agent) => agent.selfHosted).map((agent) => agent.name);

  const submit = async (isConfirmed: boolean) => {
    const reading = readOrigin(typed);
    if (reading.kind === "wrong") return setOutcome(reading);
    const { origin } = reading;
    const owner = ownerOf(origin, { agents, switches });
    if (owner) {
      return setOutcome({ kind: "wrong", error: `${origin} already belongs to ${owner.name}.` });
    }
    if (reading.kind === "unencrypted" && !isConfirmed) return setOutcome(reading);
    setOutcome({ kind: "busy" });
    const answer = await add(origin, { agents, switches });
    if (!answer.ok) return setOutcome({ kind: "failed", trouble: answer.trouble });
    setTyped("");
    setOutcome({ kind: "added", origin, agentName: answer.value.agentName });
  };

  return (
    <form
      noValidate
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (outcome.kind !== "busy") void submit(false);
      }}
    >
      <TextField
        label="Another address"
        hint={`Where you run ${names.join(" or ")} yourself, without anything after the host.`}
        placeholder="https://agent.example.com"
        type="url"
        inputMode="url"
        value={typed}
        disabled={isDisabled}
        error={outcome.kind === "wrong" ? outcome.error : null}
        onValue={(value) => {
          setTyped(value);
          setOutcome({ kind: "idle" });
        }}
        beside={
          <Button type="submit" isBusy={outcome.kind === "busy"} disabled={isDisabled}>
            Add
          </Button>
        }
      />
      {outcome.kind === "unencrypted" && (
        <Notice
          tone="warn"
          title={`${outcome.origin} is not encrypted.`}
          actions={
            <Button size="small" onClick={() => void submit(true)}>
              Add it anyway
            </Button>
          }
        >
          Whoever is on the network between can read and change what this page sends, and so what is
          captured from it.
        </Notice>
      )}
      {outcome.kind === "failed" && <TroubleNotice trouble={outcome.trouble} />}
      {outcome.kind === "added" && (
        <Notice
          tone="good"
          title={`${outcome.agentName} runs at ${outcome.origin}. It is captured from now on.`}
        />
      )}
    </form>
  );
}
