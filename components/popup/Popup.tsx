import type { AgentInfo } from "../agents/switch-agent";
import type { Auth } from "../auth-state";
import { Spinner } from "../ui/Spinner";
import { Header } from "./Header";
import { SignedIn } from "./SignedIn";
import { SignedOut } from "./SignedOut";

interface Props {
  auth: Auth;
  agents: readonly AgentInfo[];
}

/** The toolbar popup. */
export function Popup({ auth, agents }: Props) {
  return (
    <div className="w-[400px] max-w-full bg-surface">
      <Header />
      <main>
        {auth.isLoading ? (
          <p role="status" className="flex items-center gap-2 p-4 text-ink-soft">
            <Spinner />
            Looking who is signed in
          </p>
        ) : auth.user && auth.isAuthenticated ? (
          <SignedIn auth={auth} person={auth.user} agents={agents} />
        ) : (
          <SignedOut auth={auth} />
        )}
      </main>
    </div>
  );
}
