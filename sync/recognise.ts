/** Which self-hosted agent runs at an origin that the person names: asked of the origin itself. */
import type { Answer } from "../utils/errors";
import { trouble } from "./troubles";

/** What is asked, per agent. */
export interface Recognisable {
  id: string;
  name: string;
  selfHosted?: { path: string; isRecognised(body: unknown): boolean };
}

/** What asking needs from outside. */
export interface RecogniseDeps {
  agents: readonly Recognisable[];
  fetch: typeof globalThis.fetch;
  now(): number;
}

const TIMEOUT_MS = 5_000;

/** The JSON that an endpoint answers; undefined when it answers something else, null when nothing answers. */
async function ask(url: string, fetch: typeof globalThis.fetch): Promise<unknown> {
  const options = { credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
  const response = await fetch(url, options).catch(() => null);
  if (response === null) return null;
  return response.json().catch(() => undefined) as Promise<unknown>;
}

/** Finds the agent at an exact origin. The page has asked for the permission already. */
export async function recogniseOrigin(
  origin: string,
  { agents, fetch, now }: RecogniseDeps,
): Promise<Answer<{ agentId: string }>> {
  const hosted = agents.filter((agent) => agent.selfHosted);
  const names = hosted.map(({ name }) => name).join(" or ");
  let isThere = false;
  for (const { id, selfHosted } of hosted) {
    const body = await ask(`${origin}${selfHosted!.path}`, fetch);
    isThere ||= body !== null;
    if (body && selfHosted!.isRecognised(body)) return { ok: true, value: { agentId: id } };
  }
  const words = isThere
    ? {
        message: `What answers at ${origin} is not ${names}, so nothing is captured there.`,
        next: "Check the address: it is the one at which you open the agent in this browser.",
      }
    : {
        message: `Nothing answers at ${origin}, so nothing is captured there.`,
        next: `Start ${names} there, check the address, and try again.`,
      };
  return { ok: false, trouble: trouble("agent-unreadable", now(), words) };
}
