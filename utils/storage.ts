/**
 * Every item that the extension stores, each with what sign-out does to it. The outbox and the ledger are not here: they are IndexedDB
 * (sync/), and stay at sign-out, stamped with their owner.
 */
import { storage } from "#imports";
import type { BackfillStatus } from "./backfill-run";
import type { Trouble } from "./errors";

/** Who is signed in, for the UI while offline. */
export interface Profile {
  /** WorkOS user id: the subject of the access token, and the owner stamp of everything captured. */
  id: string;
  email: string;
  name?: string;
  avatarUrl?: string;
}

export interface Settings {
  /** URL of the Convex deployment. */
  convexUrl: string;
  /** WorkOS client id. */
  clientId: string;
}

/** One person's switch for one agent. */
export interface AgentSwitch {
  isEnabled: boolean;
  /** Origins that the person named for a self-hosted agent, as `scheme://host:port`; empty for the others. */
  origins: string[];
}

/** AES-GCM ciphertext under a key that only extension pages can use (auth/sealed-store). */
export interface SealedAuthSession {
  /** base64 */
  iv: string;
  /** base64 */
  data: string;
}

/** A token for Convex. storage.session keeps it in memory, out of reach of content scripts. */
export interface AccessToken {
  token: string;
  /** Unix ms by this machine's clock. */
  expiresAt: number;
  /** The sign-in that it belongs to. */
  signInId: string;
}

/** The agreement to the disclosure of the welcome page. */
export interface Consent {
  /** Unix ms. */
  agreedAt: number;
  /** Version of the disclosure; a higher one asks again. */
  version: number;
}

/** What the background tells the pages about capture, kept up to date by sync/. */
export interface CaptureStatus {
  /** Messages of the signed-in person that are not yet in Convex. */
  waiting: number;
  /** Messages that wait for somebody else to sign in again. */
  waitingForOthers: number;
  /** Messages that Convex refused; kept, and shown. */
  refused: number;
  /** Why Convex refused the oldest of them, in its own words, or null. */
  refusedWhy: string | null;
  /** Unix ms of the last message stored in Convex, or null. */
  lastStoredAt: number | null;
  /** Different secrets of the signed-in person that were masked before anything was stored. */
  masked: number;
  trouble: Trouble | null;
  /** Per agent id: why it cannot be read now. */
  agentTroubles: Record<string, Trouble>;
}

/** A sign that an agent's site has changed. */
export interface DriftProblem {
  /**
   * `unplaced`: an answer that the reader does not know. `failed`: the reader threw. `odd-shape`: what it made of an answer has not the shape
   * of a session. `unknown-part`: content of a kind that it does not know. `silent`: the page shows messages that no request brought.
   */
  kind: "unplaced" | "failed" | "odd-shape" | "unknown-part" | "silent";
  /** Id of the tap; "" for a silent one. */
  tap: string;
  /** The kinds of unknown parts; never content. */
  kinds: string[];
  /** Unix ms at which it was first seen. */
  since: number;
  /** The extension's version that saw it. */
  version: string;
}

/** How an agent's site has changed, for one person. */
export interface AgentDrift {
  /** None when the agent is read again. */
  problems: DriftProblem[];
  /** Kinds of unknown parts that the person has dismissed. */
  dismissedKinds: string[];
  /** How many answers are kept in this browser to be read again. */
  kept: number;
}

/** Version of the disclosure on the welcome page. */
export const CONSENT_VERSION = 1;

/** Key in `consents` for an agreement given before signing in; it passes to the first person who then signs in. */
export const NOBODY = "";

/** Kept at sign-out. */
export const settings = storage.defineItem<Settings>("local:settings", {
  version: 1,
  fallback: {
    convexUrl: import.meta.env.VITE_CONVEX_URL ?? "",
    clientId: import.meta.env.VITE_WORKOS_CLIENT_ID ?? "",
  },
});

/** By WorkOS user id. Kept at sign-out: agreeing is asked once a person. */
export const consents = storage.defineItem<Record<string, Consent>>("local:consents", {
  version: 1,
  fallback: {},
});

