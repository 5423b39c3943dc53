import type { ReactNode } from "react";
import type { AgentInfo } from "../agents/switch-agent";
import type { Auth } from "../auth-state";
import { openPage } from "../open-page";
import { SignInButton } from "../SignInButton";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Spinner } from "../ui/Spinner";
import { Archive } from "./Archive";

/** A page with one thing to say. */
function Alone({ children }: { children: ReactNode }) {
  return (
    <main className="mx-auto grid w-full max-w-md content-start gap-4 px-4 py-16">{children}</main>
  );
}

function OptionsButton() {
  return (
    <Button size="small" onClick={() => void openPage("options")}>
      Open options
    </Button>
  );
}

/** What stands in place of the archive when the settings name no usable deployment. */
export function NoDeployment({ isSet }: { isSet: boolean }) {
  return (
    <Alone>
      <h1 className="text-xl font-semibold">Archive</h1>
      <Notice
        tone="warn"
        title={
          isSet
            ? "The deployment URL in the options is not one."
            : "There is no Convex deployment yet."
        }
        actions={<OptionsButton />}
      >
        Sessions are kept in your own Convex deployment. Enter its URL under Connection in the
        options.
      </Notice>
    </Alone>
  );
}

function Waiting({ children }: { children: ReactNode }) {
  return (
    <Alone>
      <h1 className="sr-only">Archive</h1>
      <p role="status" className="flex items-center justify-center gap-2 text-ink-soft">
        <Spinner /> {children}
      </p>
    </Alone>
  );
}

function SignedOut({ auth }: { auth: Auth }) {
  return (
    <Alone>
      <h1 className="text-xl font-semibold">Archive</h1>
      <p className="text-ink-soft">Sign in to read the sessions that you captured.</p>
      <SignInButton auth={auth} onOpenOptions={() => void openPage("options")} />
    </Alone>
  );
}

function TokenRefused() {
  return (
    <Alone>
      <h1 className="text-xl font-semibold">Archive</h1>
      <Notice
        tone="danger"
        title="Convex does not accept your sign-in, so it shows nothing. Your sessions are safe."
        actions={<OptionsButton />}
      >
        The client id in the options and WORKOS_CLIENT_ID on the deployment must be the same, and
        this computer&rsquo;s clock must be right.
      </Notice>
    </Alone>
  );
}

interface Props {
  /** The sign-in as AuthKit and Convex together see it. */
  auth: Auth;
  agents: readonly AgentInfo[];
}

/** The archive, or what must happen before it can be read. */
export function ArchiveGate({ auth, agents }: Props) {
  if (auth.isLoading && auth.user) return <Waiting>Connecting to Convex</Waiting>;
  if (auth.isLoading) return <Waiting>Looking who is signed in</Waiting>;
  if (auth.isAuthenticated) return <Archive agents={agents} />;
  return auth.user ? <TokenRefused /> : <SignedOut auth={auth} />;
}
