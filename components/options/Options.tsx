import { consents, settings } from "../../utils/storage";
import { AgentList } from "../agents/AgentList";
import type { AgentInfo } from "../agents/switch-agent";
import type { Auth } from "../auth-state";
import { consentOf } from "../consent";
import { pageUrl } from "../open-page";
import { PageShell } from "../PageShell";
import { buttonClasses } from "../ui/Button";
import { Section } from "../ui/Section";
import { useStored } from "../use-stored";
import { Account } from "./Account";
import { Capture } from "./Capture";
import { Connection } from "./Connection";
import { ConsentSection } from "./ConsentSection";
import { RedirectUris } from "./RedirectUris";

interface Props {
  auth: Auth;
  agents: readonly AgentInfo[];
}

/** Everything that can be set. */
export function Options({ auth, agents }: Props) {
  const saved = useStored(settings);
  const agreements = useStored(consents);
  const person = auth.isAuthenticated ? auth.user : null;
  return (
    <PageShell
      title="Options"
      aside={
        <span className="flex gap-2">
          <a href={pageUrl("earlier")} className={buttonClasses("secondary", "small")}>
            Earlier sessions
          </a>
          <a href={pageUrl("archive")} className={buttonClasses("secondary", "small")}>
            Open archive
          </a>
        </span>
      }
    >
      <Account auth={auth} />
      <Section
        title="Agents"
        intro="Only the agents that you switch on are captured. The browser asks for each agent's pages when you switch it on."
      >
        <AgentList agents={agents} person={person} />
      </Section>
      <Capture />
      {saved && <Connection saved={saved} isSignedIn={person !== null} />}
      <RedirectUris />
      {agreements && <ConsentSection consent={consentOf(agreements, auth.user?.id)} />}
    </PageShell>
  );
}
