import { agentSwitches, consents, settings } from "../../utils/storage";
import { AgentList } from "../agents/AgentList";
import type { AgentInfo } from "../agents/switch-agent";
import type { Auth } from "../auth-state";
import { consentOf } from "../consent";
import { openPage, pageUrl } from "../open-page";
import { PageShell } from "../PageShell";
import { Person } from "../Person";
import { SignInButton } from "../SignInButton";
import { Button, buttonClasses } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { useStored } from "../use-stored";
import { AgreeStep } from "./AgreeStep";
import { Step } from "./Step";

interface Props {
  auth: Auth;
  agents: readonly AgentInfo[];
}

function SetUpNotice({ what }: { what: string }) {
  return (
    <Notice
      tone="warn"
      title={`There is no ${what} yet.`}
      actions={
        <Button size="small" onClick={() => void openPage("options")}>
          Open options
        </Button>
      }
    >
      Enter it under Connection in the options; this page goes on from there.
    </Notice>
  );
}

interface SignInProps {
  auth: Auth;
  clientId: string;
  hasAgreed: boolean;
}

function SignInStep({ auth, clientId, hasAgreed }: SignInProps) {
  if (auth.user && auth.isAuthenticated) return <Person person={auth.user} />;
  if (clientId === "") return <SetUpNotice what="WorkOS client id" />;
  return (
    <>
      <p className="text-ink-soft">
        A window opens where you sign in. It closes by itself when you are done.
      </p>
      <SignInButton
        auth={auth}
        isLater={!hasAgreed}
        onOpenOptions={() => void openPage("options")}
      />
    </>
  );
}

function UseAgent({ isReady }: { isReady: boolean }) {
  return (
    <>
      <p className="text-ink-soft">
        {isReady
          ? "All is set. Open an agent's page and go on as always; its sessions appear in the archive as they happen."
          : "When the steps above are done, open an agent's page and go on as always; its sessions appear in the archive."}
      </p>
      <div>
        <a href={pageUrl("archive")} className={buttonClasses(isReady ? "primary" : "secondary")}>
          Open archive
        </a>
      </div>
    </>
  );
}

/** The page that opens at install: what is collected, agree, sign in, choose agents. */
export function Welcome({ auth, agents }: Props) {
  const agreements = useStored(consents);
  const saved = useStored(settings);
  const allSwitches = useStored(agentSwitches);
  if (!agreements || !saved || !allSwitches) return null;

  const person = auth.isAuthenticated ? auth.user : null;
  const consent = consentOf(agreements, person?.id);
  const mine = Object.values((person && allSwitches[person.id]) ?? {});
  const hasAgent = mine.some(({ isEnabled }) => isEnabled);
  const isReady = consent !== null && person !== null && hasAgent && saved.convexUrl !== "";
  return (
    <PageShell
      title="Set up OpenSync Companion"
      intro="It keeps the sessions that you have with AI agents in the browser, complete, in your own Convex deployment."
    >
      <ol className="grid gap-9">
        <Step number={1} title="What is collected, and where it goes" isDone={consent !== null}>
          {saved.convexUrl === "" && <SetUpNotice what="Convex deployment" />}
          <AgreeStep consent={consent} convexUrl={saved.convexUrl} />
        </Step>
        <Step number={2} title="Sign in" isDone={person !== null}>
          <SignInStep auth={auth} clientId={saved.clientId} hasAgreed={consent !== null} />
        </Step>
        <Step number={3} title="Choose agents" isDone={hasAgent}>
          <div className="grid gap-4 rounded-xl border border-line bg-surface p-4 shadow-card">
            <AgentList agents={agents} person={person} />
          </div>
        </Step>
        <Step number={4} title="Use your agent" isDone={false}>
          <UseAgent isReady={isReady} />
        </Step>
      </ol>
    </PageShell>
  );
}
