import { settings } from "../../utils/storage";
import { tell } from "../ask";
import type { Auth } from "../auth-state";
import { Person } from "../Person";
import { SignInButton } from "../SignInButton";
import { Button } from "../ui/Button";
import { Section } from "../ui/Section";
import { useAction } from "../use-action";
import { useStored } from "../use-stored";

/** Who is signed in. */
export function Account({ auth }: { auth: Auth }) {
  const signOut = useAction();
  const clientId = useStored(settings)?.clientId;
  return (
    <Section title="Account">
      {auth.user && auth.isAuthenticated ? (
        <div className="flex items-center justify-between gap-3">
          <Person person={auth.user} />
          <Button
            size="small"
            isBusy={signOut.isBusy}
            onClick={() => void signOut.run(tell(auth.signOut()))}
          >
            Sign out
          </Button>
        </div>
      ) : clientId === "" ? (
        <p className="text-ink-soft">Signing in needs the client id below.</p>
      ) : (
        <SignInButton auth={auth} />
      )}
    </Section>
  );
}
