import { useEffect, useState } from "react";
import type { Answer, Trouble } from "../utils/errors";
import { sendMessage } from "../utils/messages";
import { authTrouble, profile, signInAttempt, type Profile } from "../utils/storage";
import { interrupted } from "./troubles";

/** The sign-in, as React pages see it. */
export interface Auth {
  /** Who is signed in; also while offline. */
  user: Profile | null;
  /** True until it is known whether somebody is signed in. */
  isLoading: boolean;
  isAuthenticated: boolean;
  /** True while the sign-in window is open, whichever page opened it. */
  isSigningIn: boolean;
  /** Why the last attempt failed, or why the person was signed out. */
  trouble: Trouble | null;
  signIn(): Promise<Answer<Profile>>;
  signOut(): Promise<void>;
  /** Null: nobody is signed in. Rejects with SignInUnavailableError while WorkOS cannot be reached. */
  getAccessToken(options?: { forceRefresh?: boolean }): Promise<string | null>;
}

/** A stored item that can be watched. */
interface Watchable<T> {
  getValue(): Promise<T>;
  watch(listener: (value: T) => void): () => void;
}

/** The sign-in, followed live through storage: every page sees at once what happened in another. */
export function useAuth(): Auth {
  const user = useStored(profile);
  const trouble = useStored(authTrouble);
  const attempt = useStored(signInAttempt);
  return {
    user: user ?? null,
    isLoading: user === undefined,
    isAuthenticated: user !== undefined && user !== null,
    isSigningIn: attempt !== undefined && attempt !== null,
    trouble: trouble ?? null,
    signIn,
    signOut,
    getAccessToken,
  };
}

/** Undefined until it was read. */
function useStored<T>(item: Watchable<T>): T | undefined {
  const [value, setValue] = useState<T>();
  useEffect(() => {
    let isCurrent = true;
    const update = (next: T): void => {
      if (isCurrent) setValue(() => next);
    };
    const unwatch = item.watch(update);
    void item.getValue().then(update);
    return () => {
      isCurrent = false;
      unwatch();
    };
  }, [item]);
  return value;
}

async function signIn(): Promise<Answer<Profile>> {
  try {
    return await sendMessage("signIn");
  } catch {
    // The background was stopped while the window was open. Asked for anything, it starts again and tidies up.
    await getAccessToken().catch(() => null);
    return { ok: false, trouble: { ...interrupted, at: Date.now() } };
  }
}

async function signOut(): Promise<void> {
  await sendMessage("signOut");
}

async function getAccessToken({ forceRefresh = false } = {}): Promise<string | null> {
  return await sendMessage("getAccessToken", { forceRefresh });
}
