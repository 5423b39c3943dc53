/**
 * From a chunk of a content script to rows in the outbox. The guarantee: `isStored` is answered only after everything new of the
 * observation is committed; whatever fails before makes the page keep it and try again.
 */
import type { Trouble } from "../utils/errors";
import type { ObservationAck } from "../utils/messages";
import type { Admission, GateSender } from "./gate";
import type { Captured } from "./outbox";
import type { Status } from "./status";
import { trouble } from "./troubles";

/** What one chunk led to. `read`: it completed an observation; `captured` is null when there is no session in it. */
export type Taken =
  | { kind: "read"; captured: Captured | null; trouble: Trouble | null }
  | { kind: "waiting" }
  | { kind: "incomplete" }
  | { kind: "refused" };

/** What observing needs from outside. */
export interface ObserverDeps {
  admit(sender: GateSender): Promise<Admission | null>;
  /** Checks and collects one chunk, and reads the observation once it is whole. */
  take(admission: Admission, chunk: unknown): Taken;
  /** Takes secrets out. */
  redact(captured: Captured): Promise<Captured>;
  /** Commits what is new to the outbox. */
  add(owner: string, captured: Captured): Promise<unknown>;
  status: Pick<Status, "setStorageTrouble" | "setAgentTrouble" | "clearAgentTrouble">;
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
    captured: Captured,
  ): Promise<ObservationAck> {
    const redacted = await deps.redact(captured);
    // Reading and redacting take time, in which the person may have switched off, paused or signed out.
    const still = await deps.admit(sender);
    if (still?.owner !== admission.owner || still.agentId !== admission.agentId) return STOP;
    try {
      await deps.add(admission.owner, redacted);
    } catch (error) {
      // Nothing was written, and the page keeps the observation. A status that cannot be written either changes nothing in that.
      await deps.status.setStorageTrouble(whyNotStored(error, deps.now())).catch(() => undefined);
      return AGAIN;
    }
    await deps.status.setStorageTrouble(null);
    deps.wake();
    return STORED;
  }

  return async (sender: GateSender, chunk: unknown): Promise<ObservationAck> => {
    const admission = await deps.admit(sender);
    if (admission === null) return STOP;
    const taken = deps.take(admission, chunk);
    if (taken.kind === "refused") return STOP;
    if (taken.kind !== "read") return AGAIN;
    const { agentId } = admission;
    if (taken.trouble) await deps.status.setAgentTrouble(agentId, taken.trouble);
    else if (taken.captured) await deps.status.clearAgentTrouble(agentId, "agent-unreadable");
    // What holds no session would hold none at the next try either.
    return taken.captured ? store(admission, sender, taken.captured) : STORED;
  };
}
