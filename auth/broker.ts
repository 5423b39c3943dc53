/**
 * The background's one owner of the sign-in. The composition root makes it in its first tick (it registers listeners):
 *
 *   const broker = createBroker({ onSignedIn: (person, getToken) => void provision(person, getToken) });
 *   registerAuthMessages(broker);
 *   broker.onChange((person) => ...);              // signed in, signed out, or signed out by WorkOS
 *   await broker.currentPerson();                  // also while offline
 *   await broker.getAccessToken({ forceRefresh }); // null: nobody; throws SignInUnavailableError: later
 */
import { browser } from "../utils/browser";
import type { Answer, Trouble } from "../utils/errors";
import { onMessage } from "../utils/messages";
import { isOwnPage, type Sender } from "../utils/sender";
import { authTrouble, settings, signInAttempt, type Profile } from "../utils/storage";
import { createGetAccessToken, type GetAccessToken } from "./access-token";
import { createAuthState, type AuthState, type PersonListener } from "./auth-state";
import { checkClientId } from "./check-client-id";
import { connectHost } from "./connect-host";
import { hostConfig, logoutUrl } from "./endpoints";
import type { AuthkitHost, AuthSession, SaveRotation } from "./host-protocol";
import { browserProbe } from "./probe";
import { randomToken } from "./random-token";
import { closeStorageToContentScripts, createSealedStore } from "./sealed-store";
import { runSignIn, type SignInFlowDeps } from "./sign-in-flow";
import * as troubles from "./troubles";

/** What the composition root gives; the rest has a default and is there for tests. */
export interface BrokerDeps {
  /** After each sign-in, without being waited for. */
  onSignedIn: (person: Profile, getToken: GetAccessToken) => void;
  connect?: (save: SaveRotation) => AuthkitHost;
  flow?: Omit<SignInFlowDeps, "host">;
  confirmAfterMs?: number;
  now?: () => number;
}

/** The sign-in, for the background. */
export interface Broker {
  /** Opens the sign-in window and waits for the person. One at a time; answers at once when somebody is signed in. */
  signIn(): Promise<Answer<Profile>>;
  /** Signs out here at once, then at WorkOS. What could not be ended there is told in `authTrouble`. */
  signOut(): Promise<void>;
  getAccessToken: GetAccessToken;
  currentPerson(): Promise<Profile | null>;
  /** Answers a function that ends the listening. */
  onChange(listener: PersonListener): () => void;
}

const browserFlow: Omit<SignInFlowDeps, "host"> = {
  ...browserProbe,
  openWindow: (url) => browser.identity.launchWebAuthFlow({ url, interactive: true }),
  timeoutMs: 5 * 60_000,
};

const LOGOUT_TIMEOUT_MS = 10_000;

/** Makes the broker. Once per background. */
export function createBroker(deps: BrokerDeps): Broker {
  return new SignInBroker(deps);
}

class SignInBroker implements Broker {
  readonly getAccessToken: GetAccessToken;
  readonly #onSignedIn: BrokerDeps["onSignedIn"];
  readonly #flow: Omit<SignInFlowDeps, "host">;
  readonly #now: () => number;
  readonly #state: AuthState;
  readonly #host: AuthkitHost;
  readonly #started: Promise<void>;
  #isSigningIn = false;

