/**
 * The contract of an agent: what can be read on its pages, as data and pure functions. An agent file touches no browser API, storage,
 * messages, network or clock; watching, sealing, collecting, redaction, comparing, sending and teardown happen elsewhere.
 */
import type { MessageReading, Role, SessionReading } from "../convex/validators";

export type { MessageReading, Part, Role, SessionReading, Tokens } from "../convex/validators";

/** Raw bytes seen on a page, with where they came from. */
export interface Observation {
  /** Id of the tap that matched, or PAGE_TAP. */
  tap: string;
  /** Absolute URL of the request. */
  url: string;
  method: string;
  /** HTTP status; 0 for WebSocket. */
  status: number;
  /** Body of the response, or the frames of one batch joined by newlines. Bytes that are no UTF-8 are U+FFFD. */
  body: string;
  /** Body of the request, only for a tap with `request`. */
  request?: string;
  /** The body was longer than the cap, or still on its way: its end is missing. */
  isTruncated: boolean;
  /** Address of the page, for the session's link. */
  pageUrl: string;
}

/** The neutral session made of observations. `messages` may be some of the session's messages; each stands for itself. */
export interface Reading {
  session: SessionReading;
  messages: MessageReading[];
  /** The site itself forgets this session (temporary chat, incognito): kept only when the person asked for such sessions too. */
  isTemporary?: true;
  /** The site only shows a session that runs elsewhere, where a plugin of its own uploads it: nothing of this session is kept. */
  isElsewhere?: true;
  /**
   * Read from the page's elements, which may show less than before, or from what a request repeats of its session: gives way to every
   * reading of the traffic, and to a fuller one of its own kind. `runningKey`: the message that was still being written. `madeKeys`: keys of
   * messages to which the page gives no id.
   */
  fromPage?: { runningKey?: string; madeKeys: string[] };
}

/**
 * What a reader makes of something: one reading a session; none (`[]`) where it is understood and holds no session; null where it cannot be
 * placed, which marks the agent as changed, unless the body is nothing but a refusal (an error, too many requests): those look alike everywhere.
 */
export type Readings = Reading[] | null;

/** One kind of traffic to copy. Everything but `read` is data that travels to the page. */
export interface Tap {
  /** Unique within the agent. */
  id: string;
  transport: "fetch" | "xhr" | "websocket";
  /** Upper case; "GET" for a WebSocket. */
  method: string;
  /** Source of a RegExp that is tested against path and query. */
  path: string;
  /** Source of a RegExp for hosts besides the page's own, tested against `host:port`. Anchor it. */
  host?: string;
  /** Source of a RegExp that the request's body (text) must match; that body then comes along as `Observation.request`. */
  request?: string;
  /** WebSocket only: source of a RegExp; the frames up to the one that matches, that one too, are one observation. Else those of half a second are. */
  until?: string;
  /** WebSocket only: the frames that the page sends are copied too, in their order. */
  isSentToo?: true;
  /** From one observation to readings. */
  read(observation: Observation): Readings;
}

/**
 * Traffic that does not hold the session but tells to ask for it, once: an endless or unreadable stream whose events say that a turn runs or
 * ended, or an answer that leaves out what the page has of its own. A tap may take the same body; an answer to `ask` is never an event.
 */
export interface Stream {
  transport: Tap["transport"];
  /** Upper case; absent: "GET". */
  method?: string;
  /** Source of a RegExp that is tested against path and query. */
  path: string;
  /** As in a tap. */
  host?: string;
  /** What stands between two events, but for a WebSocket's frames; absent: the empty line of server-sent events. A whole body's end ends its last one. */
  separator?: string;
  /**
   * Source of a RegExp tested on each event, before which stands a line `METHOD path?query` of its request; its groups, of either, name the
   * session and fill `ask`. Without a group it ends every turn of the stream that runs. `^` is the line's beginning, `\n` the event's.
   */
  settled: string;
  /** Like `settled`, for an event that says that a turn is running: after 10 s of it the session is read once, as partial. */
  running?: string;
  /** Like `settled`, for an event that changes a session between turns (a title that came late); ignored while a turn runs, whose end asks anyway. */
  changed?: string;
  /**
   * Same-origin paths to GET, with `$1`, `$2` from the match and `{name}` for the page's cookie of that name. A path that the page itself
   * has asked before is asked with the page's own headers, any other with those of the page's last request that a rule matched.
   */
  ask: string[];
  /** Asked besides when an answer to `ask` was longer than the cap, so that at least the newest messages are read. */
  askLess?: string[];
}

/**
 * How to read messages from the page's elements, as data for one reader that all agents share (capture/dom). Each list of selectors is
 * tried in order, the stable ones first and the newest last, with the date on which each was seen; shadow roots that are open are looked into.
 */
