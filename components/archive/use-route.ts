import { useSyncExternalStore } from "react";

const PREFIX = "#/session/";

/** The link to a session inside the archive page. */
export function sessionHash(sessionId: string): string {
  return PREFIX + encodeURIComponent(sessionId);
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener("hashchange", onChange);
  return () => window.removeEventListener("hashchange", onChange);
}

/** The session id that a hash names, or null. */
export function sessionIdOf(hash: string): string | null {
  if (!hash.startsWith(PREFIX)) return null;
  try {
    return decodeURIComponent(hash.slice(PREFIX.length)) || null;
  } catch {
    // A hand-made address with a broken escape names no session.
    return null;
  }
}

/** The session that the page's address names, or null for the list alone. */
export function useRoute(): string | null {
  return sessionIdOf(useSyncExternalStore(subscribe, () => window.location.hash));
}
