/** The wire to capture, one per document. Another generation of the extension can take it over; without a port everything passes through. */
import { MAX_PIECE_CHARS } from "../limits";
import type { PageRule } from "../rules";
import { STOP, type Piece } from "../seal";
import { exec, post } from "./native";

/** Takes one body, piece by piece. */
export interface Writer {
  write(text: string): void;
  end(isTruncated: boolean): void;
}

/** A request of the page that a rule wants. */
export interface Match {
  rule: PageRule;
  url: URL;
}

let port: MessagePort | null = null;
let rules: [RegExp, PageRule][] = [];
let count = 0;

/** Takes a port and the rules, as JSON text, that come with it. */
export function connect(newPort: MessagePort, text: string): void {
  rules = (JSON.parse(text) as PageRule[]).map((rule) => [new RegExp(rule.path), rule]);
  port = newPort;
  newPort.onmessage = ({ data }) => {
    if (data === STOP && port === newPort) port = null;
  };
}

export function isOpen(): boolean {
  return port !== null;
}

/** Finds the rule for a request of the page; null for all others, and always without a port. Throws where the page's own call does. */
export function match(transport: string, verb: string, address: unknown): Match | null {
  const href = address instanceof URL ? address.href : address;
  if (!port || typeof href !== "string") return null;
  const url = new URL(href, document.baseURI);
  if (url.host !== location.host) return null;
  const found = rules.find(
    ([path, rule]) =>
      rule.transport === transport &&
      rule.method === verb.toUpperCase() &&
      exec(path, url.pathname + url.search),
  );
  return found ? { rule: found[1], url } : null;
}

/** Begins to hand over one body. */
export function open({ rule, url }: Match, status: number): Writer {
  const to = port;
  const id = (count += 1);
  let head: Piece["head"] = { tap: rule.tap ?? "", url: url.href, method: rule.method, status };
  let buffer = "";

  function send(text: string, isLast: boolean, isTruncated: boolean): void {
    if (to && to === port) post(to, { id, head, text, isLast, isTruncated } satisfies Piece);
    head = undefined;
  }

  return {
    write(text) {
      buffer += text;
      while (buffer.length > MAX_PIECE_CHARS) {
        send(buffer.slice(0, MAX_PIECE_CHARS), false, false);
        buffer = buffer.slice(MAX_PIECE_CHARS);
      }
    },
    end(isTruncated) {
      // Nothing came: there is nothing to hand over.
      if (!head || buffer) send(buffer, true, isTruncated);
    },
  };
}
