/** One attempt to sign in: opens WorkOS's page in the browser's own window, checks what comes back, and exchanges the code. */
import { refusalOf, withheld } from "./check-client-id";
import type { AuthkitHost, Grant, HostConfig, Unavailable } from "./host-protocol";
import { probe, type ProbeDeps } from "./probe";
import { isEqualToken, randomToken } from "./random-token";
import * as troubles from "./troubles";

/** What the flow needs. */
export interface SignInFlowDeps extends ProbeDeps {
  host: AuthkitHost;
  /** `identity.launchWebAuthFlow`. */
  openWindow(url: string): Promise<string>;
  /** How long the person may take; Firefox never gives up by itself. */
  timeoutMs: number;
}

/** A grant that nobody has stored yet, or why there is none. */
export type SignInResult = { grant: Grant } | { trouble: troubles.Untimed };

/** Runs one attempt. */
export async function runSignIn(
  config: HostConfig,
  signInId: string,
  deps: SignInFlowDeps,
): Promise<SignInResult> {
  const nonce = randomToken();
  const { url, verifier } = await deps.host.begin({ config, state: { nonce } });
  // Asked before, because afterwards the browsers do not say why no page could be shown, and Firefox says nothing at all.
  const refusal = refusalOf(await probe(url, deps), config.clientId);
  if (refusal !== null) return { trouble: refusal };
  const opened = await openWindow(url, deps);
  if ("trouble" in opened) return opened;
  const returned = readRedirect(opened.redirect, nonce);
  if ("trouble" in returned) return returned;
  const result = await deps.host.exchange({ config, signInId, code: returned.code, verifier });
  if (result.outcome === "ok") return { grant: result.grant };
  return { trouble: await exchangeTrouble(result, config.clientId, deps) };
}

/** Reads the address that the window ended at: exactly one code and exactly our state, or nothing. */
export function readRedirect(
  redirect: string,
  nonce: string,
): { code: string } | { trouble: troubles.Untimed } {
  const query = new URL(redirect).searchParams;
  const error = query.get("error");
  if (error === "access_denied") return { trouble: troubles.cancelled };
  const states = query.getAll("state");
  const isOurs = states.length === 1 && isEqualToken(states[0]!, JSON.stringify({ nonce }));
  if (error !== null) return { trouble: troubles.refused(isOurs ? plainCode(error) : null) };
  const codes = query.getAll("code");
  if (!isOurs || codes.length !== 1 || codes[0] === "") return { trouble: troubles.stateMismatch };
  return { code: codes[0]! };
}

async function openWindow(
  url: string,
  deps: SignInFlowDeps,
): Promise<{ redirect: string } | { trouble: troubles.Untimed }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<{ trouble: troubles.Untimed }>((resolve) => {
    timer = setTimeout(() => resolve({ trouble: troubles.timedOut }), deps.timeoutMs);
  });
  const opened = deps.openWindow(url).then(
    (redirect) => ({ redirect }),
    (error: unknown) => ({ trouble: windowTrouble(error) }),
  );
  try {
    return await Promise.race([opened, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** The browsers' own sentences, as seen in Chromium 156 and Firefox 153. */
function windowTrouble(error: unknown): troubles.Untimed {
  const said = error instanceof Error ? error.message : String(error);
  if (/did not approve|cancelled|canceled|denied access/i.test(said)) return troubles.cancelled;
  if (/one web auth flow|already/i.test(said)) return troubles.busy;
  if (/could not be loaded/i.test(said)) return troubles.unreachable(null);
  return troubles.unexpected(error);
}

async function exchangeTrouble(
  { status, error }: Unavailable,
  clientId: string,
  deps: SignInFlowDeps,
): Promise<troubles.Untimed> {
  if (status === null) {
    return (await deps.hasPermission()) ? troubles.unreachable(null) : withheld();
  }
  if (status >= 500 || status === 429 || status === 408) return troubles.unreachable(status);
  if (error === "invalid_client") return troubles.unknownClientId(clientId);
  return troubles.refused(error);
}

/** Only what looks like an OAuth code is shown: the rest of the address may come from anybody. */
function plainCode(error: string): string | null {
  return /^[a-z_]{1,40}$/.test(error) ? error : null;
}
