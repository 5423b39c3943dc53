import type { Auth } from "./auth-state";
import { TroubleNotice } from "./TroubleNotice";
import { Button } from "./ui/Button";

interface Props {
  auth: Auth;
  onOpenOptions?: () => void;
  /** Something else on the page comes first. */
  isLater?: boolean;
  /** As wide as what surrounds it. */
  isWide?: boolean;
}

/** The button that opens the sign-in window, with what is going on and what went wrong. */
export function SignInButton({ auth, onOpenOptions, isLater = false, isWide = false }: Props) {
  const { isSigningIn } = auth;
  return (
    <div className="grid gap-3">
      <div>
        <Button
          look={isLater ? "secondary" : "primary"}
          isBusy={isSigningIn || auth.isLoading}
          onClick={() => void auth.signIn()}
          className={isWide ? "w-full" : "min-w-32"}
        >
          {isSigningIn ? "Signing in" : "Sign in"}
        </Button>
      </div>
      <div role="status" className="empty:hidden">
        {isSigningIn && (
          <p className="text-sm text-ink-soft">
            The sign-in window is open. Close it to cancel; nothing changes then.
          </p>
        )}
      </div>
      {auth.trouble && !isSigningIn && (
        <TroubleNotice trouble={auth.trouble} onOpenOptions={onOpenOptions} />
      )}
    </div>
  );
}
