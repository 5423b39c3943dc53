import { browser } from "../utils/browser";
import type { Answer } from "../utils/errors";
import { hostConfig, jwksUrl, redirectUri, WORKOS_API_URL, workosPermission } from "./endpoints";
import { browserProbe, probe, type Probe, type ProbeDeps } from "./probe";
import { randomToken } from "./random-token";
import * as troubles from "./troubles";

/**
 * Asks WorkOS itself whether a sign-in with this client id and this extension's redirect URI can begin. A redirect URI that WorkOS refuses
 * by sending the person on to its error page cannot be seen from here; the sign-in window then shows that page.
 */
export async function checkClientId(
  clientId: string,
  deps: ProbeDeps & { now?: () => number } = browserProbe,
): Promise<Answer> {
  const trouble = await findTrouble(clientId.trim(), deps);
  if (trouble === null) return { ok: true, value: null };
  return { ok: false, trouble: { ...trouble, at: (deps.now ?? Date.now)() } };
}

async function findTrouble(clientId: string, deps: ProbeDeps): Promise<troubles.Untimed | null> {
  if (clientId === "") return troubles.noClientId;
  if (clientId.startsWith("sk_")) return troubles.secretKey;
  const [keys, authorize] = await Promise.all([
    probe(jwksUrl(clientId), deps),
    probe(await authorizeUrl(clientId), deps),
  ]);
  if (keys.kind === "withheld") return withheld();
  if (keys.kind === "unreachable") return troubles.unreachable(null);
  if (isServerTrouble(keys.status)) return troubles.unreachable(keys.status);
  if (!hasKeys(keys)) return troubles.unknownClientId(clientId);
  return refusalOf(authorize, clientId);
}

/** What the answer of the authorize endpoint says against beginning a sign-in, or null. */
export function refusalOf(answer: Probe, clientId: string): troubles.Untimed | null {
  // The sign-in window is not bound by CORS.
  if (answer.kind === "withheld") return null;
  if (answer.kind === "unreachable") return troubles.unreachable(null);
  if (answer.isRedirect || answer.status < 400) return null;
  if (isServerTrouble(answer.status)) return troubles.unreachable(answer.status);
  if (/redirect[ _]?uri/i.test(answer.text)) return troubles.redirectRefused(redirectUri());
  if (/client[ _]?id|invalid_client|application/i.test(answer.text))
    return troubles.unknownClientId(clientId);
  return troubles.refused(String(answer.status));
}

/** The trouble of a browser that withholds the host permission. */
export function withheld(): troubles.Untimed {
  const origin = browser.runtime.getURL("").replace(/\/$/, "");
  return troubles.accessWithheld(workosPermission(), origin);
}

function isServerTrouble(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

function hasKeys(answer: { status: number; text: string }): boolean {
  if (answer.status !== 200) return false;
  try {
    const { keys } = JSON.parse(answer.text) as { keys?: unknown };
    return Array.isArray(keys) && keys.length > 0;
  } catch {
    // Not WorkOS's answer but a page in between.
    return false;
  }
}

/** As authkit-js asks, with a challenge that nobody holds the verifier of: nothing can come of it. */
async function authorizeUrl(clientId: string): Promise<string> {
  const url = new URL("/user_management/authorize", WORKOS_API_URL);
  url.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: hostConfig(clientId).redirectUri,
    response_type: "code",
    provider: "authkit",
    state: randomToken(),
    code_challenge: randomToken(),
    code_challenge_method: "S256",
  }).toString();
  return url.href;
}
