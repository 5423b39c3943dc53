import { agentSwitches, captureStatus, type Profile } from "../../utils/storage";
import { Notice } from "../ui/Notice";
import { useStored } from "../use-stored";
import { AgentRow } from "./AgentRow";
import { OriginForm } from "./OriginForm";
import type { AgentInfo } from "./switch-agent";

const OFF = { isEnabled: false, origins: [] };

interface Props {
  agents: readonly AgentInfo[];
  /** Whose switches these are; null while nobody is signed in. */
  person: Profile | null;
}

/** The agents that can be captured, each with its switch, and the addresses that the person hosts. */
export function AgentList({ agents, person }: Props) {
  const all = useStored(agentSwitches);
  const troubles = useStored(captureStatus)?.agentTroubles ?? {};
  const mine = (person && all?.[person.id]) || {};
  const isDisabled = person === null || all === undefined;
  return (
    <>
      {person === null && (
        <Notice tone="info" title="Sign in to choose agents.">
          Each person who signs in here has switches of their own.
        </Notice>
      )}
      <ul aria-label="Agents" className="grid divide-y divide-line">
        {agents.map((agent) => (
          <AgentRow
            key={agent.id}
            agent={agent}
            state={mine[agent.id] ?? OFF}
            trouble={person ? troubles[agent.id] : undefined}
            isDisabled={isDisabled}
          />
        ))}
      </ul>
      {agents.some((agent) => agent.selfHosted) && (
        <div className="border-t border-line pt-4">
          <OriginForm agents={agents} switches={mine} isDisabled={isDisabled} />
        </div>
      )}
    </>
  );
}
