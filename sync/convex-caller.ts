/** Calls to Convex in one person's name. */
import { ConvexHttpClient } from "convex/browser";
import type { Trouble } from "../utils/errors";
import {
  type CallFailure,
  classify,
  HttpFailure,
  type Later,
  type Refused,
  retryAfter,
} from "./convex-errors";
import { trouble } from "./troubles";

/** What the owner of the sign-in answers to a wish for a token. `unavailable`: signed in, but no token can be had now. */
export type TokenAnswer =
  | { kind: "token"; token: string }
  | { kind: "signed-out" }
  | { kind: "unavailable"; after?: number; trouble?: Trouble };

/** What calls need from outside. */
export interface CallerDeps {
  getToken(options: { forceRefresh: boolean }): Promise<TokenAnswer>;
  fetch: typeof globalThis.fetch;
  now(): number;
}

/** The end of a call: its value, or one of the failures that the drain tells apart. */
export type CallResult<Value> =
  | { kind: "done"; value: Value }
  | Later
  | { kind: "signed-out" }
  | { kind: "unknown-user" }
  | Refused;

/** A worker dies when a fetch is unanswered for 30 s; ending it before leaves time to note that. */
const CALL_TIMEOUT_MS = 25_000;

/** Convex's own status for a function that threw; its body is a function's result. */
const FUNCTION_FAILED = 560;

/** The person that a token speaks for, or null when it cannot be told. The signature is Convex's to check. */
function subjectOf(token: string): string | null {
  try {
    const payload = token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const { sub } = JSON.parse(atob(payload)) as { sub?: unknown };
    return typeof sub === "string" ? sub : null;
  } catch {
    // Not a JWT.
    return null;
  }
}

/** A client of one deployment whose fetch reports statuses that ConvexHttpClient would hide, and ends by itself. */
export function createClient(
  url: string,
  { fetch, now }: Pick<CallerDeps, "fetch" | "now">,
  token?: string,
): ConvexHttpClient {
  const watched: typeof globalThis.fetch = async (input, init) => {
    const response = await fetch(input, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    if (response.ok || response.status === FUNCTION_FAILED) return response;
    throw new HttpFailure(response.status, retryAfter(response.headers.get("Retry-After"), now()));
  };
  return new ConvexHttpClient(url, {
    skipConvexDeploymentUrlCheck: true,
    logger: false,
    fetch: watched,
    ...(token === undefined ? {} : { auth: token }),
  });
}

/** Builds the function that runs `work` on `url` as `owner`. A refused token is refreshed once, and nobody else's token is ever used. */
export function createCaller(deps: CallerDeps) {
  async function attempt<Value>(
    url: string,
    owner: string,
    work: (client: ConvexHttpClient) => Promise<Value>,
    forceRefresh: boolean,
  ): Promise<{ kind: "done"; value: Value } | CallFailure> {
    const answer = await deps.getToken({ forceRefresh });
    if (answer.kind === "signed-out") return answer;
    if (answer.kind === "unavailable") {
      const why = answer.trouble ?? trouble("sign-in-unreachable", deps.now());
      return { kind: "later", after: answer.after, trouble: why };
    }
    if (subjectOf(answer.token) !== owner) return { kind: "signed-out" };
    try {
      return { kind: "done", value: await work(createClient(url, deps, answer.token)) };
    } catch (error) {
      return classify(error, deps.now());
    }
  }

  return async function call<Value>(
    url: string,
    owner: string,
    work: (client: ConvexHttpClient) => Promise<Value>,
  ): Promise<CallResult<Value>> {
    const first = await attempt(url, owner, work, false);
    if (first.kind !== "unauthorised") return first;
    const second = await attempt(url, owner, work, true);
    if (second.kind !== "unauthorised") return second;
    return { kind: "later", trouble: trouble("token-refused", deps.now()) };
  };
}

/** Runs calls in one person's name. */
export type Caller = ReturnType<typeof createCaller>;
