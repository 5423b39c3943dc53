/**
 * From a chunk of a content script to rows in the outbox. The guarantee: `isStored` is answered only after everything new of the
 * observation is committed; whatever fails before makes the page keep it and try again.
 */
import type { Trouble } from "../utils/errors";
import type { ObservationAck } from "../utils/messages";
import type { RawAnswer } from "./database";
import type { Drift, NotedRead } from "./drift";
import { leaveOutElsewhere } from "./elsewhere";
import type { Admission, GateSender } from "./gate";
import type { Captured } from "./outbox";
import type { Status } from "./status";
import { trouble } from "./troubles";

/** What one agent made of an observation. */
export interface AgentRead extends NotedRead {
  readings: (Captured & { isTemporary?: true; isElsewhere?: true })[];
}

/**
 * What one chunk led to. `read`: it completed an observation, the `answer`; `reads` is empty when no agent that is switched on reads it.
 */
export type Taken =
  | { kind: "read"; reads: AgentRead[]; answer: RawAnswer }
  | { kind: "waiting" }
  | { kind: "incomplete" }
  | { kind: "refused" };

/** What observing needs from outside. */
export interface ObserverDeps {
  admit(sender: GateSender): Promise<Admission | null>;
  /** Checks and collects one chunk, and reads the observation once it is whole. */
  take(admission: Admission, chunk: unknown): Taken;
  /** Whether this person wants sessions that the site itself forgets. */
  keepsTemporary(owner: string): Promise<boolean>;
  /** Takes secrets out; `masks` are the different ones that it masked. */
  redact(captured: Captured): Promise<{ reading: Captured; masks: string[] }>;
  /** Commits what is new to the outbox. */
  add(owner: string, captured: Captured): Promise<unknown>;
  status: Pick<Status, "setStorageTrouble" | "addMasks">;
  drift: Pick<Drift, "note">;
  /** Something may wait to be sent. */
  wake(): void;
  now(): number;
}

const STOP: ObservationAck = { isStored: false, mustStop: true };
const AGAIN: ObservationAck = { isStored: false, mustStop: false };
const STORED: ObservationAck = { isStored: true, mustStop: false };

function whyNotStored(error: unknown, at: number): Trouble {
  if (error instanceof DOMException && error.name === "QuotaExceededError") {
    return trouble("storage-full", at);
  }
  return trouble("unexpected", at, {
    message:
      "The browser would not store what was captured, so it waits in the open page; what was stored before is safe.",
    next: "Keep the page open and restart the browser if this stays.",
  });
}

/** Builds the answer to `observe`. */
export function createObserver(deps: ObserverDeps) {
  async function store(
    admission: Admission,
    sender: GateSender,
    { agentId, readings }: AgentRead,
  ): Promise<ObservationAck> {
    for (const { session, messages, fromPage } of readings) {
      const { reading, masks } = await deps.redact({ session, messages });
      // Reading and redacting take time, in which the person may have switched off, paused or signed out.
      const still = await deps.admit(sender);
      if (still?.owner !== admission.owner) return STOP;
      // Another agent of this origin is still on: nothing more of this one.
      if (!still.agentIds.includes(agentId)) return STORED;
      await deps.add(admission.owner, fromPage ? { ...reading, fromPage } : reading);
      if (masks.length > 0) await deps.status.addMasks(admission.owner, masks);
    }
    return STORED;
  }

  async function storeAll(
    admission: Admission,
    sender: GateSender,
    reads: AgentRead[],
  ): Promise<ObservationAck> {
    try {
      for (const read of reads) {
        if ((await store(admission, sender, read)).mustStop) return STOP;
      }
    } catch (error) {
      // The page keeps the observation; what was written already is written once. A status that cannot be written changes nothing in that.
      await deps.status.setStorageTrouble(whyNotStored(error, deps.now())).catch(() => undefined);
      return AGAIN;
    }
    await deps.status.setStorageTrouble(null);
    deps.wake();
    return STORED;
  }

  async function withoutUnwanted(owner: string, read: AgentRead): Promise<AgentRead> {
    const isAnyTemporary = read.readings.some(({ isTemporary }) => isTemporary);
    const keepsAll = !isAnyTemporary || (await deps.keepsTemporary(owner));
    const kept = read.readings.filter(({ isTemporary }) => keepsAll || !isTemporary);
    const readings = await leaveOutElsewhere(owner, read.agentId, kept);
    return readings.length === read.readings.length ? read : { ...read, readings };
  }

  return async (sender: GateSender, chunk: unknown): Promise<ObservationAck> => {
    const admission = await deps.admit(sender);
    if (admission === null) return STOP;
    const taken = deps.take(admission, chunk);
    if (taken.kind === "refused") return STOP;
    if (taken.kind !== "read") return AGAIN;
    const wanted = await Promise.all(
      taken.reads.map((read) => withoutUnwanted(admission.owner, read)),
    );
    for (const [at, read] of wanted.entries()) {
      // Of a session that is not wanted the answer is not kept either.
      const answer = read === taken.reads[at] ? taken.answer : null;
      // What cannot be noted (a full disk) must not keep what was read from being stored.
      await deps.drift.note(admission.owner, read, answer).catch(() => undefined);
    }
    const found = wanted.filter((read) => read.readings.length > 0);
    // What holds no session would hold none at the next try either.
    return found.length > 0 ? storeAll(admission, sender, found) : STORED;
  };
}