export interface PageRules {
  /** `instead`: the format of the traffic is not known. `fallback`: used while the page shows messages and the tap is silent. */
  use: "instead" | "fallback";
  /** Each element is one message. The first selector that finds any is used. */
  messages: string[];
  /** An element is, lies in, or holds what matches: the first role that does. No role: the element is skipped. */
  roles: { role: Role; match: string }[];
  /** Attributes that hold the site's id of the message, on the element, around it or in it. */
  ids?: string[];
  /** Source of a RegExp on such an attribute's value, whose group is the id; a value that does not match holds none. */
  idPattern?: string;
  /** What holds the text; the whole message where none is found. */
  body?: string[];
  /** What holds reasoning, left out of the text. */
  reasoning?: string[];
  /** Left out: headings for screen readers, buttons, copies. */
  strip?: string[];
  /** There while an answer is being written; looked for in the whole page. */
  running?: string[];
  /** In the page. */
  title?: string[];
  /** On or in the message: an element's text, or `selector@attribute`. */
  model?: string[];
  /** On or in the message: an element's text, or `selector@attribute`, as ISO time. */
  time?: string[];
  /** The list that scrolls, where the newest message comes first in the document. */
  isNewestFirst?: true;
}

/** Id of the tap under which readings of a page's elements arrive; every agent with `page` has it without naming it. */
export const PAGE_TAP = "page";

/** How to tell that an origin which the person names runs this agent. */
export interface SelfHosted {
  /** Path of the health or config endpoint. */
  path: string;
  /** Whether the endpoint's JSON is this agent's. */
  isRecognised(body: unknown): boolean;
}

/** A request that goes out from the agent's own page, with the page's own headers and cookies, which never leave it. */
export interface HistoryRequest {
  method: "GET" | "POST";
  /** Same-origin path and query; `{name}` is the page's cookie of that name. */
  path: string;
  body?: string;
  /** Besides the page's own. */
  headers?: Record<string, string>;
  /** Id of a tap whose last request by the page is sent again, with these replacements in its URL and body; `path` and `body` are then not used. */
  like?: { tap: string; replace: { pattern: string; with: string }[] };
}

/** What one answer of the site's list says. */
export interface HistoryList {
  sessions: { key: string; /** Unix ms. */ updatedAt?: number }[];
  /** Given to `list` for the next page; null at the end. */
  next: string | null;
  /** How many there are in all, where the site says so. */
  total?: number;
}

/** How to fetch the sessions of before, when the person asks for it. */
export interface History {
  /** The request for a page of the list; `cursor` null is the first. */
  list(cursor: string | null): HistoryRequest;
  /** null: the answer cannot be placed. */
  readList(answer: Observation): HistoryList | null;
  /**
   * The next request for a session, given the answers so far; null when it is whole. Each answer is read by the tap of that id, like the
   * page's own.
   */
  load(key: string, answers: readonly Observation[]): (HistoryRequest & { tap: string }) | null;
}

/** One kind of file in the agent's official export. */
export interface Import {
  /** Source of a RegExp tested against the file's name, or its path inside a ZIP. */
  file: string;
  /** `array`: JSON, one session an item. `object`: JSON, the whole is given. `lines`: JSONL, all lines are given as one array. */
  format: "array" | "object" | "lines";
  /** For `array`: names of the property that holds the array, from the top; absent: the top itself is the array. */
  items?: string[];
  /** null: not this agent's; `[]`: its, with nothing to keep. `file` is the name or path. */
  read(entry: unknown, file: string): Readings;
}

/** Where a statement about the agent's format comes from. */
export interface Fact {
  /** What is read, for people: "messages, tree, models". */
  fields: string;
  /** From where: "GET /backend-api/conversation/{id}". */
  from: string;
  sure: "certain" | "good" | "guess";
  source: string;
  /** ISO date of the source's newest evidence. */
  date: string;
}

export interface Agent {
  /** Equals the file name. */
  id: string;
  name: string;
  /** Under which heading it is listed. `any`: reads pages of no known agent. */
  kind: "chat" | "coding" | "self-hosted" | "any";
  /** Match patterns that the permission request names; for a self-hosted agent the default origins. */
  origins: string[];
  selfHosted?: SelfHosted;
  /** The site's id of the session that a page's URL shows, or null. */
  session(url: URL): string | null;
  taps: Tap[];
  /** CSS selector of what shows messages on a page: when it matches and no tap saw anything, the agent has changed. */
  shows?: string;
  streams?: Stream[];
  page?: PageRules;
  history?: History;
  imports?: Import[];
  facts: Fact[];
}

/** Gives an agent file its types. */
export function defineAgent(agent: Agent): Agent {
  return agent;
}
