import type { PageRule } from "./rules";

/** Of these rules the first of each agent whose expression the request's body matches; the tap has looked at the address only. */
export function chooseRules(rules: readonly PageRule[], request: string): PageRule[] {
  const agents = new Set<string>();
  return rules.filter((rule) => {
    if (agents.has(rule.agent)) return false;
    if (rule.request !== undefined && !new RegExp(rule.request).test(request)) return false;
    agents.add(rule.agent);
    return true;
  });
}

/** The rules that read the answer to a request which capture itself had sent to the page's own host. */
export function rulesAt(rules: readonly PageRule[], method: string, address: string): PageRule[] {
  const { pathname, search } = new URL(address);
  return rules.filter(
    (rule) =>
      rule.tap !== undefined &&
      rule.transport !== "websocket" &&
      rule.method === method &&
      new RegExp(rule.path).test(pathname + search),
  );
}
