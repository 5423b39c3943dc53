import type { BackfillStatus, BackfillWish } from "../../utils/backfill-run";
import { sendMessage } from "../../utils/messages";
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
      key={wish}
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
  return button("start", state === null ? "Fetch" : "Fetch again");
}

function Words({ status }: { status: BackfillStatus }) {
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
      {detailWords(status, now).map((words) => (
        <p key={words}>{words}</p>
      ))}
    </div>
  );
}

/** One agent: how far fetching its earlier sessions is, and what can be done about it. */
export function BackfillRow({ agent, isOn, status }: Props) {
  const action = useAction();
  const state = status?.state ?? null;
  const isUnderWay = state === "running" || state === "paused";
  const wish = (wanted: BackfillWish) =>
    void action.run(sendMessage("backfill", { agentId: agent.id, wish: wanted }));
  return (
    <li aria-label={agent.name} className="grid gap-2 py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <h3 className="font-medium">{agent.name}</h3>
        <div className="flex gap-1.5">
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
      {status && <Words status={status} />}
      {action.trouble ? (
        <TroubleNotice trouble={action.trouble} />
      ) : (
        state === "paused" && status?.trouble && <TroubleNotice trouble={status.trouble} />
      )}
    </li>
  );
}
