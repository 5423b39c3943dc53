/** The one typed map of messages between the extension's parts. Names are verbs from the sender's view. */
import { defineExtensionMessaging } from "@webext-core/messaging";
import type { BackfillWish } from "./backfill-run";
import type { ImportBatch } from "./import-run";
import type { Answer, Trouble } from "./errors";
import type { Profile, Settings } from "./storage";

/** A piece of one observation on its way from a content script; at most 256 KB of `text` each. */
export interface ObservationChunk {
  /** Random id of the observation; chunks of one observation share it. */
  id: string;
  index: number;
  isLast: boolean;
  text: string;
  /** Only in the first chunk. */
  head?: {
    tap: string;
    url: string;
    method: string;
    status: number;
    isTruncated: boolean;
    /** So many UTF-16 units at the beginning of the whole text are the request's body. */
    request: number;
    pageUrl: string;
  };
}

/** A request that a page is to send with its own headers and cookies: a `HistoryRequest` of that agent. */
export interface PageAsk {
  /** Id of the agent. */
  agent: string;
  method: "GET" | "POST";
  path: string;
  body?: string;
  headers?: Record<string, string>;
  like?: { tap: string; replace: { pattern: string; with: string }[] };
}

/** What the site answered, whatever its status. */
export interface PageAnswer {
  status: number;
  /** Seconds that the site asks to wait, or null. */
  retryAfter: number | null;
  url: string;
  method: string;
  /** Body of the request as it was sent; "" for none. */
  request: string;
  body: string;
  /** The body was longer than the cap, or broke off. */
  isTruncated: boolean;
}

/** `isStored`: everything new in the observation is in the outbox. `mustStop`: capture is off for this origin; the script ends itself. */
export interface ObservationAck {
  isStored: boolean;
  mustStop: boolean;
}

/** What the popup shows of the active tab. */
export interface PageStatus {
  /** The agent of the page, or null. */
  agent: { id: string; name: string } | null;
  state: "no-agent" | "off" | "no-permission" | "on" | "reload-needed";
  /** The page's session, once something of it was captured. */
  session: {
    key: string;
    title: string | null;
    /** Messages captured. */
    messages: number;
    /** Of them, acknowledged by Convex. */
    inConvex: number;
    waiting: number;
    refused: number;
  } | null;
}

/** Every message, by name: what it carries and what is answered. */
export interface ProtocolMap {
  // From pages to the background.
  signIn(): Answer<Profile>;
  signOut(): void;
  /** A fresh access token for Convex, or null when nobody is signed in. */
  getAccessToken(data: { forceRefresh: boolean }): string | null;
  agree(): void;
  withdraw(): void;
  /** The page has already asked for the permission, in the click. */
  setAgent(data: { agentId: string; isEnabled: boolean; origins: string[] }): Answer;
  /** Which self-hosted agent runs at an origin; null: something else does. */
  recogniseOrigin(data: { origin: string }): Answer<{ agentId: string | null }>;
  setPaused(data: { isPaused: boolean }): void;
  /** Whether sessions that the site itself forgets are kept, for who is signed in. */
  setKeepsTemporary(data: { isKept: boolean }): void;
  getPage(): PageStatus;
  /** Tries to send now what waits. */
  retryNow(): void;
  /** Sends refused messages once more. */
  retryRefused(): void;
  checkDeployment(data: { convexUrl: string }): Answer<{ version: string }>;
  checkClientId(data: { clientId: string }): Answer;
  saveSettings(data: Settings): void;
  /** Readings of an export file; the next batch goes when this one is stored. */
  importReadings(data: ImportBatch): Answer<{ added: number; known: number }>;
  /**
   * What the person wants of fetching an agent's earlier sessions; how far it is stands in storage. `origin`: where to start, of several
   * addresses of a self-hosted agent.
   */
  backfill(data: { agentId: string; wish: BackfillWish; origin?: string }): Answer;

  /** What can be told of an agent that has changed, without any content. */
  getDriftReport(data: { agentId: string }): string;
  /** Takes the mark of a changed agent away, with the answers that are kept of it. */
  dismissDrift(data: { agentId: string }): void;
  /** Deletes the answers that are kept to be read again. */
  deleteKeptAnswers(data: { agentId: string }): void;

  // From content scripts to the background. Nothing else is accepted from them.
  observe(data: ObservationChunk): ObservationAck;
  /** The page shows messages, and the tap saw none of them. */
  reportSilence(): void;

  // From the background to the content script of one tab.
  /** Answers null when the site does not answer, or the page cannot ask this. */
  askPage(data: PageAsk): PageAnswer | null;

  // From the background to the offscreen page (auth/ owns these).
  authkitCall(data: { target: "authkit"; call: string; args: unknown }): unknown;
  /** From the offscreen page to the background. */
  authkitEvent(data: { event: string; payload: unknown }): void;
}

export type { Trouble };
export const { sendMessage, onMessage } = defineExtensionMessaging<ProtocolMap>();
