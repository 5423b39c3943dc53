/** What a page shows now: its messages in their order, its title, and whether an answer is being written. */
import type { PageRules } from "../../agents/agent";
import type { PageBody, PageMessage } from "../../agents/shared/page-reading";
import { findIn, outermost, shadowRoots } from "./find";
import { messageOf } from "./message";

/** Where a page's messages are: in its document, or else in shadow roots too. */
export function rootsOf(page: ParentNode, rules: PageRules): ParentNode[] {
  const isThere = rules.messages.some((selector) => page.querySelector(selector) !== null);
  return isThere ? [page] : [page, ...shadowRoots(page)];
}

/** The elements that are messages, oldest first. */
export function messageElements(roots: readonly ParentNode[], rules: PageRules): Element[] {
  const found = outermost(findIn(roots, rules.messages));
  return rules.isNewestFirst ? found.reverse() : found;
}

/** Whether an answer is being written. */
export function isRunning(roots: readonly ParentNode[], rules: PageRules): boolean {
  return (rules.running ?? []).some((selector) =>
    roots.some((root) => root.querySelector(selector) !== null),
  );
}

/** The title that the page gives the session. */
export function titleOf(roots: readonly ParentNode[], rules: PageRules): string | undefined {
  const [found] = findIn(roots, rules.title);
  return found?.textContent.trim().replace(/\s+/g, " ").slice(0, 500) || undefined;
}

function withoutId(message: PageMessage): PageMessage {
  const rest = { ...message };
  delete rest.id;
  return rest;
}

/**
 * Messages of one look at the page: those of one role and id that follow each other are pieces of one, and an id that another message has
 * already is none.
 */
export function joinPieces(messages: readonly PageMessage[]): PageMessage[] {
  const joined: PageMessage[] = [];
  const owners = new Map<string, PageMessage>();
  for (const message of messages) {
    const owner = message.id === undefined ? undefined : owners.get(message.id);
    const last = joined.at(-1);
    if (owner && last && owner === last && owner.role === message.role) {
      const text = [last.text, message.text].filter(Boolean).join("\n\n");
      const files = [...(last.files ?? []), ...(message.files ?? [])];
      const sources = [...(last.sources ?? []), ...(message.sources ?? [])];
      const whole: PageMessage = {
        ...message,
        ...last,
        text,
        ...(files.length > 0 ? { files } : {}),
        ...(sources.length > 0 ? { sources } : {}),
      };
      joined[joined.length - 1] = whole;
      owners.set(message.id!, whole);
      continue;
    }
    const own = owner ? withoutId(message) : message;
    joined.push(own);
    if (own.id !== undefined) owners.set(own.id, own);
  }
  return joined;
}

/** The messages before and after one. */
export function neighboursOf(elements: readonly Element[], at: number): Element[] {
  return [elements[at - 1], elements[at + 1]].filter((element) => element !== undefined);
}

/** Everything that a page shows now, read at once. */
export function readNow(page: ParentNode, rules: PageRules): PageBody {
  const roots = rootsOf(page, rules);
  const elements = messageElements(roots, rules);
  const title = titleOf(roots, rules);
  const messages = elements.map((element, at) =>
    messageOf(element, rules, neighboursOf(elements, at)),
  );
  return {
    ...(title === undefined ? {} : { title }),
    isRunning: isRunning(roots, rules),
    messages: joinPieces(messages.filter((message) => message !== null)),
  };
}
