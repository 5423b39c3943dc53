import { useConvexAuth } from "convex/react";
import { useCallback } from "react";
import { isSignInUnavailable } from "../utils/errors";
import { useAuth, type Auth } from "./use-auth";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** What `ConvexProviderWithAuth` takes as its `useAuth`. */
export interface ConvexAuthAdapter {
  isLoading: boolean;
  isAuthenticated: boolean;
  fetchAccessToken(args: { forceRefreshToken: boolean }): Promise<string | null>;
}

/** `<ConvexProviderWithAuth client={convex} useAuth={useConvexAuthAdapter}>`. */
export function useConvexAuthAdapter(): ConvexAuthAdapter {
  const { isLoading, isAuthenticated, user, getAccessToken } = useAuth();
  const userId = user?.id;
  const fetchAccessToken = useCallback(
    ({ forceRefreshToken }: { forceRefreshToken: boolean }) =>
      waitForToken(() => getAccessToken({ forceRefresh: forceRefreshToken })),
    // Another person is another identity to Convex, which asks again when this function changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [userId, getAccessToken],
  );
  return { isLoading, isAuthenticated, fetchAccessToken };
}

/**
 * `useAuth` for components inside the provider: still loading while Convex has not yet confirmed the person. A page that nobody is signed in
 * on never waits for Convex.
 */
export function useAuthWithConvex(): Auth {
  const auth = useAuth();
  const convex = useConvexAuth();
  const isConfirming = auth.isAuthenticated && convex.isLoading;
  return {
    ...auth,
    isLoading: auth.isLoading || isConfirming,
    isAuthenticated: auth.isAuthenticated && convex.isAuthenticated,
  };
}

/** To Convex, null means signed out; while WorkOS is only away, the answer is late instead. */
export async function waitForToken(
  ask: () => Promise<string | null>,
  pause: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
): Promise<string | null> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (!isSignInUnavailable(error)) throw error;
    }
    await pause(waitMs);
  }
}
