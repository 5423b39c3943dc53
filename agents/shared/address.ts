/** Addresses of requests and pages, which a reader must not trust to be any. */
import type { Observation } from "../agent";

/** What a pattern finds in path and query of the request; null where it does not match, or the address is none. */
export function pathMatch(observation: Observation, pattern: RegExp): RegExpExecArray | null {
  const url = URL.parse(observation.url);
  return url && pattern.exec(url.pathname + url.search);
}

/** A page of the origin that the observation's page lies on. */
export function ownPage(observation: Observation, path: string): string | undefined {
  const url = URL.parse(observation.pageUrl);
  return url && /^https?:$/.test(url.protocol) ? `${url.origin}${path}` : undefined;
}

/** The rule for addresses of one site: the first group that the pattern finds in the path, on that host. */
export function sessionOn(host: RegExp, path: RegExp): (url: URL) => string | null {
  return (url) => (host.test(url.host) ? (path.exec(url.pathname)?.[1] ?? null) : null);
}
