/** The wire to capture, one per document. Another generation of the extension can take it over; without a port everything passes through. */
import { MAX_PIECE_CHARS } from "../limits";
import type { PageRule } from "../rules";
import { STOP, type Ask, type Head, type Piece } from "../seal";
import { exec, post } from "./native";

/** A rule, with its place in the list. */
interface PlacedRule extends PageRule {
  at: number;
}

/** A request of the page whose address rules want. */
export interface Found {
  url: URL;
  /** At least one. */
  rules: PlacedRule[];
}

/** Takes one body, piece by piece; `write` answers whether it is still wanted. */
export interface Writer {
  write(text: string): boolean;
  end(isTruncated: boolean): void;
}

let port: MessagePort | null = null;
let all: [PlacedRule, path: RegExp, host: RegExp][] = [];
let count = 0;

/** Takes a port and the rules, as JSON text, that come with it; `onAsk` does what capture asks over it. */
export function connect(newPort: MessagePort, text: string, onAsk: (ask: Ask) => void): void {
  all = (JSON.parse(text) as PageRule[]).map((rule, at) => [
    { ...rule, at },
    new RegExp(rule.path),
    // "$^" matches no host.
    new RegExp(rule.host ?? "$^"),
  ]);
  port = newPort;
  newPort.onmessage = ({ data }) => {
    if (port !== newPort) return;
    if (data === STOP) port = null;
    else onAsk(data as Ask);
  };
}

/** Finds the rules for a request of the page; null for all others, and always without a port. Throws where the page's own call does. */
export function find(transport: string, verb: string, address: unknown): Found | null {
  // Nothing else: turning an object into text could run the page's code.
  if (!port || !(typeof address === "string" || address instanceof URL)) return null;
  const url = new URL(address, document.baseURI);
  const method = verb.toUpperCase();
  const rules = all.flatMap(([rule, path, host]) =>
    rule.transport === transport &&
    rule.method === method &&
    (url.host === location.host || exec(host, url.host)) &&
    exec(path, url.pathname + url.search)
      ? rule
      : [],
  );
  return rules[0] ? { url, rules } : null;
}

/** Begins to hand over one body; the request's comes before it. */
export function open(head: Omit<Head, "request">, request = ""): Writer {
  const to = port;
  const id = (count += 1);
  let first: Piece["head"] = { ...head, request: request.length };

  function send(text: string, isLast = false, isTruncated = false): void {
    if (to && to === port) post(to, { id, head: first, text, isLast, isTruncated } satisfies Piece);
    first = undefined;
  }

  function write(text: string): boolean {
    for (let at = 0; at < text.length; at += MAX_PIECE_CHARS) {
      send(text.slice(at, at + MAX_PIECE_CHARS));
    }
    return to === port;
  }

  write(request);
  return { write, end: (isTruncated) => send("", true, isTruncated) };
}
