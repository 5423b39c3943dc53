/** Whether traffic is a site's own: several sites speak alike, and only their hosts tell them apart. */
import type { Observation } from "../agent";

/** What the pattern finds in path and query of a request to the host; null where host or path is another. */
export function siteMatch(
  observation: Observation,
  host: RegExp,
  path: RegExp,
): RegExpExecArray | null {
  const url = URL.parse(observation.url);
  return url && host.test(url.host) ? path.exec(url.pathname + url.search) : null;
}

/** The session that the observation's page shows, by the agent's own rule. */
export function shownSession(
  observation: Observation,
  session: (url: URL) => string | null,
): string | null {
  const url = URL.parse(observation.pageUrl);
  return url && session(url);
}
