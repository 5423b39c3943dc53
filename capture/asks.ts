/**
 * What the tap is to ask on capture's behalf. It sends with the page's own headers, which never leave the page's world; everything else,
 * cookies in a path too, is decided here.
 */
import type { PageAnswer, PageAsk } from "../utils/messages";
import type { Body } from "./pieces";
import type { Ask } from "./seal";

/** The tap gives up after a minute; this is for one that is gone. */
const ANSWER_MS = 65_000;

/** A request of the page, without its headers. */
export interface Sent {
  url: string;
  method: string;
  body: string;
}

/** What asking needs from outside. */
export interface AsksDeps {
  /** The last request of the page whose answer a tap (`<agent>/<tap>`) took. */
  lastOf(tap: string): Sent | undefined;
  /** Hands an ask to the tap; false when there is none. */
  post(ask: Ask): boolean;
  /** The page's cookies, as `document.cookie` gives them. */
  cookies(): string;
  origin: string;
  now(): number;
}

/** Asks, each answered once. */
export interface Asks {
  /** GETs a path of the page's own origin; null when it cannot be asked or nobody answers. */
  get(agent: string, path: string): Promise<Body | null>;
  /** Sends what the background wants sent, one after the other. */
  page(ask: PageAsk): Promise<PageAnswer | null>;
  /** Takes the body of an answer. */
  answer(body: Body): void;
}

/** The value of a cookie, as it may stand in a path; null when there is none. */
function cookieOf(cookies: string, name: string): string | null {
  const found = cookies.split("; ").find((cookie) => cookie.startsWith(`${name}=`));
  if (found === undefined) return null;
  const value = found.slice(name.length + 1);
  try {
    return encodeURIComponent(decodeURIComponent(value));
  } catch {
    // Its percent signs are its own.
    return encodeURIComponent(value);
  }
}

/** The path with `{name}` replaced by the cookie of that name, as an absolute address; null when a cookie is missing or it leads elsewhere. */
export function ownAddress(path: string, origin: string, cookies: string): string | null {
  let isWhole = true;
  const filled = path.replace(/\{([\w.-]+)\}/g, (_, name: string) => {
    const value = cookieOf(cookies, name);
    isWhole &&= value !== null;
    return value ?? "";
  });
  const url = isWhole ? URL.parse(filled, origin) : null;
  return url?.origin === origin ? url.href : null;
}

/** The request with replacements in its address and body; null when it would go to another host. */
export function alike(sent: Sent, replace: { pattern: string; with: string }[]): Sent | null {
  const change = (text: string): string =>
    replace.reduce(
      (done, { pattern, with: by }) => done.replace(new RegExp(pattern, "g"), by),
      text,
    );
  const url = URL.parse(change(sent.url));
  if (url?.host !== URL.parse(sent.url)?.host) return null;
  return { url: url!.href, method: sent.method, body: change(sent.body) };
}

/** Seconds of a Retry-After, which is a number of them or a date. */
export function secondsOf(retryAfter: string | null | undefined, now: number): number | null {
  if (!retryAfter) return null;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1_000));
}

/** One for the script's life. */
export function createAsks(deps: AsksDeps): Asks {
  const pending = new Map<number, (body: Body | null) => void>();
  let count = 0;
  let turn: Promise<unknown> = Promise.resolve();

  function send(wish: Omit<Ask, "ask">): Promise<Body | null> {
    const ask = (count += 1);
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(null), ANSWER_MS);
      function done(body: Body | null): void {
        clearTimeout(timer);
        pending.delete(ask);
        resolve(body);
      }
      pending.set(ask, done);
      if (!deps.post({ ask, ...wish })) done(null);
    });
  }

  async function get(agent: string, path: string): Promise<Body | null> {
    const url = ownAddress(path, deps.origin, deps.cookies());
    return url === null ? null : send({ agent, method: "GET", url });
  }

  /** The same wish in the tap's words; null when it cannot be asked. */
  function asAsk({ agent, method, path, body, headers, like }: PageAsk): Omit<Ask, "ask"> | null {
    if (!like) {
      const url = ownAddress(path, deps.origin, deps.cookies());
      return url === null ? null : { agent, method, url, body, headers };
    }
    const last = deps.lastOf(`${agent}/${like.tap}`);
    const again = last && alike(last, like.replace);
    return again ? { agent, headers, ...again, body: again.body || undefined } : null;
  }

  async function askPage(wish: PageAsk): Promise<PageAnswer | null> {
    const ask = asAsk(wish);
    const answer = ask && (await send(ask));
    if (!answer) return null;
    const { status, retryAfter, url, method, request } = answer.head;
    const text = answer.texts.join("");
    return {
      status,
      retryAfter: secondsOf(retryAfter, deps.now()),
      url,
      method,
      request: text.slice(0, request),
      body: text.slice(request),
      isTruncated: answer.isTruncated,
    };
  }

  return {
    get,
    page(wish) {
      const result = turn.then(() => askPage(wish));
      turn = result.catch(() => undefined);
      return result;
    },
    answer(body) {
      pending.get(body.head.ask!)?.(body.head.status === 0 ? null : body);
    },
  };
}
