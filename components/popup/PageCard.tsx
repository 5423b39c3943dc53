import type { PageStatus } from "../../utils/messages";
import type { AgentSwitch } from "../../utils/storage";
import { browser } from "../../utils/browser";
import { switchOnFromPopup, type AgentInfo } from "../agents/switch-agent";
import { cleanTitle } from "../clean-title";
import { TroubleNotice } from "../TroubleNotice";
import { useAction } from "../use-action";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { pageWords } from "./page-words";

const OFF: AgentSwitch = { isEnabled: false, origins: [] };

interface Props {
  page: PageStatus;
  agents: readonly AgentInfo[];
  switches: Record<string, AgentSwitch>;
  isPaused: boolean;
  onChanged: () => void;
}

async function reloadActiveTab(): Promise<void> {
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  if (tab?.id !== undefined) await browser.tabs.reload(tab.id);
  window.close();
}

/** What can be done about the page's state from here. */
function PageAction({ page, agents, switches, onChanged }: Props) {
  const action = useAction();
  const agent = agents.find(({ id }) => id === page.agent?.id);
  if (page.state === "reload-needed") {
    return (
      <div>
        <Button size="small" onClick={() => void reloadActiveTab()}>
          Reload page
        </Button>
      </div>
    );
  }
  if (!agent || (page.state !== "off" && page.state !== "no-permission")) return null;
  const switchOn = async () => {
    await action.run(switchOnFromPopup(agent, switches[agent.id] ?? OFF));
    onChanged();
  };
  return (
    <div className="grid gap-2">
      <div>
        <Button size="small" isBusy={action.isBusy} onClick={() => void switchOn()}>
          {page.state === "off" ? `Switch ${agent.name} on` : "Allow"}
        </Button>
      </div>
      {action.trouble && <TroubleNotice trouble={action.trouble} />}
    </div>
  );
}

/** This page's agent and how far its session has come. */
export function PageCard(props: Props) {
  const { page, isPaused } = props;
  const words = pageWords(page, isPaused);
  return (
    <section aria-labelledby="page-heading" className="grid gap-2 px-4 py-3">
      <div className="flex items-center justify-between gap-2">
        <h2 id="page-heading" className="text-sm font-medium text-ink-soft">
          {page.agent ? `${page.agent.name} on this page` : "This page"}
        </h2>
        <Badge tone={words.tone}>{words.badge}</Badge>
      </div>
      {page.session?.title && (
        <p className="truncate font-medium">{cleanTitle(page.session.title)}</p>
      )}
      <p role="status" className="text-ink">
        {words.text}
      </p>
      <PageAction {...props} />
    </section>
  );
}
