import { backfills, agentSwitches } from "../../utils/storage";
import type { AgentInfo } from "../agents/switch-agent";
import { pageUrl } from "../open-page";
import { buttonClasses } from "../ui/Button";
import { Section } from "../ui/Section";
import { useStored } from "../use-stored";
import { BackfillRow } from "./BackfillRow";

interface Props {
  agents: readonly (AgentInfo & { history?: unknown })[];
  personId: string;
}

/** Fetching the sessions that the agents' own sites still have, started by the person for each agent. */
export function BackfillSection({ agents, personId }: Props) {
  const allSwitches = useStored(agentSwitches);
  const switches = allSwitches?.[personId];
  const statuses = useStored(backfills)?.[personId];
  const able = agents.filter(({ history }) => history);
  const shown = able.filter(({ id }) => switches?.[id]?.isEnabled || statuses?.[id]);
  return (
    <Section
      title="Fetch from the agents' sites"
      intro="Asks each site for its list of your sessions, then for every session that is new or has changed since the last time: from a page of the site in this browser, slowly, one after the other. You can go on working meanwhile."
    >
      {shown.length > 0 ? (
        <ul aria-label="Agents" className="grid divide-y divide-line">
          {shown.map((agent) => (
            <BackfillRow
              key={agent.id}
              agent={agent}
              named={switches?.[agent.id]?.origins ?? []}
              isOn={switches?.[agent.id]?.isEnabled === true}
              status={statuses?.[agent.id] ?? null}
            />
          ))}
        </ul>
      ) : (
        allSwitches && (
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p className="text-sm text-ink-soft">
              None of the agents that can be asked is switched on:{" "}
              {able.map(({ name }) => name).join(", ")}.
            </p>
            <a href={pageUrl("options")} className={buttonClasses("secondary", "small")}>
              Choose agents
            </a>
          </div>
        )
      )}
    </Section>
  );
}
