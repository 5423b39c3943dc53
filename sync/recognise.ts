/** Which self-hosted agent runs at an origin that the person names: asked of the origin itself. */
import type { Answer } from "../utils/errors";
import { trouble } from "./troubles";

/** What is asked, per agent. */
export interface Recognisable {
  id: string;
  selfHosted?: { path: string; isRecognised(body: unknown): boolean };
}

/** What asking needs from outside. */
export interface RecogniseDeps {
  agents: readonly Recognisable[];
  fetch: typeof globalThis.fetch;
  now(): number;
}

/** For all of it: some pages answer one of the paths with a stream that never ends. */
const TIMEOUT_MS = 5_000;

/** More than any such answer holds. */
const MAX_BYTES = 256 * 1024;

/** The beginning of a body, as text. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let left = MAX_BYTES;
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes.subarray(0, left), { stream: true });
    left -= bytes.length;
    if (left <= 0) break;
  }
  return text;
}

/** The JSON that an endpoint answers; undefined when it answers something else, null when nothing answers. */
async function ask(url: string, fetch: typeof globalThis.fetch): Promise<unknown> {
  const options = { credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
  const response = await fetch(url, options).catch(() => null);
  if (response === null) return null;
  try {
    return (JSON.parse(await textOf(response)) as unknown) ?? undefined;
  } catch {
    // A page of HTML, or an answer that was cut.
    return undefined;
  }
}

/**
 * Finds the agent at an exact origin; `agentId` null: something answers there that is none of them. The page has asked for the permission
 * already.
 */
export async function recogniseOrigin(
  origin: string,
  { agents, fetch, now }: RecogniseDeps,
): Promise<Answer<{ agentId: string | null }>> {
  const asked = agents.flatMap(({ id, selfHosted }) => (selfHosted ? [{ id, selfHosted }] : []));
  const bodies = await Promise.all(
    asked.map(({ selfHosted }) => ask(origin + selfHosted.path, fetch)),
  );
  const found = asked.find(({ selfHosted }, at) => {
    const body = bodies[at];
    return body !== null && body !== undefined && selfHosted.isRecognised(body);
  });
  if (found || bodies.some((body) => body !== null)) {
    return { ok: true, value: { agentId: found?.id ?? null } };
  }
  const words = {
    message: `Nothing answers at ${origin}, so nothing is captured there.`,
    next: "Start the agent there, check the address, and try again.",
  };
  return { ok: false, trouble: trouble("agent-unreadable", now(), words) };
}
