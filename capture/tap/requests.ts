/** The headers of the page's requests, so that capture can have something asked with them: they never leave this world. */
import { requestText } from "./body";
import { open, type Found, type Writer } from "./link";

export type HeaderList = [string, string][];

/** Begins to hand over the answer to a request. */
export type Begin = (status: number) => Promise<Writer>;

/** Addresses whose last headers are remembered. */
const MAX_REMEMBERED = 200;

/** By host and path, and by agent and host. */
const remembered = new Map<string, HeaderList>();

/** Notes a request that the page is about to send. */
export function begin({ url, rules }: Found, headers: HeaderList, body: unknown): Begin {
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(url.host + url.pathname, headers);
  for (const { agent } of rules) remembered.set(agent + url.host, headers);
  const text = requestText(body);
  const head = { rules: rules.map(({ at }) => at), url: url.href, method: rules[0]!.method };
  return async (status) => open({ ...head, status }, await text);
}

/** The page's last headers for an address, or else of the agent on that host. */
export function headersFor(agent: string, { host, pathname }: URL): HeaderList {
  return remembered.get(host + pathname) ?? remembered.get(agent + host) ?? [];
}
