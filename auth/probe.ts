/** One look at an address of WorkOS, to tell apart what a failed sign-in window cannot. */
import { browser } from "../utils/browser";
import { workosPermission } from "./endpoints";

/** `withheld`: the server is there, but the browser does not let the extension read its answer. */
export type Probe =
  | { kind: "answer"; status: number; isRedirect: boolean; text: string }
  | { kind: "withheld" }
  | { kind: "unreachable" };

/** What a probe needs of the browser; parameters for tests. */
export interface ProbeDeps {
  fetch: typeof fetch;
  /** Whether the extension holds the host permission for WorkOS. */
  hasPermission(): Promise<boolean>;
}

const TIMEOUT_MS = 15_000;

/** The browser's own. */
export const browserProbe: ProbeDeps = {
  fetch: (input, init) => fetch(input, init),
  hasPermission: () => browser.permissions.contains({ origins: [workosPermission()] }),
};

/** Asks once, without cookies and without following where it leads. */
export async function probe(url: string, deps: ProbeDeps): Promise<Probe> {
  const options: RequestInit = { credentials: "omit", cache: "no-store" };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await deps.fetch(url, { ...options, redirect: "manual", signal });
    const isRedirect = response.type === "opaqueredirect";
    const text = isRedirect ? "" : await response.text();
    return { kind: "answer", status: response.status, isRedirect, text };
  } catch {
    if (await deps.hasPermission()) return { kind: "unreachable" };
  }
  // Without the permission a refused CORS check looks like no network; this request is not checked.
  const isThere = await deps
    .fetch(url, { ...options, mode: "no-cors", signal: AbortSignal.timeout(TIMEOUT_MS) })
    .then(
      () => true,
      () => false,
    );
  return isThere ? { kind: "withheld" } : { kind: "unreachable" };
}
