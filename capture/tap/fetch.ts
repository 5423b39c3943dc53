import { MAX_BODY_BYTES } from "../limits";
import type { Ask } from "../seal";
import { readBody } from "./body";
import { followCancel } from "./cancels";
import { find, open } from "./link";
import { clone, cloneRequest, Headers, nativeFetch, Request, wrap } from "./native";
import { begin, headersFor, type Begin, type HeaderList } from "./requests";

/** A server that never answers would keep its session from being asked for again. */
const ASK_MS = 60_000;

/** Headers that belong to one request and not to whoever sends it. */
const PER_REQUEST = /^(accept|cache|content-[^t]|if-|last-|pragma|range)/i;

/** A request of the page that rules want. */
interface Wanted {
  begin: Begin;
  /** Bytes of the answer that are copied: all of a stream. */
  limit: number;
}

/** The page's headers; none of an iterator, which reading would use up. */
function headersOf(request: Request | null, init: RequestInit | undefined): HeaderList {
  const source = init?.headers ?? request?.headers ?? {};
  return "next" in source ? [] : [...new Headers(source)];
}

/** Looks at what the page is about to send, before sending uses it up. */
function look(input: unknown, init: RequestInit | undefined): Wanted | null {
  const request = input instanceof Request ? input : null;
  const found = find("fetch", init?.method ?? request?.method ?? "GET", request?.url ?? input);
  if (!found) return null;
  const body = init?.body ?? (request && cloneRequest(request));
  return {
    begin: begin(found, headersOf(request, init), body),
    limit: found.rules.some((rule) => rule.stream) ? Infinity : MAX_BODY_BYTES,
  };
}

/** Copies the answer. */
async function follow(wanted: Wanted, answer: Promise<Response>): Promise<void> {
  try {
    const response = await answer;
    if (!response.ok || !response.body) return;
    const { body } = clone(response);
    let isOver = false;
    let giveUp = (): void => {
      isOver = true;
    };
    followCancel(response.body, () => giveUp());
    const writer = await wanted.begin(response.status);
    giveUp = readBody(body!, wanted.limit, writer.write, writer.end);
    if (isOver) giveUp();
  } catch {
    // What failed is the page's to handle.
  }
}

/** Asks what capture wants asked, and hands the answer over. */
export async function ask({ ask, agent, method, url, body, headers }: Ask): Promise<void> {
  const head = { ask, rules: [], url, method };
  try {
    const own = headersFor(agent, new URL(url));
    const all = new Headers(own.filter(([name]) => !PER_REQUEST.test(name)));
    for (const name in headers) all.set(name, headers[name]!);
    const response = await nativeFetch(url, {
      method,
      headers: all,
      body,
      cache: "no-store",
      credentials: "include",
      signal: AbortSignal.timeout(ASK_MS),
    });
    const retryAfter = response.headers.get("retry-after");
    const writer = open({ ...head, status: response.status, retryAfter }, body);
    readBody(response.body ?? new Blob().stream(), MAX_BODY_BYTES, writer.write, writer.end);
  } catch {
    // The site does not answer now.
    open({ ...head, status: 0 }).end(true);
  }
}

/** Looks at the page's own fetch, which returns the page's own promise and response; a copy is read where a rule matches. */
export function tapFetch(): void {
  wrap(
    window,
    "fetch",
    (_, __, promise, wanted: Wanted | null | undefined) => {
      if (wanted) void follow(wanted, promise as Promise<Response>);
    },
    (_, [input, init]) => look(input, init as RequestInit | undefined),
  );
}
