import { useStored } from "../use-stored";
import { consents } from "../../utils/storage";
import type { StartImport } from "../../utils/import-run";
import type { AgentInfo } from "../agents/switch-agent";
import type { Auth } from "../auth-state";
import { consentOf } from "../consent";
import { pageUrl } from "../open-page";
import { PageShell } from "../PageShell";
import { buttonClasses } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { BackfillSection } from "./BackfillSection";
import { ImportSection } from "./ImportSection";

interface Props {
  auth: Auth;
  agents: readonly (AgentInfo & { history?: unknown; imports?: unknown[] })[];
  startImport: StartImport;
}

function Closed({ isSignedIn }: { isSignedIn: boolean }) {
  return (
    <Notice
      tone="info"
      title={isSignedIn ? "Agree to what is captured first." : "Sign in first."}
      actions={
        <a href={pageUrl("welcome")} className={buttonClasses("secondary", "small")}>
          Open the welcome page
        </a>
      }
    >
      What you fetch and import here goes to your own Convex deployment, in your name.
    </Notice>
  );
}

/** Sessions from before the extension: from the agents' own sites, and from their export files. */
export function History({ auth, agents, startImport }: Props) {
  const agreements = useStored(consents);
  const isReady =
    auth.isAuthenticated && agreements && consentOf(agreements, auth.user?.id) !== null;
  return (
    <PageShell
      title="Earlier sessions"
      intro="Bring in what you did with your agents before you had this extension. Nothing here starts by itself."
      aside={
        <a href={pageUrl("archive")} className={buttonClasses("secondary", "small")}>
          Open archive
        </a>
      }
    >
      {isReady ? (
        <>
          <BackfillSection agents={agents} personId={auth.user!.id} />
          <ImportSection agents={agents} startImport={startImport} />
        </>
      ) : (
        !auth.isLoading && agreements && <Closed isSignedIn={auth.isAuthenticated} />
      )}
    </PageShell>
  );
}
