import { useState } from "react";
import { agentSwitches, captureStatus, drift, type Profile } from "../../utils/storage";
import { Notice } from "../ui/Notice";
import { useStored } from "../use-stored";
import { AgentFinder } from "./AgentFinder";
import { AgentGroup } from "./AgentGroup";
import { AgentRow } from "./AgentRow";
import { groupAgents } from "./group-agents";
import { OriginForm } from "./OriginForm";
import type { AgentInfo } from "./switch-agent";

const OFF = { isEnabled: false, origins: [] };
/** From so many on, a list is searched rather than read. */
const MANY = 8;

interface Props {
  agents: readonly AgentInfo[];
  /** Whose switches these are; null while nobody is signed in. */
  person: Profile | null;
}

/** The agents that can be captured, each with its switch, and the addresses that the person hosts. */
export function AgentList({ agents, person }: Props) {
  const all = useStored(agentSwitches);
  const troubles = useStored(captureStatus)?.agentTroubles ?? {};
  const drifts = useStored(drift)?.[person?.id ?? ""] ?? {};
  const [wish, setWish] = useState({ text: "", isOnOnly: false });
  const mine = (person && all?.[person.id]) || {};
  const isDisabled = person === null || all === undefined;
  const groups = groupAgents(agents, mine, wish);
  const isOn = ({ id }: AgentInfo) => mine[id]?.isEnabled === true;
  return (
    <div className="grid gap-5">
      {person === null && (
        <Notice tone="info" title="Sign in to choose agents.">
          Each person who signs in here has switches of their own.
        </Notice>
      )}
      {agents.length > MANY && (
        <AgentFinder
          wish={wish}
          onWish={setWish}
          on={agents.filter(isOn).map(({ name }) => name)}
          total={agents.length}
          found={groups.reduce((sum, group) => sum + group.agents.length, 0)}
        />
      )}
      {groups.map((group) => (
        <AgentGroup
          key={group.title}
          title={group.title}
          aside={`${group.agents.filter(isOn).length} of ${group.agents.length} on`}
        >
          {group.agents.map((agent) => (
            <AgentRow
              key={agent.id}
              agent={agent}
              state={mine[agent.id] ?? OFF}
              trouble={person ? troubles[agent.id] : undefined}
              drift={person ? drifts[agent.id] : undefined}
              isDisabled={isDisabled}
            />
          ))}
        </AgentGroup>
      ))}
      {agents.some((agent) => agent.selfHosted) && (
        <div className="border-t border-line pt-4">
          <OriginForm agents={agents} switches={mine} isDisabled={isDisabled} />
        </div>
      )}
    </div>
  );
}
