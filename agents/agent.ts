/**
 * The contract of an agent: what can be read on its pages, as data and pure functions. An agent file touches no browser API, storage,
 * messages, network or clock; watching, sealing, collecting, redaction, comparing, sending and teardown happen elsewhere.
 */
import type { MessageReading, SessionReading } from "../convex/validators";

export type { MessageReading, Part, Role, SessionReading, Tokens } from "../convex/validators";

/** Raw bytes seen on a page, with where they came from. */
export interface Observation {
  /** Id of the tap that matched. */
  tap: string;
  /** Absolute URL of the request. */
  url: string;
  method: string;
  /** HTTP status; 0 for WebSocket. */
  status: number;
  /** Body of the response, or the frames of one batch joined by newlines. */
  body: string;
  /** The body was longer than the cap and its end is missing. */
  isTruncated: boolean;
  /** Address of the page, for the session's link. */
  pageUrl: string;
}

/** The neutral session made of one observation. `messages` may be some of the session's messages; each stands for itself. */
export interface Reading {
  session: SessionReading;
  messages: MessageReading[];
}

/** One kind of traffic to copy. Everything but `read` is data that travels to the page. */
export interface Tap {
  /** Unique within the agent. */
  id: string;
  transport: "fetch" | "xhr" | "websocket";
  /** Upper case; "GET" for a WebSocket. */
  method: string;
  /** Source of a RegExp that is tested against path and query of requests to the page's own host. */
  path: string;
  /** From one complete observation to a reading; null when it holds no session. */
  read(observation: Observation): Reading | null;
}

/** An endless stream whose events only tell that a turn runs or ended; the tap then asks once for the session. */
export interface Stream {
  transport: "fetch" | "websocket";
  /** Source of a RegExp that is tested against path and query of requests to the page's own host. */
  path: string;
  /** Source of a RegExp tested on each event's text; its groups name the session and fill `ask`. */
  settled: string;
  /** Like `settled`, for an event that says that a turn is running: after 10 s of it the session is read once, as partial. */
  running?: string;
  /** Like `settled`, for an event that changes a session between turns (a title that came late); ignored while a turn runs, whose end asks anyway. */
  changed?: string;
  /** Same-origin paths to GET, with `$1`, `$2` from the match. A path that the page itself has asked before is asked with the page's own headers. */
  ask: string[];
  /** Asked besides when an answer to `ask` was longer than the cap, so that at least the newest messages are read. */
  askLess?: string[];
}

/** How to tell that an origin which the person names runs this agent. */
export interface SelfHosted {
  /** Path of the health or config endpoint. */
  path: string;
  /** Whether the endpoint's JSON is this agent's. */
  isRecognised(body: unknown): boolean;
}

export interface Agent {
  /** Equals the file name. */
  id: string;
  name: string;
  /** Match patterns that the permission request names; for a self-hosted agent the default origins. */
  origins: string[];
  selfHosted?: SelfHosted;
  /** The site's id of the session that a page's URL shows, or null. */
  session(url: URL): string | null;
  taps: Tap[];
  /** CSS selector of what shows messages on a page: when it matches and no tap saw anything, the agent has changed. */
  shows?: string;
  streams?: Stream[];
  /** Where each fact comes from, with dates. */
  sources: string[];
}

/** Gives an agent file its types. */
export function defineAgent(agent: Agent): Agent {
  return agent;
}
