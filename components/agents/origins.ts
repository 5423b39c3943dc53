import type { Agent } from "../../agents/agent";
import type { AgentSwitch } from "../../utils/storage";

/** What became of an address that a person typed. */
export type OriginReading =
  | { kind: "origin"; origin: string }
  /** Fine, but everybody on the way can read it: the person must say that this is meant. */
  | { kind: "unencrypted"; origin: string }
  | { kind: "wrong"; error: string };

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function wrong(error: string): OriginReading {
  return { kind: "wrong", error };
}

/** Whether a host name means this computer. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** Reads the address of a self-hosted agent, as somebody types it. */
export function readOrigin(typed: string): OriginReading {
  const text = typed.trim();
  if (text === "") return wrong("Type the address, for example https://agent.example.com.");
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    return wrong(
      "Start the address with https:// or http://, for example https://agent.example.com.",
    );
  }
  const url = parse(text);
  if (!url) return wrong("This is not an address. Check it for typing errors.");
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return wrong("Only pages at https:// and http:// addresses can be captured.");
  }
  if (url.username !== "" || url.password !== "") {
    return wrong(`Leave out the user name and password: ${url.origin}`);
  }
  if (url.hostname.includes("*")) return wrong("Name one host; a * is not possible here.");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return wrong(`Leave out everything after the host: ${url.origin}`);
  }
  const isSafe = url.protocol === "https:" || isLoopback(url.hostname);
  return { kind: isSafe ? "origin" : "unencrypted", origin: url.origin };
}

/** The match pattern that asks the browser for an origin. Firefox's patterns cannot hold a port; there, the host as a whole is asked. */
export function permissionPattern(
  origin: string,
  isFirefox = import.meta.env.BROWSER === "firefox",
): string {
  const url = new URL(origin.replace(/\/\*$/, ""));
  return `${url.protocol}//${isFirefox ? url.hostname : url.host}/*`;
}

/** Every pattern that an agent needs, with the origins that the person named for it. */
export function permissionPatterns(
  agent: { origins: string[] },
  named: string[],
  isFirefox = import.meta.env.BROWSER === "firefox",
): string[] {
  return [
    ...new Set([...agent.origins, ...named].map((origin) => permissionPattern(origin, isFirefox))),
  ];
}

/**
 * Whether the browser lacks a permission that an agent which is on needs: every origin that the person named, and where none is named, one of
 * its own. The same rule as for the content scripts.
 */
export function isPermissionMissing(
  agent: { origins: string[] },
  named: string[],
  granted: ReadonlySet<string>,
  isFirefox = import.meta.env.BROWSER === "firefox",
): boolean {
  const isGranted = (origin: string) => granted.has(permissionPattern(origin, isFirefox));
  return named.length > 0 ? !named.every(isGranted) : !agent.origins.some(isGranted);
}

/** A match pattern or origin as people write it: "chatgpt.com", "http://localhost:4096". */
export function originLabel(pattern: string): string {
  const bare = pattern.replace(/\/\*$/, "");
  return bare.startsWith("https://") ? bare.slice("https://".length) : bare;
}

/** What of an agent decides whose an origin is. */
interface Claimant {
  id: string;
  kind: Agent["kind"];
  origins: string[];
}

/**
 * The agent to which an origin belongs already: one that the person named it for, or whose own it is. On the person's
 * own machine an agent's own origins are only where it usually runs, and count while it is on.
 */
export function ownerOf<Known extends Claimant>(
  origin: string,
  agents: readonly Known[],
  switches: Record<string, AgentSwitch>,
): Known | undefined {
  return agents.find(({ id, kind, origins }) => {
    if (switches[id]?.origins.includes(origin)) return true;
    const isSite = kind !== "self-hosted" || origin.startsWith("https:");
    return (isSite || switches[id]?.isEnabled === true) && origins.includes(`${origin}/*`);
  });
}
