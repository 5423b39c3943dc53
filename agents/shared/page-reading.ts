/** What the one reader of pages' elements (capture/dom) hands over, and the readings made of it. */
import type { Agent, MessageReading, Observation, Part, Readings, Role } from "../agent";
import { CERTAINTY, madeSessionKey, messageKeys } from "./generic-keys";
import { asRecord, asString, compact, parseJson, toJson } from "./json";
import { filePart, isoTime, sourcePart, textParts } from "./parts";
import { BEGINNING, bareText, shortHash } from "./text-hash";

/** An attachment or image, as the page names it. */
export interface PageFile {
  name?: string;
  mediaType?: string;
  /** Only what is lasting and public. */
  url?: string;
}

/** One message as the page shows it. */
export interface PageMessage {
  /** The site's own id, where the page has it. */
  id?: string;
  role: Role;
  /** Markdown. */
  text: string;
  reasoning?: string;
  model?: string;
  /** ISO time. */
  time?: string;
  files?: PageFile[];
  sources?: { url: string; title?: string }[];
}

/** The body of an observation of PAGE_TAP. */
export interface PageBody {
  title?: string;
  /** An answer is being written: the last message, if it is the agent's, is not whole. */
  isRunning: boolean;
  /** Oldest first: all that was shown since the session was opened. */
  messages: PageMessage[];
}

/** How the keys of messages begin that have no id of the site's. */
const PAGE_KEY_PREFIX = "page-";

const ROLES: readonly string[] = [
  "user",
  "assistant",
  "system",
  "tool",
  "unknown",
] satisfies Role[];

function asRole(value: unknown): Role {
  return ROLES.includes(String(value)) ? (value as Role) : "unknown";
}

function asRecords(value: unknown): Record<string, unknown>[] {
  const items: unknown[] = Array.isArray(value) ? value : [];
  return items.map(asRecord).filter((item) => item !== undefined);
}

function asMessage(value: unknown): PageMessage[] {
  const item = asRecord(value);
  if (!item || typeof item.text !== "string") return [];
  return [
    { ...item, role: asRole(item.role), text: item.text, id: asString(item.id) || undefined },
  ];
}

/**
 * Keys of messages without ids. A prompt is known by its text (one that comes again, by what it follows too), an answer by the prompt and its
 * own beginning: so the keys stay when older messages are mounted above and while an answer grows, and no two answers share one.
 */
function keysOf(messages: readonly PageMessage[]): string[] {
  const taken = new Set<string>();
  let prompt = "";
  return messages.map((message, index) => {
    const text = bareText(message.text) || toJson(message.files ?? []);
    if (message.role === "user") prompt = text;
    if (message.id !== undefined && !taken.has(message.id)) {
      taken.add(message.id);
      return message.id;
    }
    const own =
      message.role === "user" ? text : `${prompt} ${message.role} ${text.slice(0, BEGINNING)}`;
    let key = PAGE_KEY_PREFIX + shortHash(own);
    const before = bareText(messages[index - 1]?.text ?? "").slice(0, BEGINNING);
    for (let turn = 0; taken.has(key); turn += 1) {
      key = PAGE_KEY_PREFIX + shortHash(`${turn} ${before} ${own}`);
    }
    taken.add(key);
    return key;
  });
}

function partsOf(message: PageMessage): Part[] {
  return [
    ...textParts(message.reasoning, "reasoning"),
    ...textParts(message.text),
    ...asRecords(message.files).map(filePart),
    ...asRecords(message.sources).flatMap(({ url, title }) => sourcePart({ url, title })),
  ];
}

function asReading(message: PageMessage, at: number, keys: readonly string[]): MessageReading {
  return compact({
    key: keys[at]!,
    parentKey: keys[at - 1],
    role: message.role,
    position: at,
    state: "partial" as const,
    model: asString(message.model),
    createdAt: isoTime(message.time),
    parts: partsOf(message),
  });
}

/** Whether a page can be the agent's: elsewhere the same attributes mean something else. */
function isAt({ origins, selfHosted, kind }: Agent, page: URL): boolean {
  return selfHosted !== undefined || kind === "any" || origins.includes(`${page.origin}/*`);
}

/** What the session and its messages are called; on a page of no known agent as its traffic calls them. */
function namesOf(agent: Agent, page: URL, messages: readonly PageMessage[]) {
  const named = agent.session(page);
  if (agent.kind !== "any") return { key: named, keys: keysOf(messages) };
  const keyed = messages.map((message) => ({ role: message.role, parts: partsOf(message) }));
  const key = named ?? madeSessionKey(page.origin, keyed);
  const keys = messageKeys(key, keyed);
  return { key, keys, certainty: CERTAINTY.shown, madeKeys: keys };
}

/** The page's address of a session: without the query, unless that names the session. */
function addressOf(agent: Agent, page: URL, key: string): string {
  const bareUrl = page.origin + page.pathname;
  if (agent.kind === "any") return bareUrl;
  return agent.session(new URL(bareUrl)) === key ? bareUrl : bareUrl + page.search;
}

/**
 * The readings of a page's elements: what it has shown of its session, each message after the one above it. They are final only where
 * the agent has no other reading and the answer is written; elsewhere a reading of the traffic is still to come, and wins.
 */
export function readPage(agent: Agent, observation: Observation): Readings {
  const body = asRecord(parseJson(observation.body));
  if (!body || !Array.isArray(body.messages)) return null;
  const page = URL.parse(observation.pageUrl);
  const messages = body.messages.flatMap(asMessage);
  if (messages.length !== body.messages.length) return null;
  if (!page || !isAt(agent, page) || messages.length === 0) return [];
  const { key, keys, certainty, madeKeys } = namesOf(agent, page, messages);
  if (!key) return [];
  const isRunning = body.isRunning === true && messages.at(-1)?.role !== "user";
  const runningKey = isRunning ? keys.at(-1) : undefined;
  // A page of no known agent may have no traffic that can be read.
  const isFinal = agent.page?.use === "instead" || agent.kind === "any";
  return [
    {
      session: compact({
        agent: agent.id,
        key,
        title: asString(body.title)?.trim() || undefined,
        url: addressOf(agent, page, key),
        activeLeafKey: keys.at(-1),
        certainty,
      }),
      messages: messages.map((message, at) => {
        const reading = asReading(message, at, keys);
        return isFinal && reading.key !== runningKey ? { ...reading, state: "final" } : reading;
      }),
      fromPage: compact({
        runningKey,
        madeKeys: madeKeys ?? keys.filter((made) => made.startsWith(PAGE_KEY_PREFIX)),
      }),
    },
  ];
}
