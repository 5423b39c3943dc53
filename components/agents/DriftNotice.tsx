import type { ReactNode } from "react";
import { sendMessage } from "../../utils/messages";
import type { AgentDrift } from "../../utils/storage";
import { tell } from "../ask";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { useAction, type Action } from "../use-action";
import { DriftReport } from "./DriftReport";
import { driftWords, keptWords } from "./drift-words";

interface Props {
  agent: { id: string; name: string };
  drift: AgentDrift;
}

interface ButtonsProps extends Props {
  action: Action;
  hasMark: boolean;
}

function Buttons({ agent, drift, action, hasMark }: ButtonsProps) {
  const { id: agentId } = agent;
  const run = (call: Promise<unknown>) => void action.run(tell(call));
  return (
    <div className="flex flex-wrap gap-2">
      {drift.kept > 0 && (
        <Button
          size="small"
          isBusy={action.isBusy}
          onClick={() => run(sendMessage("deleteKeptAnswers", { agentId }))}
        >
          {drift.kept === 1 ? "Delete the kept answer" : "Delete the kept answers"}
        </Button>
      )}
      {hasMark && (
        <Button
          size="small"
          look="quiet"
          isBusy={action.isBusy}
          aria-label={`Dismiss that ${agent.name} changed`}
          onClick={() => run(sendMessage("dismissDrift", { agentId }))}
        >
          Dismiss
        </Button>
      )}
    </div>
  );
}

/** That an agent has changed: since when, what it means for what is saved, and what to do. */
export function DriftNotice({ agent, drift }: Props) {
  const action = useAction();
  const words = driftWords(agent.name, drift);
  const kept = keptWords(drift.kept);
  if (!words && kept === "") return null;
  return (
    <div className="grid gap-2">
      <Notice
        tone={words ? "warn" : "info"}
        title={words ? words.title : kept}
        actions={
          <div className="grid min-w-0 flex-1 gap-2">
            {words && <DriftReport agent={agent} />}
            <Buttons agent={agent} drift={drift} action={action} hasMark={words !== null} />
          </div>
        }
      >
        {words && <Lines lines={[...words.meaning, kept, words.next]} />}
      </Notice>
      {action.trouble && <TroubleNotice trouble={action.trouble} />}
    </div>
  );
}

function Lines({ lines }: { lines: string[] }): ReactNode {
  return (
    <div className="grid gap-1">
      {lines.filter(Boolean).map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}
