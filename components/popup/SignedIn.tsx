import { Archive } from "lucide-react";
import type { Profile } from "../../utils/storage";
import { agentSwitches, captureStatus, consents, drift, isPaused } from "../../utils/storage";
import { ChangedAgents } from "../agents/ChangedAgents";
import type { AgentInfo } from "../agents/switch-agent";
import { tell } from "../ask";
import type { Auth } from "../auth-state";
import { consentOf } from "../consent";
import { openPage } from "../open-page";
import { PauseSwitch } from "../PauseSwitch";
import { Person } from "../Person";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { useAction } from "../use-action";
import { useStored } from "../use-stored";
import { CaptureState } from "./CaptureState";
import { PageCard } from "./PageCard";
import { usePage } from "./use-page";

interface Props {
  auth: Auth;
  person: Profile;
  agents: readonly AgentInfo[];
}

async function openAndClose(page: "archive" | "options" | "welcome"): Promise<void> {
  await openPage(page);
  window.close();
}

function AgreeNotice() {
  return (
    <div className="px-4 py-3">
      <Notice
        tone="warn"
        title="Nothing is captured: you have not agreed to it yet."
        actions={
          <Button size="small" onClick={() => void openAndClose("welcome")}>
            Read and agree
          </Button>
        }
      >
        The welcome page says what is collected and where it goes.
      </Notice>
    </div>
  );
}

function Footer({ auth, person }: Omit<Props, "agents">) {
  const signOut = useAction();
  return (
    <footer className="flex items-center justify-between gap-3 border-t border-line bg-sunken px-4 py-2.5">
      <Person person={person} />
      <Button
        look="quiet"
        size="small"
        isBusy={signOut.isBusy}
        onClick={() => void signOut.run(tell(auth.signOut()))}
      >
        Sign out
      </Button>
    </footer>
  );
}

/** The popup of somebody who is signed in. */
export function SignedIn({ auth, person, agents }: Props) {
  const { page, refresh } = usePage();
  const paused = useStored(isPaused);
  const agreements = useStored(consents);
  const status = useStored(captureStatus);
  const switches = useStored(agentSwitches)?.[person.id] ?? {};
  const drifts = useStored(drift)?.[person.id] ?? {};
  return (
    <>
      <div className="divide-y divide-line">
        {agreements && !consentOf(agreements, person.id) && <AgreeNotice />}
        {page && (
          <PageCard
            page={page}
            agents={agents}
            switches={switches}
            isPaused={paused === true}
            onChanged={refresh}
          />
        )}
        <ChangedAgents
          agents={agents}
          drifts={drifts}
          onOpenOptions={() => void openAndClose("options")}
        />
        {status && <CaptureState status={status} onSignIn={() => void auth.signIn()} />}
        <div className="px-4 py-3">
          <PauseSwitch />
        </div>
        <div className="grid px-4 py-3">
          <Button look="primary" onClick={() => void openAndClose("archive")}>
            <Archive size={16} aria-hidden="true" />
            Open archive
          </Button>
        </div>
      </div>
      <Footer auth={auth} person={person} />
    </>
  );
}
