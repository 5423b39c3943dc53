import { validate } from "convex-helpers/validators";
import type { Agent, MessageReading, Observation, Reading } from "../agents/agent";
import { vMessageReading, vSessionReading } from "../convex/validators";
import type { Trouble } from "../utils/errors";

/** What an agent made of an observation: a reading or nothing, and what could not be read. */
export interface Read {
  reading: Reading | null;
  trouble: Trouble | null;
}

/** The path of an address without anything that could name a person or a session: ids become `:id`, the query goes. */
export function urlShape(address: string): string {
  const path = URL.parse(address)?.pathname ?? "";
  const isWord = /^[a-z][a-z_-]{0,30}$/i;
  return path
    .split("/")
    .slice(0, 12)
    .map((part) => (part === "" || isWord.test(part) ? part : ":id"))
    .join("/");
}

function unreadable(agent: Agent, observation: Observation, what: string, now: number): Trouble {
  return {
    code: "agent-unreadable",
    message:
      `${agent.name} could not be read: ${what} (${observation.method} ${urlShape(observation.url)}). ` +
      "What was saved before is safe; what this page shows now is not saved.",
    next: "Look for an update of OpenSync Companion; if there is none, report this line.",
    at: now,
  };
}

/** Convex refuses strings with lone surrogates, which a cut text can hold. */
function wellFormed<T>(value: T): T {
  if (typeof value === "string") return value.toWellFormed() as T;
  if (Array.isArray(value)) return value.map(wellFormed) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, wellFormed(inner as unknown)]),
  ) as T;
}

function isMessage(message: MessageReading): boolean {
  return message.key !== "" && validate(vMessageReading, message);
}

/**
 * Reads one observation with the agent of the origin that it came from. The page chooses neither the agent (a reading always carries
 * the origin's) nor a tap of another agent. Everything is checked against the shapes of convex/validators; what does not fit, and an agent
 * that throws, is told as trouble, with the shape of the address and never any content.
 */
export function readObservation(agent: Agent, observation: Observation, now: number): Read {
  const [agentId, tapId] = observation.tap.split("/");
  const tap = agent.taps.find((candidate) => candidate.id === tapId);
  if (agentId !== agent.id || !tap) return { reading: null, trouble: null };
  let found: Reading | null;
  try {
    found = wellFormed(tap.read({ ...observation, tap: tap.id }));
  } catch (error) {
    const name = error instanceof Error ? error.name : "an error";
    return {
      reading: null,
      trouble: unreadable(agent, observation, `its reader failed with ${name}`, now),
    };
  }
  if (!found) return { reading: null, trouble: null };
  const session = { ...found.session, agent: agent.id };
  if (session.key === "" || !validate(vSessionReading, session)) {
    return {
      reading: null,
      trouble: unreadable(agent, observation, "its session has another shape", now),
    };
  }
  const messages = found.messages.filter(isMessage);
  const odd = found.messages.length - messages.length;
  return {
    reading: { session, messages },
    trouble:
      odd > 0 ? unreadable(agent, observation, `${odd} messages have another shape`, now) : null,
  };
}
