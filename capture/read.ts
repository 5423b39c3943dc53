import { validate } from "convex-helpers/validators";
import {
  type Agent,
  type MessageReading,
  type Observation,
  PAGE_TAP,
  type Reading,
  type Readings,
  type Tap,
} from "../agents/agent";
import { readPage } from "../agents/shared/page-reading";
import { isRefusal } from "../agents/shared/refusal";
import { vMessageReading, vSessionReading } from "../convex/validators";

/**
 * Why an observation was not read, or not all of it. `unplaced`: the reader does not know what it is. `failed`: the reader threw.
 * `odd-shape`: what it made has not the shape of a session or of messages; those that fit are kept.
 */
export interface ReadProblem {
  kind: "unplaced" | "failed" | "odd-shape";
  /** What of it: an error's name, or how many messages. Never content. */
  detail: string;
}

/** What an agent made of an observation, each checked, and what could not be read. */
export interface Read {
  /** Id of the tap that read it, without the agent's; "" when none of this agent did. */
  tap: string;
  readings: Reading[];
  problem: ReadProblem | null;
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

/** The readings whose session has its shape, with those of their messages that have theirs; and how many have not. */
export function checked(agent: Agent, found: Reading[]): { readings: Reading[]; detail: string } {
  let sessions = 0;
  let odd = 0;
  const readings = found.flatMap((reading) => {
    const session = { ...reading.session, agent: agent.id };
    if (session.key === "" || !validate(vSessionReading, session)) {
      sessions += 1;
      return [];
    }
    const messages = reading.messages.filter(isMessage);
    odd += reading.messages.length - messages.length;
    const { isTemporary, isElsewhere, fromPage } = reading;
    const marks = {
      ...(isTemporary && { isTemporary }),
      ...(isElsewhere && { isElsewhere }),
      ...(fromPage && { fromPage }),
    };
    return [{ session, messages, ...marks }];
  });
  if (sessions > 0) return { readings, detail: "its session" };
  return { readings, detail: odd > 0 ? `${odd} messages` : "" };
}

/** The agent's taps and, where it has one, the reader of its pages' elements. */
function readersOf(agent: Agent): Pick<Tap, "id" | "read">[] {
  const page = { id: PAGE_TAP, read: (observation: Observation) => readPage(agent, observation) };
  return agent.page ? [page, ...agent.taps] : agent.taps;
}

/** Whether it should have been readable: an answer that came whole, with something in it that is no mere refusal. */
function isExpected({ status, body, isTruncated }: Observation): boolean {
  const isAnswer = status === 0 || (status >= 200 && status < 300);
  return isAnswer && !isTruncated && body.trim() !== "" && !isRefusal(body);
}

/**
 * Reads one observation with the agent that its tap names and that the gate let in. A reading always carries that agent, whatever the
 * reader says. Everything is checked against the shapes of convex/validators; what does not fit, and an agent that throws, is told as a
 * problem, without any content.
 */
export function readObservation(agent: Agent, observation: Observation): Read {
  const names = observation.tap.split(" ");
  const tap = readersOf(agent).find(({ id }) => names.includes(`${agent.id}/${id}`));
  if (!tap) return { tap: "", readings: [], problem: null };
  const { id } = tap;
  let found: Readings;
  try {
    found = wellFormed(tap.read({ ...observation, tap: id }));
    if (found === null) {
      const problem = { kind: "unplaced" as const, detail: "" };
      return { tap: id, readings: [], problem: isExpected(observation) ? problem : null };
    }
    const { readings, detail } = checked(agent, found);
    return { tap: id, readings, problem: detail ? { kind: "odd-shape", detail } : null };
  } catch (error) {
    const detail = error instanceof Error ? error.name : "an error";
    return { tap: id, readings: [], problem: { kind: "failed", detail } };
  }
}
