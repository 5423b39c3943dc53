import type { PageRules } from "../../agents/agent";
import type { PageBody } from "../../agents/shared/page-reading";
import { sendMessage } from "../../utils/messages";
import { createDelivery } from "../deliver";
import { MAX_BODY_BYTES, MAX_PIECE_CHARS, MAX_URL_CHARS } from "../limits";
import { READERS, RULES } from "./names";
import { watchPage } from "./watch";

/** What the agent's own file (rules-file.ts) leaves here just before. */
interface Given {
  agent: string;
  page: PageRules;
}

type Scope = typeof globalThis & {
  [RULES]?: Given;
  /** What ends the reader of each agent on this page. */
  [READERS]?: Map<string, () => void>;
  /** Gone from a script whose extension was updated or removed. */
  chrome?: { runtime?: { id?: string } };
};

function newId(): string {
  const parts = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(parts, (part) => part.toString(36)).join("-");
}

function cut(address: string): string {
  const url = new URL(address);
  return address.length > MAX_URL_CHARS ? url.origin + url.pathname.slice(0, 1_000) : address;
}

/** The body in the pieces of one hop; without its oldest messages where it is larger than any body may be. */
function piecesOf(body: PageBody): { texts: string[]; isTruncated: boolean } {
  let { messages } = body;
  let text = JSON.stringify(body);
  while (text.length > MAX_BODY_BYTES && messages.length > 1) {
    messages = messages.slice(Math.ceil(messages.length / 4));
    text = JSON.stringify({ ...body, messages });
  }
  const texts: string[] = [];
  for (let at = 0; at < text.length; at += MAX_PIECE_CHARS) {
    texts.push(text.slice(at, at + MAX_PIECE_CHARS));
  }
  return { texts, isTruncated: messages !== body.messages };
}

/** Lets timers and rendering go first; a hidden page has no idle time, and is read too. */
function whenIdle(work: () => void): () => void {
  const id = requestIdleCallback(work, { timeout: 500 });
  return () => cancelIdleCallback(id);
}

/**
 * Reads the page's elements for the one agent whose rules were given, and brings them to the background as capture does its bodies. Ends
 * for good when the background says so or when the extension is gone; a second injection for the same agent ends the first.
 */
export function installReader(): void {
  const scope = globalThis as Scope;
  const given = scope[RULES];
  Reflect.deleteProperty(scope, RULES);
  if (!given || window.top !== window || document.contentType !== "text/html") return;
  const { agent, page: rules } = given;
  const readers = (scope[READERS] ??= new Map<string, () => void>());
  readers.get(agent)?.();
  let pageUrl = location.href;

  const delivery = createDelivery({
    send: (chunk) => sendMessage("observe", chunk),
    isAlive: () => scope.chrome?.runtime?.id !== undefined,
    onStop: end,
    newId,
    pageUrl: () => cut(pageUrl),
  });

  const watch = watchPage({
    rules,
    page: document,
    address: () => location.href,
    deliver(body, address) {
      pageUrl = address;
      const { texts, isTruncated } = piecesOf(body);
      const chars = texts.reduce((sum, text) => sum + text.length, 0);
      const head = {
        tap: `${agent}/page`,
        url: cut(address),
        method: "GET",
        status: 200,
        request: 0,
      };
      delivery.add({ ...head, isTruncated, texts, chars });
    },
    whenIdle,
    now: () => performance.now(),
  });

  function onHide(): void {
    watch.flush();
    delivery.flush();
  }

  function onShow(event: PageTransitionEvent): void {
    if (event.persisted) delivery.resume();
  }

  function end(): void {
    watch.stop();
    readers.delete(agent);
    if (readers.size === 0) Reflect.deleteProperty(scope, READERS);
    removeEventListener("pagehide", onHide);
    removeEventListener("pageshow", onShow);
  }

  addEventListener("pagehide", onHide);
  addEventListener("pageshow", onShow);
  readers.set(agent, delivery.stop);
}
