/** What the pages and the toolbar icon tell of capture: counts from the outbox, and the troubles that are not over. */
import type { Trouble } from "../utils/errors";
import type { AgentDrift, CaptureStatus } from "../utils/storage";
import type { SyncDatabase } from "./database";
import type { DrainNews } from "./drain";
import { countOutbox, type OutboxCounts } from "./outbox";

/** What the status needs from outside. */
export interface StatusDeps {
  getDatabase(): Promise<SyncDatabase>;
  /** WorkOS user id of the person who is signed in, or null. */
  getPerson(): Promise<string | null>;
  item: {
    getValue(): Promise<CaptureStatus>;
    setValue(status: CaptureStatus): Promise<void>;
    removeValue(): Promise<void>;
  };
  /** By WorkOS user id: the different secrets that were masked. */
  secretMasks: {
    getValue(): Promise<Record<string, string[]>>;
    setValue(masks: Record<string, string[]>): Promise<void>;
  };
  /** By WorkOS user id, then by agent: what has changed. */
  drift: { getValue(): Promise<Record<string, Record<string, AgentDrift>>> };
  showBadge(text: string): Promise<void>;
  now(): number;
}

/** More than a normal batch on its way: worth a number on the icon. */
const MANY = 20;

/** What stands on the toolbar icon: "!" when the person is needed, a count when much waits, else nothing. */
function badgeText(status: CaptureStatus, isSignedIn: boolean, hasChanged: boolean): string {
  const { trouble, agentTroubles, refused, waiting, waitingForOthers } = status;
  const isNeeded = (!isSignedIn && waitingForOthers > 0) || hasChanged;
  if (trouble || refused > 0 || isNeeded || Object.keys(agentTroubles).length > 0) return "!";
  if (waiting <= MANY) return "";
  return waiting > 999 ? "999+" : String(waiting);
}

/** The same trouble keeps the time at which it began. */
function later(current: Trouble | null | undefined, next: Trouble | null): Trouble | null {
  return current?.code === next?.code ? (current ?? null) : next;
}

/** Keeps the status item and the badge; its changes happen one after the other. */
export class Status {
  readonly #deps: StatusDeps;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: StatusDeps) {
    this.#deps = deps;
  }

  /** Counts anew. */
  refresh(): Promise<void> {
    return this.#change((status) => status);
  }

  /** Takes news of the drain. A full disk stays told until something could be stored again. */
  report({ trouble, stored }: DrainNews): Promise<void> {
    return this.#change((status) => ({
      ...status,
      trouble:
        status.trouble?.code === "storage-full" ? status.trouble : later(status.trouble, trouble),
      lastStoredAt: stored && stored.results.length > 0 ? this.#deps.now() : status.lastStoredAt,
    }));
  }

  /** What keeps captured messages from being stored here, or null when they are stored. */
  setStorageTrouble(trouble: Trouble | null): Promise<void> {
    return this.#change((status) => {
      if (trouble === null && status.trouble?.code !== "storage-full") return status;
      return { ...status, trouble: later(status.trouble, trouble) };
    });
  }

  /** Why an agent cannot be read. */
  setAgentTrouble(agentId: string, trouble: Trouble): Promise<void> {
    return this.#change((status) => {
      const next = later(status.agentTroubles[agentId], trouble) ?? trouble;
      return { ...status, agentTroubles: { ...status.agentTroubles, [agentId]: next } };
    });
  }

  /** This trouble of the agent, if it has it, is over. */
  clearAgentTrouble(agentId: string, code: Trouble["code"]): Promise<void> {
    return this.#change((status) => {
      const others = Object.entries(status.agentTroubles).filter(
        ([id, trouble]) => id !== agentId || trouble.code !== code,
      );
      return { ...status, agentTroubles: Object.fromEntries(others) };
    });
  }

  /** Counts the secrets of a person that were masked; one that was masked before counts once. */
  addMasks(owner: string, masks: readonly string[]): Promise<void> {
    return this.#change(async (status) => {
      const all = await this.#deps.secretMasks.getValue();
      const known = new Set(all[owner]);
      const before = known.size;
      for (const mask of masks) known.add(mask);
      if (known.size > before) {
        await this.#deps.secretMasks.setValue({ ...all, [owner]: [...known] });
      }
      return status;
    });
  }

  /** Forgets what was the person's who has signed out. */
  async clear(): Promise<void> {
    await this.#inTurn(() => this.#deps.item.removeValue());
    await this.refresh();
  }

  #change(
    change: (status: CaptureStatus) => CaptureStatus | Promise<CaptureStatus>,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const { item, getPerson, showBadge, secretMasks, drift } = this.#deps;
      const person = await getPerson();
      const before = await item.getValue();
      const wished = await change(before);
      const masked = (await secretMasks.getValue())[person ?? ""]?.length ?? 0;
      const after = { ...wished, masked, ...(await this.#count(person)) };
      if (JSON.stringify(after) !== JSON.stringify(before)) await item.setValue(after);
      const changed = Object.values((await drift.getValue())[person ?? ""] ?? {});
      const hasChanged = changed.some(({ problems }) => problems.length > 0);
      await showBadge(badgeText(after, person !== null, hasChanged));
    });
  }

  /** Nothing when the database cannot be read: that trouble is told by whoever needs it, beside the last counts. */
  async #count(person: string | null): Promise<Partial<OutboxCounts>> {
    try {
      return await countOutbox(await this.#deps.getDatabase(), person);
    } catch {
      return {};
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
