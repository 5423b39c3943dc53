import type { BackfillStatus, BackfillWish } from "../../utils/backfill-run";
import { sendMessage } from "../../utils/messages";
import { useState } from "react";
import type { AgentInfo } from "../agents/switch-agent";
import { formatAgo } from "../format";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { Progress } from "../ui/Progress";
import { useAction } from "../use-action";
import { useNow } from "../use-now";
import { detailWords, progressWords, resultWords } from "./backfill-words";

interface Props {
  agent: AgentInfo;
  /** Whether the agent is switched on. */
  isOn: boolean;
  /** The addresses that the person named for it. */
  named: string[];
  /** null before the first run. */
  status: BackfillStatus | null;
}

interface ButtonsProps {
  name: string;
  state: BackfillStatus["state"] | null;
  isDisabled: boolean;
  isBusy: boolean;
  onWish: (wish: BackfillWish) => void;
}

function Buttons({ name, state, isDisabled, isBusy, onWish }: ButtonsProps) {
  const button = (wish: BackfillWish, label: string, isFirst = true) => (
    <Button
      // The first stays the same button, so that it keeps the focus while its wish changes.
      key={isFirst ? "first" : "stop"}
      size="small"
      look={isFirst ? "secondary" : "quiet"}
      isBusy={isFirst && isBusy}
      disabled={isDisabled && wish !== "stop"}
      aria-label={`${label}: ${name}`}
      onClick={() => onWish(wish)}
    >
      {label}
    </Button>
  );
  if (state === "running") return [button("pause", "Pause"), button("stop", "Stop", false)];
  if (state === "paused") return [button("continue", "Continue"), button("stop", "Stop", false)];
  return [button("start", state === null ? "Fetch" : "Fetch again")];
}

function Words({ status, hasChoice }: { status: BackfillStatus; hasChoice: boolean }) {
  const now = useNow();
  const { state, endedAt } = status;
  const isOver = state === "done" || state === "stopped";
  return (
    <div className="grid gap-1 text-sm text-ink-soft">
      <p className="text-ink" role={isOver ? "status" : undefined}>
        {isOver ? resultWords(status) : progressWords(status)}
        {state === "paused" && " · paused"}
        {isOver && endedAt !== null && (
          <span className="text-ink-soft"> · {formatAgo(endedAt, now)}</span>
        )}
      </p>
      {hasChoice && <p className="wrap-anywhere">From {status.origin}</p>}
      {detailWords(status, now).map((words) => (
        <p key={words}>{words}</p>
      ))}
    </div>
  );
}

interface OriginProps {
  name: string;
  origins: string[];
  value: string;
  onChange: (origin: string) => void;
}

function OriginChoice({ name, origins, value, onChange }: OriginProps) {
  return (
    <select
      aria-label={`Address of ${name}`}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="h-7 max-w-full rounded-md border border-line bg-surface px-1.5 text-sm"
    >
      {origins.map((origin) => (
        <option key={origin}>{origin}</option>
      ))}
    </select>
  );
}

/** One agent: how far fetching its earlier sessions is, and what can be done about it. */
export function BackfillRow({ agent, isOn, named, status }: Props) {
  const action = useAction();
  const state = status?.state ?? null;
  const isUnderWay = state === "running" || state === "paused";
  const origins = [...new Set([...named, ...agent.origins.map((one) => one.slice(0, -2))])];
  const [origin, setOrigin] = useState(origins[0]);
  // With several servers the person says which; else the open tab does.
  const hasChoice = named.length > 0 && origins.length > 1;
  const wish = (wanted: BackfillWish) => {
    const at = wanted === "start" && hasChoice ? { origin } : {};
    void action.run(sendMessage("backfill", { agentId: agent.id, wish: wanted, ...at }));
  };
  return (
    <li aria-label={agent.name} className="grid gap-2 py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <h3 className="font-medium">{agent.name}</h3>
        <div className="flex min-w-0 flex-wrap items-center justify-end gap-1.5">
          {hasChoice && !isUnderWay && (
            <OriginChoice
              name={agent.name}
              origins={origins}
              value={origin!}
              onChange={setOrigin}
            />
          )}
          <Buttons
            name={agent.name}
            state={state}
            isDisabled={!isOn}
            isBusy={action.isBusy}
            onWish={wish}
          />
        </div>
      </div>
      {status && isUnderWay && !status.isListing && (
        <Progress
          label={`Sessions of ${agent.name}`}
          value={status.fetched + status.failed}
          max={status.total}
        />
      )}
      {status && <Words status={status} hasChoice={hasChoice} />}
      {action.trouble ? (
        <TroubleNotice trouble={action.trouble} />
      ) : (
        state === "paused" && status?.trouble && <TroubleNotice trouble={status.trouble} />
      )}
    </li>
  );
}
