/** The endpoints that can be made to fail. */
export type FailingEndpoint = "authorize" | "authenticate" | "jwks";

/** One failure in the queue of an endpoint. */
export interface Failure {
  on: FailingEndpoint;
  /** The status to answer with; without it, and without `error`, the request is only delayed. */
  status?: number;
  /** Seconds for the Retry-After header. */
  retryAfter?: number;
  /** Milliseconds to wait before answering. */
  delayMs?: number;
  /** An OAuth error to answer with, for example "invalid_grant" (status 400 unless given). */
  error?: string;
  /** For how many requests; 1 unless given. */
  times?: number;
}

/** The failures that tests have asked for, used up in order, each endpoint for itself. */
export class FailureQueue {
  readonly #waiting: Failure[] = [];

  /** Adds a failure behind those already waiting. */
  add(failure: Failure): void {
    this.#waiting.push({ ...failure });
  }

  /** Forgets every failure. */
  clear(): void {
    this.#waiting.length = 0;
  }

  /** Applies the next failure of the endpoint: waits, and answers the response to give instead of the real one. */
  async next(on: FailingEndpoint): Promise<Response | null> {
    const index = this.#waiting.findIndex((failure) => failure.on === on);
    const failure = this.#waiting[index];
    if (!failure) return null;
    failure.times = (failure.times ?? 1) - 1;
    if (failure.times <= 0) this.#waiting.splice(index, 1);
    if (failure.delayMs) await new Promise((resolve) => setTimeout(resolve, failure.delayMs));
    return failure.status || failure.error ? respond(failure) : null;
  }
}

const MEANINGS: Record<number, { code: string; message: string }> = {
  429: { code: "rate_limit_exceeded", message: "Too Many Requests" },
  500: { code: "internal_error", message: "Internal Server Error" },
  502: { code: "bad_gateway", message: "Bad Gateway" },
  503: { code: "service_unavailable", message: "Service Unavailable" },
  504: { code: "gateway_timeout", message: "Gateway Timeout" },
};

function respond(failure: Failure): Response {
  const status = failure.status ?? 400;
  const meaning = MEANINGS[status];
  const code = failure.error ?? meaning?.code ?? "error";
  const message = meaning?.message ?? "The request was refused because a test asked for it.";
  const headers: Record<string, string> = { "access-control-allow-origin": "*" };
  if (failure.retryAfter !== undefined) headers["retry-after"] = String(failure.retryAfter);
  return oauthError(status, code, message, headers);
}

/** An error in both shapes at once: OAuth's, which AuthKit's SDK reads, and the vendor's own. */
export function oauthError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = { "access-control-allow-origin": "*" },
): Response {
  const body = { error: code, error_description: message, code, message };
  return Response.json(body, { status, headers });
}
