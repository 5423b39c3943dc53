import { captureStatus, consents, settings } from "../../utils/storage";
import type { Auth } from "../auth-state";
import { count } from "../format";
import { openPage } from "../open-page";
import { SignInButton } from "../SignInButton";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { useStored } from "../use-stored";

/** The popup before signing in: one button, and what stands in its way. */
export function SignedOut({ auth }: { auth: Auth }) {
  const clientId = useStored(settings)?.clientId;
  const agreements = useStored(consents);
  const waiting = useStored(captureStatus)?.waitingForOthers ?? 0;
  if (clientId === "") {
    return (
      <div className="p-4">
        <Notice
          tone="warn"
          title="Signing in is not set up: there is no WorkOS client id."
          actions={
            <Button size="small" onClick={() => void openPage("options")}>
              Open options
            </Button>
          }
        >
          Enter the client id and the Convex deployment URL in the options. Nothing is captured
          until then.
        </Notice>
      </div>
    );
  }
  return (
    <div className="grid gap-3 p-4">
      <p className="text-ink-soft">
        Sign in to keep the sessions of the agents you choose in your own Convex deployment.
      </p>
      <SignInButton isWide auth={auth} onOpenOptions={() => void openPage("options")} />
      {waiting > 0 && (
        <p className="text-sm text-ink-soft">
          {count(waiting, "message")} {waiting === 1 ? "waits" : "wait"} in this browser until the
          person who captured {waiting === 1 ? "it" : "them"} signs in.
        </p>
      )}
      {agreements && Object.keys(agreements).length === 0 && <AgreeFirst />}
    </div>
  );
}

function AgreeFirst() {
  return (
    <p className="text-sm text-ink-soft">
      Nothing is captured before you agree to it.{" "}
      <button
        type="button"
        className="rounded-sm text-accent underline underline-offset-2"
        onClick={() => void openPage("welcome")}
      >
        Read what is collected
      </button>
    </p>
  );
}
