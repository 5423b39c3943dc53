/**
 * Watches the answers of WorkOS's token endpoint. authkit-js keeps to itself which error a refused refresh had and what Retry-After said,
 * but only a confirmed invalid_grant may end a sign-in, and a server that asks for time must get it.
 */

/** The last answer of the token endpoint. */
export interface AuthenticateAnswer {
  status: number;
  /** The OAuth error code, when the body has one. */
  error: string | null;
  retryAfterMs: number | null;
}

/** A watch over one document's fetch. */
export interface AuthenticateWatch {
  /** The last answer since `reset`, or null when there was none. */
  last(): AuthenticateAnswer | null;
  reset(): void;
}

const PATH = "/user_management/authenticate";

/** Longer than a slow answer, shorter than the time in which WorkOS still accepts the same refresh token again (about 30 s). */
const ANSWER_TIMEOUT_MS = 20_000;

/** Wraps the fetch of `scope` for the token endpoint only; every other request passes untouched. */
export function watchAuthenticate(
  scope: { fetch: typeof fetch },
  timeoutMs = ANSWER_TIMEOUT_MS,
): AuthenticateWatch {
  const plainFetch = scope.fetch.bind(scope);
  let last: AuthenticateAnswer | null = null;
  scope.fetch = async (input, init) => {
    if (pathOf(input) !== PATH) return await plainFetch(input, init);
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await plainFetch(input, { ...init, signal });
    last = {
      status: response.status,
      error: response.ok ? null : await errorOf(response.clone()),
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), Date.now()),
    };
    return response;
  };
  return { last: () => last, reset: () => void (last = null) };
}

/** Retry-After is seconds or an HTTP date; null when absent or neither. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

function pathOf(input: RequestInfo | URL): string {
  return new URL(input instanceof Request ? input.url : input, "https://none.invalid").pathname;
}

async function errorOf(response: Response): Promise<string | null> {
  // A gateway's error page is not JSON; then there is no code.
  const body: unknown = await response.json().catch(() => null);
  if (typeof body !== "object" || body === null) return null;
  const { error, code } = body as { error?: unknown; code?: unknown };
  return typeof error === "string" ? error : typeof code === "string" ? code : null;
}
