import { X } from "lucide-react";
import type { Trouble } from "../../utils/errors";
import type { AgentSwitch } from "../../utils/storage";
import { TroubleNotice } from "../TroubleNotice";
import { useAction } from "../use-action";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Switch } from "../ui/Switch";
import { originLabel, permissionPatterns } from "./origins";
import { switchAgent, type AgentInfo } from "./switch-agent";
import { usePermission } from "./use-permission";

interface Props {
  agent: AgentInfo;
  state: AgentSwitch;
  /** Why it cannot be read now. */
  trouble: Trouble | undefined;
  isDisabled: boolean;
}

function AllowNotice({ agent, onAllow }: { agent: AgentInfo; onAllow: () => void }) {
  return (
    <Notice
      tone="warn"
      title={`The browser has no permission for ${agent.name}: nothing new is captured there.`}
      actions={
        <Button size="small" onClick={onAllow}>
          Allow again
        </Button>
      }
    />
  );
}

interface NamedOriginsProps {
  agentName: string;
  origins: string[];
  isDisabled: boolean;
  onChange: (origins: string[]) => void;
}

function NamedOrigins({ agentName, origins, isDisabled, onChange }: NamedOriginsProps) {
  return (
    <ul aria-label={`More addresses of ${agentName}`} className="grid gap-1">
      {origins.map((origin) => (
        <li key={origin} className="flex items-center justify-between gap-2 text-sm">
          <span className="min-w-0 font-mono text-xs wrap-anywhere">{origin}</span>
          <Button
            look="quiet"
            size="small"
            aria-label={`Remove ${origin}`}
            disabled={isDisabled}
            onClick={() => onChange(origins.filter((other) => other !== origin))}
          >
            <X size={14} aria-hidden="true" />
            Remove
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** One agent: its switch, where it is captured, and what is wrong with it. */
export function AgentRow({ agent, state, trouble, isDisabled }: Props) {
  const action = useAction();
  const isGranted = usePermission(permissionPatterns(agent, state.origins));
  const set = (isEnabled: boolean, origins = state.origins) =>
    void action.run(switchAgent(agent, isEnabled, origins));
  const isMissing = state.isEnabled && isGranted === false;
  return (
    <li className="grid gap-2 py-3 first:pt-0 last:pb-0">
      <Switch
        label={agent.name}
        hint={`Pages at ${agent.origins.map(originLabel).join(", ")}`}
        isOn={state.isEnabled}
        isDisabled={isDisabled || action.isBusy}
        onChange={(isOn) => set(isOn)}
      />
      {state.origins.length > 0 && (
        <NamedOrigins
          agentName={agent.name}
          origins={state.origins}
          isDisabled={isDisabled || action.isBusy}
          onChange={(origins) => set(state.isEnabled, origins)}
        />
      )}
      {action.trouble && <TroubleNotice trouble={action.trouble} />}
      {isMissing && <AllowNotice agent={agent} onAllow={() => set(true)} />}
      {trouble && !(isMissing && trouble.code === "permission-missing") && (
        <TroubleNotice trouble={trouble} />
      )}
    </li>
  );
}
