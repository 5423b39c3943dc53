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

interface OutcomeProps {
  outcome: Outcome;
  onConfirm: () => void;
  /** Captures the page as one of no known agent; absent where there is no such agent. */
  onAny?: () => void;
}

function OutcomeNotice({ outcome, onConfirm, onAny }: OutcomeProps) {
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
    case "unknown":
      return <UnknownNotice origin={outcome.origin} onAny={onAny} />;
    case "failed":
      return <TroubleNotice trouble={outcome.trouble} />;
    case "added":
      return (
        <Notice
          tone="good"
          title={
            outcome.agent.kind === "any"
              ? `The page at ${outcome.origin} is captured from now on.`
              : `${outcome.agent.name} runs at ${outcome.origin}. It is captured from now on.`
          }
        />
      );
    default:
      return null;
  }
}

function UnknownNotice({ origin, onAny }: { origin: string; onAny?: () => void }) {
  const action = (
    <Button size="small" onClick={onAny}>
      Capture this page with the generic reader
    </Button>
  );
  return (
    <Notice
      tone="info"
      title={`No known agent runs at ${origin}, so nothing is captured there yet.`}
      actions={onAny && action}
    >
      {onAny &&
        "The generic reader keeps what looks like a chat in this page's traffic or on its screen; it may miss things or guess wrong, and says how sure it is."}
    </Notice>
  );
}

const OR = new Intl.ListFormat("en", { type: "disjunction" });

/** Adds the address of an agent that the person hosts: asks for the permission, looks what runs there, and switches that on. */
export function OriginForm({ agents, switches, isDisabled }: Props) {
  const { typed, type, outcome, submit, submitAny } = useAddOrigin({ agents, switches });
  const names = agents.filter((agent) => agent.selfHosted).map((agent) => agent.name);
  const hasAny = agents.some((agent) => agent.kind === "any");
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
        hint={`Where you run ${OR.format(names)} yourself${hasAny ? ", or any other page on which you chat with an agent" : ""}. Leave out everything after the host.`}
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
      <OutcomeNotice
        outcome={outcome}
        onConfirm={() => void submit(true)}
        onAny={hasAny ? () => void submitAny() : undefined}
      />
    </form>
  );
}