  constructor(deps: BrokerDeps) {
    this.#onSignedIn = deps.onSignedIn;
    this.#flow = deps.flow ?? browserFlow;
    this.#now = deps.now ?? Date.now;
    this.#state = createAuthState(createSealedStore(), this.#now);
    this.#host = (deps.connect ?? connectHost)((rotation) => this.#state.rotate(rotation));
    const handOut = createGetAccessToken({
      state: this.#state,
      host: this.#host,
      now: this.#now,
      confirmAfterMs: deps.confirmAfterMs ?? 1000,
    });
    this.getAccessToken = (options) => this.#started.then(() => handOut(options));
    // What cannot be read now fails again, and is told, at the first call that needs it.
    this.#started = this.#start().catch(() => undefined);
    settings.watch((next) => void this.#started.then(() => this.#leaveOtherClient(next.clientId)));
  }

  async signIn(): Promise<Answer<Profile>> {
    if (this.#isSigningIn) return { ok: false, trouble: this.#stamp(troubles.busy) };
    this.#isSigningIn = true;
    try {
      await this.#started;
      return await this.#attempt();
    } finally {
      this.#isSigningIn = false;
    }
  }

  async signOut(): Promise<void> {
    const session = await this.#state.current();
    if (session === null) return await this.#state.end(null);
    const isEnded = await this.#leave(session, null);
    if (isEnded || (await this.#state.current()) !== null) return;
    await authTrouble.setValue(this.#stamp(troubles.remoteSignOutFailed));
  }

  async currentPerson(): Promise<Profile | null> {
    await this.#started;
    return (await this.#state.current())?.profile ?? null;
  }

  onChange(listener: PersonListener): () => void {
    return this.#state.onChange(listener);
  }

  async #start(): Promise<void> {
    // The seal protects the sign-in where this is refused.
    await closeStorageToContentScripts().catch(() => undefined);
    // Only an earlier generation of the background can have left this behind.
    if ((await signInAttempt.getValue()) !== null) {
      await signInAttempt.setValue(null);
      await authTrouble.setValue(this.#stamp(troubles.interrupted));
    }
    await this.#leaveOtherClient((await settings.getValue()).clientId);
  }

  async #leaveOtherClient(clientId: string): Promise<void> {
    const session = await this.#state.current();
    if (session === null || session.clientId === clientId.trim()) return;
    await this.#leave(session, troubles.clientIdChanged);
  }

  /** Answers whether WorkOS was told. */
  async #leave(session: AuthSession, why: troubles.Untimed | null): Promise<boolean> {
    await this.#state.end(why);
    const [isEnded] = await Promise.all([
      endAtWorkos(session, this.#flow.fetch),
      // A host that cannot be reached keeps nothing that is used again: it begins from the sealed store.
      this.#host.forget({ config: hostConfig(session.clientId) }).catch(() => null),
    ]);
    return isEnded;
  }

  async #attempt(): Promise<Answer<Profile>> {
    const session = await this.#state.current();
    if (session !== null) return { ok: true, value: session.profile };
    await signInAttempt.setValue({ startedAt: this.#now() });
    await authTrouble.setValue(null);
    const result = await this.#finishSignIn().catch((error: unknown) => ({
      trouble: troubles.unexpected(error),
    }));
    await signInAttempt.setValue(null);
    if ("person" in result) {
      this.#onSignedIn(result.person, this.getAccessToken);
      return { ok: true, value: result.person };
    }
    const trouble = this.#stamp(result.trouble);
    await authTrouble.setValue(trouble);
    return { ok: false, trouble };
  }

  async #finishSignIn(): Promise<{ person: Profile } | { trouble: troubles.Untimed }> {
    const clientId = (await settings.getValue()).clientId.trim();
    if (clientId === "") return { trouble: troubles.noClientId };
    const signInId = randomToken();
    const deps = { ...this.#flow, host: this.#host };
    const result = await runSignIn(hostConfig(clientId), signInId, deps);
    if ("trouble" in result) return result;
    const { refreshToken, sessionId, profile } = result.grant;
    const session = { signInId, clientId, refreshToken, sessionId, profile };
    await this.#state.begin(session, result.grant);
    return { person: profile };
  }

  #stamp(trouble: troubles.Untimed): Trouble {
    return { ...trouble, at: this.#now() };
  }
}

/** Answers the pages' messages about the sign-in; content scripts are refused. */
export function registerAuthMessages(broker: Broker): void {
  const demandOwnPage = (sender: Sender): void => {
    if (!isOwnPage(sender)) throw new Error("Only the extension's own pages may ask this.");
  };
  onMessage("signIn", ({ sender }) => {
    demandOwnPage(sender);
    return broker.signIn();
  });
  onMessage("signOut", ({ sender }) => {
    demandOwnPage(sender);
    return broker.signOut();
  });
  onMessage("getAccessToken", ({ sender, data }) => {
    demandOwnPage(sender);
    return broker.getAccessToken({ forceRefresh: data.forceRefresh });
  });
  onMessage("checkClientId", ({ sender, data }) => {
    demandOwnPage(sender);
    return checkClientId(data.clientId);
  });
}

/** Whether WorkOS was told. A sign-in that it does not know any more has ended already. */
async function endAtWorkos({ sessionId }: AuthSession, ask: typeof fetch): Promise<boolean> {
  if (sessionId === null) return false;
  const signal = AbortSignal.timeout(LOGOUT_TIMEOUT_MS);
  const options: RequestInit = { credentials: "include", cache: "no-store", signal };
  try {
    const { status } = await ask(logoutUrl(sessionId), { ...options, redirect: "manual" });
    return status < 400 || status === 404;
  } catch {
    // Without the host permission the answer may be withheld though the request arrived.
    return await ask(logoutUrl(sessionId), { ...options, mode: "no-cors" }).then(
      () => true,
      () => false,
    );
  }
}
