/** The URL of the Convex deployment: brought to one form, and really tried. */
import { api } from "../convex/_generated/api";
import type { Answer } from "../utils/errors";
import { type CallerDeps, createClient } from "./convex-caller";
import { classify, HttpFailure } from "./convex-errors";
import { trouble } from "./troubles";

const CHECK_TIMEOUT_MS = 10_000;

/** The two names that the pages' content security policy lets a WebSocket to (wxt.config.ts). */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1";
}

/** The deployment's URL without what does not belong to it, or why it cannot be one. */
export function normaliseDeployment(typed: string, at: number): Answer<string> {
  const no = (message: string, next: string): Answer<never> => ({
    ok: false,
    trouble: trouble("deployment-invalid", at, { message, next }),
  });
  const url = URL.parse(typed.trim());
  if (!url || !["https:", "http:"].includes(url.protocol)) {
    return no(
      "This is not a URL, so nothing can be sent to it.",
      "Enter it with https:// in front.",
    );
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return no(
      "This URL is not encrypted, so everything captured could be read on the way.",
      "Use https://; http:// is for this machine only.",
    );
  }
  if (url.hostname.endsWith(".convex.site")) {
    return no(
      "This is the deployment's address for HTTP actions, which takes no sessions.",
      "Use the one that ends in .convex.cloud.",
    );
  }
  if (url.username || url.password) {
    return no("This URL holds a password, which Convex does not use.", "Enter it without one.");
  }
  return { ok: true, value: `${url.origin}${url.pathname.replace(/\/+$/, "")}` };
}

/** What Convex says of its version; "" when a proxy keeps it to itself. Throws when nothing answers. */
async function readVersion(url: string, fetch: typeof globalThis.fetch): Promise<string> {
  const response = await fetch(`${url}/version`, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
  if (response.status >= 500) throw new HttpFailure(response.status, undefined);
  const text = (await response.text()).trim();
  return response.ok && text.length <= 100 && !text.startsWith("<") ? text : "";
}

/** Asks the deployment, as nobody, who they are: only one with this extension's functions can answer. */
export async function checkDeployment(
  typed: string,
  { fetch, now }: Pick<CallerDeps, "fetch" | "now">,
): Promise<Answer<{ version: string }>> {
  const url = normaliseDeployment(typed, now());
  if (!url.ok) return url;
  try {
    const version = await readVersion(url.value, fetch);
    await createClient(url.value, { fetch, now }).query(api.users.me, {});
    return { ok: true, value: { version } };
  } catch (error) {
    const failure = classify(error, now());
    if (failure.kind === "later") return { ok: false, trouble: failure.trouble };
    // Convex answers nobody too, and this query takes no arguments that it could refuse.
    const code = failure.kind === "refused" ? "deployment-outdated" : "deployment-invalid";
    return { ok: false, trouble: trouble(code, now()) };
  }
}
