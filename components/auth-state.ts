import type { Answer, Trouble } from "../utils/errors";
import type { Profile } from "../utils/storage";

/** What the pages need to know of the sign-in; `useAuth()` of auth/ gives it, and the entrypoints hand it in. */
export interface Auth {
  user: Profile | null;
  isLoading: boolean;
  isAuthenticated: boolean;
  /** The sign-in window is open, whichever page opened it. */
  isSigningIn: boolean;
  signIn(): Promise<Answer<Profile>>;
  signOut(): Promise<void>;
  /** Why signing in failed, or why the person was signed out. */
  trouble: Trouble | null;
}
