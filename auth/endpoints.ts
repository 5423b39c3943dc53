import { browser } from "../utils/browser";
import type { HostConfig } from "./host-protocol";

/** WorkOS's API, or what stands in for it in a local build. */
export const WORKOS_API_URL: string =
  import.meta.env.VITE_WORKOS_API_URL || "https://api.workos.com";

/** The address that WorkOS sends the person back to; it must be registered there, exactly so. */
export function redirectUri(): string {
  return import.meta.env.VITE_REDIRECT_URI || browser.identity.getRedirectURL("callback");
}

/** How authkit-js is told all this. */
export function hostConfig(clientId: string): HostConfig {
  const { protocol, hostname, port } = new URL(WORKOS_API_URL);
  return {
    clientId,
    redirectUri: redirectUri(),
    apiHostname: hostname,
    ...(port === "" ? {} : { port: Number(port) }),
    https: protocol === "https:",
  };
}

/** The host permission that lets the extension read WorkOS's answers whatever CORS says. */
export function workosPermission(): string {
  const { protocol, hostname } = new URL(WORKOS_API_URL);
  return `${protocol}//${hostname}/*`;
}

/** The keys that the tokens of a client id are checked with; WorkOS has them only for a client id that it knows. */
export function jwksUrl(clientId: string): string {
  return new URL(`/sso/jwks/${encodeURIComponent(clientId)}`, WORKOS_API_URL).href;
}

/** Ends a sign-in at WorkOS. */
export function logoutUrl(sessionId: string): string {
  const url = new URL("/user_management/sessions/logout", WORKOS_API_URL);
  url.searchParams.set("session_id", sessionId);
  return url.href;
}
