import type { Trouble } from "../../utils/errors";
import type { AgentDrift, AgentSwitch } from "../../utils/storage";
import { TroubleNotice } from "../TroubleNotice";
import { Button } from "../ui/Button";
import { classes } from "../ui/classes";
import { Notice } from "../ui/Notice";
import { Switch } from "../ui/Switch";
import { useAction } from "../use-action";
import { DriftNotice } from "./DriftNotice";
import { NamedOrigins } from "./NamedOrigins";
import { isPermissionMissing, originLabel, permissionPatterns } from "./origins";
import { switchAgent, type AgentInfo } from "./switch-agent";
import { useGranted } from "./use-granted";

interface Props {
  agent: AgentInfo;
  state: AgentSwitch;
  /** Why it cannot be read now. */
  trouble: Trouble | undefined;
  /** How its site has changed. */
  drift: AgentDrift | undefined;
  isDisabled: boolean;
}

function AllowNotice({ agent, onAllow }: { agent: AgentInfo; onAllow: () => void }) {
  return (
    <Notice
      tone="warn"
      title={`The browser has no permission for ${agent.kind === "any" ? "all of these pages" : agent.name}: nothing new is captured there.`}
      actions={
        <Button size="small" onClick={onAllow}>
          Allow again
        </Button>
      }
    />
  );
}

/** Which pages the permission covers. */
function pagesOf({ kind, origins }: AgentInfo, named: number): string {
  if (kind !== "any") return origins.map(originLabel).join(", ");
  return named === 0
    ? "Add the address of the page below, and it can be switched on."
    : "Only the pages at these addresses";
}

/** One agent: its switch, where it is captured, and what is wrong with it. */
export function AgentRow({ agent, state, trouble, drift, isDisabled }: Props) {
  const action = useAction();
  const { isEnabled, origins } = state;
  const granted = useGranted(permissionPatterns(agent, origins));
  const set = (isOn: boolean, named = origins) => void action.run(switchAgent(agent, isOn, named));
  const isMissing = isEnabled && granted !== null && isPermissionMissing(agent, origins, granted);
  const isAlone = agent.kind === "any" && origins.length === 0;
  const tells = trouble && !(isMissing && trouble.code === "permission-missing");
  const isWide = origins.length > 0 || isMissing || Boolean(action.trouble ?? tells ?? drift);
  return (
    <li
      className={classes(
        "grid content-start gap-2 rounded-lg border px-3 py-2",
        isEnabled ? "border-accent bg-accent-soft" : "border-line",
        (isWide || agent.kind === "any") && "sm:col-span-2",
      )}
    >
      {isAlone ? (
        <div>
          <p className="font-medium">{agent.name}</p>
          <p className="text-xs text-ink-soft">{pagesOf(agent, 0)}</p>
        </div>
      ) : (
        <Switch
          label={agent.name}
          hint={<span className="text-xs wrap-anywhere">{pagesOf(agent, origins.length)}</span>}
          isOn={isEnabled}
          isDisabled={isDisabled || action.isBusy}
          onChange={(isOn) => set(isOn)}
        />
      )}
      {origins.length > 0 && (
        <NamedOrigins
          agentName={agent.name}
          origins={origins}
          isDisabled={isDisabled || action.isBusy}
          onChange={(rest) => set(isEnabled && (agent.kind !== "any" || rest.length > 0), rest)}
        />
      )}
      {action.trouble && <TroubleNotice trouble={action.trouble} />}
      {isMissing && <AllowNotice agent={agent} onAllow={() => set(true)} />}
      {tells && <TroubleNotice trouble={trouble} />}
      {drift && <DriftNotice agent={agent} drift={drift} />}
    </li>
  );
}
