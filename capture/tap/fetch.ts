import type { Stream } from "../../agents/agent";
import { readBody, type BodyEnd } from "./body";
import { followCancel } from "./cancels";
import { splitEvents } from "./events";
import { isOpen, match, open, type Match } from "./link";
import { chain, clone, Headers, nativeFetch, quietly, Request, wrap } from "./native";
import { watchEvents } from "./turns";

type HeaderList = [string, string][];

/** A request of the page, with the headers to ask again with. */
interface PageRequest extends Match {
  headers: HeaderList;
}

/** Paths whose last headers are remembered. */
const MAX_REMEMBERED = 200;

/** Headers that belong to one request and not to whoever sends it. */
const PER_REQUEST = /^(accept|cache-|content-|if-|last-event|pragma|range)/;

/** A server that never answers would keep its session from being asked for again. */
const ASK_MS = 60_000;

const remembered = new Map<string, HeaderList>();

/** The page's headers, read only from forms that reading does not use up. */
function headersOf(input: unknown, init: RequestInit | undefined): HeaderList {
  const source = init?.headers ?? (input instanceof Request ? input.headers : {});
  const isReadable =
    source instanceof Headers ||
    Array.isArray(source) ||
    Object.getPrototypeOf(source) === Object.prototype;
  return isReadable ? [...new Headers(source)].filter(([name]) => !PER_REQUEST.test(name)) : [];
}

function describe(input: unknown, init: RequestInit | undefined): PageRequest | null {
  const request = input instanceof Request ? input : null;
  const found = match("fetch", init?.method ?? request?.method ?? "GET", request?.url ?? input);
  if (!found) return null;
  const headers = headersOf(input, init);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(found.url.pathname, headers);
  return { ...found, headers };
}

/** Hands one body over, or watches it; answers what gives it up. */
function readResponse(
  request: PageRequest,
  response: Response,
  onEnd: (end: BodyEnd) => void,
): () => void {
  const { stream } = request.rule;
  if (stream) {
    const watch = splitEvents(watcher(request, stream));
    const onText = (text: string): boolean => {
      watch(text);
      return isOpen();
    };
    return readBody(response.body!, true, onText, onEnd);
  }
  const writer = open(request, response.status);
  const onText = (text: string): boolean => {
    writer.write(text);
    return isOpen();
  };
  return readBody(response.body!, false, onText, (end) => {
    writer.end(end !== "whole");
    onEnd(end);
  });
}

/** What takes the events of a stream, and asks with the page's headers for what each of them is about. */
export function watcher({ rule, headers }: PageRequest, stream: Stream): (event: string) => void {
  return watchEvents(rule, stream, async (path) => {
    try {
      const found = match("fetch", "GET", path);
      if (!found) return false;
      const init: RequestInit = {
        headers: remembered.get(found.url.pathname) ?? headers,
        cache: "no-store",
        signal: AbortSignal.timeout(ASK_MS),
      };
      const response = await nativeFetch(found.url.href, init);
      if (!response.ok) return false;
      return await new Promise<boolean>((resolve) => {
        readResponse({ ...found, headers }, response, (end) => resolve(end === "capped"));
      });
    } catch {
      // The site does not answer now. Its next turn, or the page's next load, reads the session.
      return false;
    }
  });
}

/** Looks at the page's own fetch, which returns the page's own promise and response; a copy is read where a rule matches. */
export function tapFetch(): void {
  wrap(window, "fetch", (_, [input, init], promise) => {
    const request = describe(input, init as RequestInit | undefined);
    if (!request) return;
    const look = (response: Response): void => {
      if (!response.ok) return;
      const giveUp = readResponse(request, clone(response), () => undefined);
      followCancel(response.body!, giveUp);
    };
    const onAnswer = (answer: unknown): void => quietly(() => look(answer as Response));
    // What failed is the page's to handle.
    void chain(promise, onAnswer, () => undefined);
  });
}