/** By WorkOS user id, then by agent id. Kept at sign-out: they are that person's, and act only while they are signed in. */
export const agentSwitches = storage.defineItem<Record<string, Record<string, AgentSwitch>>>(
  "local:agentSwitches",
  { version: 1, fallback: {} },
);

/** By WorkOS user id: the masks of that person's secrets, as `<kind>:<digest>`, to count each secret once. Kept at sign-out. */
export const secretMasks = storage.defineItem<Record<string, string[]>>("local:secretMasks", {
  version: 1,
  fallback: {},
});

/** Kept at sign-out. */
export const isPaused = storage.defineItem<boolean>("local:isPaused", {
  version: 1,
  fallback: false,
});

/** By WorkOS user id: whether sessions that the site itself forgets are kept. Kept at sign-out: it is that person's. */
export const keepsTemporary = storage.defineItem<Record<string, boolean>>("local:keepsTemporary", {
  version: 1,
  fallback: {},
});

/**
 * By WorkOS user id: sessions that a plugin uploads from elsewhere, as `<agent id> <session key>`, oldest first. Kept at sign-out: it is that
 * person's.
 */
export const elsewhereSessions = storage.defineItem<Record<string, string[]>>(
  "local:elsewhereSessions",
  { version: 1, fallback: {} },
);

/** By WorkOS user id, then by agent id: what has changed. Kept at sign-out: it is that person's. Written by the background only. */
export const drift = storage.defineItem<Record<string, Record<string, AgentDrift>>>("local:drift", {
  version: 1,
  fallback: {},
});

/** Cleared at sign-out. */
export const profile = storage.defineItem<Profile | null>("local:profile", {
  version: 1,
  fallback: null,
});

/** Cleared at sign-out. */
export const authSession = storage.defineItem<SealedAuthSession | null>("local:authSession", {
  version: 1,
  fallback: null,
});

/** When the sign-in window was opened, while it is open. Written by the background only. Cleared at sign-out. */
export const signInAttempt = storage.defineItem<{ startedAt: number } | null>(
  "session:signInAttempt",
  { version: 1, fallback: null },
);

/** The access token in use, so that a restarted worker need not refresh it. Cleared at sign-out. */
export const accessToken = storage.defineItem<AccessToken | null>("session:accessToken", {
  version: 1,
  fallback: null,
});

/** Unix ms before which WorkOS asked not to be called again, or 0. Cleared at sign-out. */
export const workosNotBefore = storage.defineItem<number>("session:workosNotBefore", {
  version: 1,
  fallback: 0,
});

/** Why the person was signed out, or why signing in failed, until the next success. Cleared at sign-out. */
export const authTrouble = storage.defineItem<Trouble | null>("local:authTrouble", {
  version: 1,
  fallback: null,
});

/** When the drain may try again, and after how many failures (sync/backoff). Kept at sign-out. */
export const backoff = storage.defineItem<{
  failures: number;
  functionFailures: number;
  /** Unix ms. */
  notBefore: number;
}>("local:backoff", {
  version: 1,
  fallback: { failures: 0, functionFailures: 0, notBefore: 0 },
});

/** What the deployment was told of the person in this run of the browser (sync/account). Cleared at sign-out. */
export const toldAccount = storage.defineItem<{ user: string; agents: string }>(
  "session:toldAccount",
  { version: 1, fallback: { user: "", agents: "" } },
);

/** Written by the background only. Cleared at sign-out. */
export const captureStatus = storage.defineItem<CaptureStatus>("session:captureStatus", {
  version: 1,
  fallback: {
    waiting: 0,
    waitingForOthers: 0,
    refused: 0,
    refusedWhy: null,
    lastStoredAt: null,
    masked: 0,
    trouble: null,
    agentTroubles: {},
  },
});

/** By WorkOS user id, then by agent id: how far fetching earlier sessions is. Written by the background only. Kept at sign-out: it is that person's. */
export const backfills = storage.defineItem<Record<string, Record<string, BackfillStatus>>>(
  "session:backfills",
  { version: 1, fallback: {} },
);

/** A random id of this run of the browser, by which a backfill knows that it was restarted. Kept at sign-out. */
export const browserLife = storage.defineItem<string>("session:browserLife", {
  version: 1,
  fallback: "",
});
