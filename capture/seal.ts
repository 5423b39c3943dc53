/**
 * The bridge between the page's world (tap) and the extension's (capture). The ISOLATED script runs first and listens once; the MAIN script then
 * hands over a port with a synchronous event, in which the rules come back, all before the page's first script runs: the page can
 * neither see the port nor offer one of its own. When the scripts are put into a page that is already open, its scripts can watch this
 * happen; the port then carries nothing but what the page itself sent and received.
 */

/** Dispatched by the tap with its port. */
const OFFER = "opensync:offer";
/** Dispatched by capture, inside OFFER, with the rules as JSON text: only text crosses between worlds in every browser. */
const RULES = "opensync:rules";

/** Dispatched by a second tap in the same document (after an update of the extension) with its port: the first one takes it over. */
const HAND_OVER = "opensync:hand-over";

/** What a body is: of one response, of one frame of a WebSocket, or of the answer to an ask. */
export interface Head {
  /** Places, in the list that capture gave, of the rules for the address; none for the answer to an ask. */
  rules: number[];
  url: string;
  method: string;
  /** 0 for a WebSocket, and for an ask that nobody answered. */
  status: number;
  /** So many UTF-16 units at the beginning are the request's body. */
  request: number;
  /** Counts the document's WebSockets. */
  socket?: number;
  /** Number of the ask that it answers. */
  ask?: number;
  /** The answer's Retry-After. */
  retryAfter?: string | null;
}

/** What the tap sends: a piece of one body, as it comes. */
export interface Piece {
  /** Counts the document's bodies. */
  id: number;
  /** Only in the first piece. */
  head?: Head;
  text: string;
  isLast: boolean;
  /** The body's end is missing. */
  isTruncated: boolean;
}

/** What capture sends to have something asked with the page's own headers, which stay with the tap. */
export interface Ask {
  /** Its number, which the answer's head carries. */
  ask: number;
  /** Id of the agent, whose last headers are taken for a path that the page has not asked. */
  agent: string;
  method: string;
  /** Absolute. */
  url: string;
  body?: string;
  /** Besides the page's own. */
  headers?: Record<string, string>;
}

/** What capture sends, once: the tap passes everything through from then on. */
export const STOP = "stop";

/** MAIN side: hands a port over and takes the rules; null when nobody listens. */
export function offerPort(port: MessagePort): string | null {
  let rules: string | null = null;
  const take = (event: Event): void => {
    rules = (event as CustomEvent<string>).detail;
  };
  addEventListener(RULES, take, { once: true });
  dispatchEvent(new MessageEvent(OFFER, { ports: [port] }));
  return rules;
}

/** ISOLATED side: waits for the one port and answers it with the rules. Returns what ends the waiting. */
export function awaitPort(rules: string, onPort: (port: MessagePort) => void): () => void {
  const take = (event: Event): void => {
    event.stopImmediatePropagation();
    removeEventListener(OFFER, take, true);
    const port = (event as MessageEvent).ports[0];
    if (!port) return;
    dispatchEvent(new CustomEvent(RULES, { detail: rules }));
    onPort(port);
  };
  addEventListener(OFFER, take, true);
  return () => removeEventListener(OFFER, take, true);
}

/** MAIN side: gives port and rules to the tap that already wraps this document; false when there is none. */
export function handOver(port: MessagePort, rules: string): boolean {
  const event = new MessageEvent(HAND_OVER, { cancelable: true, data: rules, ports: [port] });
  return !dispatchEvent(event);
}

/** MAIN side: lets later taps of this document hand their port over. */
export function onHandOver(take: (port: MessagePort, rules: string) => void): void {
  addEventListener(HAND_OVER, (event) => {
    const { data, ports } = event as MessageEvent<string>;
    if (!ports[0]) return;
    event.preventDefault();
    take(ports[0], data);
  });
}
