import { usePaginatedQuery } from "convex/react";
import { useId, useState } from "react";
import { api } from "../../convex/_generated/api";
import type { AgentInfo } from "../agents/switch-agent";
import { Notice } from "../ui/Notice";
import { useNow } from "../use-now";
import { LoadMore } from "./LoadMore";
import { SessionList } from "./SessionList";

const PAGE = 50;

interface Props {
  agents: readonly AgentInfo[];
  nameOf: (agentId: string) => string;
  selectedId: string | null;
}

function Filter(props: {
  agents: readonly AgentInfo[];
  value: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <>
      <label htmlFor={id} className="sr-only">
        Show sessions of
      </label>
      <select
        id={id}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
        className="h-7 max-w-40 rounded-md border border-line-strong bg-surface px-1.5 text-sm text-ink"
      >
        <option value="">All agents</option>
        {props.agents.map((agent) => (
          <option key={agent.id} value={agent.id}>
            {agent.name}
          </option>
        ))}
      </select>
    </>
  );
}

/** The live list of captured sessions. */
export function ListPane({ agents, nameOf, selectedId }: Props) {
  const [agent, setAgent] = useState("");
  const now = useNow();
  const { results, status, loadMore } = usePaginatedQuery(
    api.sessions.list,
    agent === "" ? {} : { agent },
    { initialNumItems: PAGE },
  );
  const isEmpty = results.length === 0 && status === "Exhausted";
  return (
    <>
      <div className="flex items-center justify-between gap-2 px-4 py-3">
        <h2 id="sessions-heading" className="font-semibold outline-none" tabIndex={-1}>
          Sessions
        </h2>
        <Filter agents={agents} value={agent} onChange={setAgent} />
      </div>
      {isEmpty ? (
        <div className="px-4">
          <Notice
            tone="info"
            title={agent === "" ? "No sessions yet." : `No sessions of ${nameOf(agent)} yet.`}
          >
            Open a page of an agent that is switched on; its session appears here as it happens.
          </Notice>
        </div>
      ) : (
        <SessionList
          sessions={results}
          selectedId={selectedId}
          now={now}
          nameOf={nameOf}
          end={<LoadMore status={status} what="sessions" onMore={() => loadMore(PAGE)} />}
        />
      )}
    </>
  );
}
