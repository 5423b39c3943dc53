import type { AgentSwitch } from "../../utils/storage";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { TextField } from "../ui/TextField";
import type { AgentInfo } from "./switch-agent";
import { useAddOrigin, type Outcome } from "./use-add-origin";

interface Props {
  agents: readonly AgentInfo[];
  switches: Record<string, AgentSwitch>;
  isDisabled: boolean;
}

function OutcomeNotice({ outcome, onConfirm }: { outcome: Outcome; onConfirm: () => void }) {
  switch (outcome.kind) {
    case "unencrypted":
      return (
        <Notice
          tone="warn"
          title={`${outcome.origin} is not encrypted.`}
          actions={
            <Button size="small" onClick={onConfirm}>
              Add it anyway
            </Button>
          }
        >
          Whoever is on the network between can read and change what this page sends, and so what is
          captured from it.
        </Notice>
      );
    case "failed":
      return <TroubleNotice trouble={outcome.trouble} />;
    case "added":
      return (
        <Notice
          tone="good"
          title={`${outcome.agentName} runs at ${outcome.origin}. It is captured from now on.`}
        />
      );
    default:
      return null;
  }
}

/** Adds the address of an agent that the person hosts: asks for the permission, looks what runs there, and switches it on. */
export function OriginForm({ agents, switches, isDisabled }: Props) {
  const { typed, type, outcome, submit } = useAddOrigin({ agents, switches });
  const names = agents.filter((agent) => agent.selfHosted).map((agent) => agent.name);
  return (
    <form
      noValidate
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(false);
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
        onValue={type}
        beside={
          <Button type="submit" isBusy={outcome.kind === "busy"} disabled={isDisabled}>
            Add
          </Button>
        }
      />
      <OutcomeNotice outcome={outcome} onConfirm={() => void submit(true)} />
    </form>
  );
}
