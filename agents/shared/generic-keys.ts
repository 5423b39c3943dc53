/**
 * Keys on pages that give none. A session is known by the page's origin and its first prompt, a message by all that came before it and by
 * its own beginning: so the next request, which repeats the session, gives the same keys, an edited prompt and another answer become
 * siblings, and what the page shows gets the keys of what its traffic said. The page's path is left out: it changes when a new session
 * gets an address.
 */
import type { Part, Role } from "../agent";
import { toJson } from "./json";
import { BEGINNING, bareText, shortHash } from "./text-hash";

const PREFIX = "any-";

/** How sure a reading is that its messages are of one session, and of that one. */
export const CERTAINTY = {
  /** The page itself names the session. */
  named: 0.9,
  /** The session is known by its first prompt, and each request repeats what came before. Two that begin alike are branches of one. */
  repeated: 0.6,
  /** The page's elements alone. */
  shown: 0.4,
  /** Requests hold the newest message only: what one page asks is taken for one session. */
  newestOnly: 0.3,
} as const;

/** What the key of a message is made of. */
export interface Keyed {
  /** The page's own id. */
  id?: string;
  role: Role;
  parts: readonly Part[];
}

/** The text up to the first call of a tool, and whether there is such a call, so that no more of it can come. */
function beginningOf(parts: readonly Part[]): { text: string; isWhole: boolean } {
  const call = parts.findIndex(({ type }) => type === "tool-call");
  const before = call === -1 ? parts : parts.slice(0, call);
  const texts = before.map((part) => (part.type === "text" ? part.text : ""));
  return { text: texts.join(""), isWhole: call !== -1 };
}

/** Whether an answer that still grows is known already: its key will not change any more. */
export function isKnowable(parts: readonly Part[]): boolean {
  const { text, isWhole } = beginningOf(parts);
  return isWhole || bareText(text).length >= BEGINNING;
}

/** What tells a message from its siblings. Thinking does not: pages do not send it back. */
function ownOf({ role, parts }: Keyed): string {
  const { text } = beginningOf(parts);
  const words = bareText(text) || text.trim();
  if (role === "user") return words || toJson(parts);
  if (words !== "") return words.slice(0, BEGINNING);
  const ids = parts.flatMap((part) => ("toolCallId" in part ? part.toolCallId : []));
  // More calls may come.
  return (role === "tool" ? ids.join(" ") : ids[0]) ?? "";
}

/** The key of a session that the page names; another site may use the same name. */
export function namedKey(page: URL, name: string): string {
  return `${page.host}/${name}`;
}

/** The key of the session whose name stands in a page's path: its last piece that looks like an id. Null where none does. */
export function keyInPath(page: URL): string | null {
  const pieces = page.pathname.split("/").filter((piece) => /^(?=.*\d)[\w-]{8,}$/.test(piece));
  const name = pieces.at(-1);
  return name === undefined ? null : namedKey(page, name);
}

/** The key of a session without a name; `messages` hold its beginning. */
export function madeSessionKey(origin: string, messages: readonly Keyed[]): string {
  const first = messages.find(({ role }) => role === "user") ?? messages[0];
  return PREFIX + shortHash(`${origin} ${first ? ownOf(first) : ""}`);
}

/**
 * The keys of a session's messages, from its first one on. What comes before the first prompt has its place for a key: system prompts hold
 * dates, and a greeting is shown and not sent. An id of the page's is kept for prompts only: those of answers are made twice, by the server
 * and by the page.
 */
export function messageKeys(sessionKey: string, messages: readonly Keyed[]): string[] {
  const taken = new Set<string>();
  let before = sessionKey;
  return messages.map((message, at) => {
    const { id, role } = message;
    const isBefore = before === sessionKey && role !== "user";
    const own = isBefore ? `${sessionKey} ${at}` : `${before} ${ownOf(message)}`;
    const isOwn = role === "user" && id !== undefined && !taken.has(id);
    const key = isOwn ? id : PREFIX + shortHash(`${role} ${own}`);
    taken.add(key);
    // A system prompt that changes amid the session changes nothing of what follows.
    if (!isBefore && role !== "system") before = key;
    return key;
  });
}
