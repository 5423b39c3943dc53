/**
 * Who is signed in: the sealed store in memory, and what the pages see of it in storage. The sealed store decides; a crash between two
 * writes is put right at the next start.
 */
import {
  accessToken,
  authTrouble,
  profile,
  signInAttempt,
  workosNotBefore,
  type Profile,
} from "../utils/storage";
import type { AuthSession, Grant, Rotation } from "./host-protocol";
import type { SealedStore } from "./sealed-store";
import { unreadable, type Untimed } from "./troubles";

/** Called with the person who is now signed in, or null. */
export type PersonListener = (person: Profile | null) => void;

/** The one state of one broker. */
export interface AuthState {
  current(): Promise<AuthSession | null>;
  /** Reads the sealed store again: another generation of the background may have written it. */
  reload(): Promise<AuthSession | null>;
  /** Makes the grant of a finished sign-in the current one. */
  begin(session: AuthSession, grant: Grant): Promise<void>;
  /** Stores a rotated pair; one of an ended sign-in is dropped. */
  rotate(rotation: Rotation): Promise<void>;
  /** Signs out on this machine. The outbox is not touched. `trouble`: why, if the person did not ask for it. */
  end(trouble: Untimed | null): Promise<void>;
  onChange(listener: PersonListener): () => void;
}

/** Opens the state over a store. */
export function createAuthState(store: SealedStore, now: () => number): AuthState {
  return new StoredAuthState(store, now);
}

class StoredAuthState implements AuthState {
  readonly #store: SealedStore;
  readonly #now: () => number;
  readonly #listeners = new Set<PersonListener>();
  #session: AuthSession | null = null;
  #loading: Promise<void> | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: SealedStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async current(): Promise<AuthSession | null> {
    await this.#loaded();
    return this.#session;
  }

  async reload(): Promise<AuthSession | null> {
    await this.#inTurn(() => this.#load());
    return this.#session;
  }

  async begin(session: AuthSession, grant: Grant): Promise<void> {
    await this.#inTurn(async () => {
      await this.#keep(session, grant);
      await authTrouble.setValue(null);
      await workosNotBefore.setValue(0);
    });
    this.#tell(session.profile);
  }

  async rotate({ signInId, grant }: Rotation): Promise<void> {
    await this.#loaded();
    await this.#inTurn(async () => {
      if (this.#session?.signInId !== signInId) return;
      const { refreshToken, sessionId, profile: person } = grant;
      await this.#keep({ ...this.#session, refreshToken, sessionId, profile: person }, grant);
    });
  }

  async end(trouble: Untimed | null): Promise<void> {
    this.#session = null;
    this.#loading = Promise.resolve();
    await this.#inTurn(() => this.#clear(trouble));
    this.#tell(null);
  }

  onChange(listener: PersonListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(person: Profile | null): void {
    for (const listener of this.#listeners) listener(person);
  }

  /** Writes happen one after the other, so that a late rotation cannot bring back what was just ended. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #loaded(): Promise<void> {
    this.#loading ??= this.#inTurn(() => this.#load());
    // A failed read is tried again at the next call.
    this.#loading.catch(() => (this.#loading = null));
    return this.#loading;
  }

  async #load(): Promise<void> {
    const unsealed = await this.#store.read();
    if (unsealed.state === "lost") return await this.#clear(unreadable);
    this.#session = unsealed.state === "open" ? unsealed.session : null;
    await showProfile(this.#session?.profile ?? null);
  }

  async #keep(session: AuthSession, grant: Grant): Promise<void> {
    await this.#store.write(session);
    this.#session = session;
    const { accessToken: token, expiresAt } = grant;
    await accessToken.setValue({ token, expiresAt, signInId: session.signInId });
    await showProfile(session.profile);
  }

  async #clear(trouble: Untimed | null): Promise<void> {
    this.#session = null;
    await this.#store.clear();
    await profile.setValue(null);
    await accessToken.setValue(null);
    await workosNotBefore.setValue(0);
    await signInAttempt.setValue(null);
    await authTrouble.setValue(trouble && { ...trouble, at: this.#now() });
  }
}

async function showProfile(person: Profile | null): Promise<void> {
  const shown = await profile.getValue();
  if (JSON.stringify(shown) !== JSON.stringify(person)) await profile.setValue(person);
}
