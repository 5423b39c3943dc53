/**
 * Drift: an agent's site sends something else than its reader knows. Marks the agent for the person, keeps the answers that could not be read
 * (masked, the last few, on this machine only), and takes the mark away when the same tap is read again. Capture goes on meanwhile with what
 * is understood.
 */
import type { AgentDrift, DriftProblem } from "../utils/storage";
import type { RawAnswer, SyncDatabase } from "./database";
import {
  newKinds,
  NO_DRIFT,
  withDismissal,
  withSign,
  withTapRead,
  withTraffic,
  withVersion,
} from "./drift-marks";
import { type AgentFacts, driftReport } from "./drift-report";
import { capped, countFailures, deleteFailures, keepFailure, readFailures } from "./drift-store";
import type { Captured } from "./outbox";

type Drifts = Record<string, Record<string, AgentDrift>>;

/** What an agent made of one answer. */
export interface NotedRead {
  agentId: string;
  /** Id of the tap, without the agent's. */
  tap: string;
  readings: readonly Captured[];
  problem: {
    kind: Exclude<DriftProblem["kind"], "silent" | "unknown-part">;
    /** What of it: an error's name, or how many messages. Never content. */
    detail: string;
  } | null;
}

/** What drift needs from outside. */
export interface DriftDeps {
  getDatabase(): Promise<SyncDatabase>;
  /** By person, then by agent. */
  item: { getValue(): Promise<Drifts>; setValue(drifts: Drifts): Promise<void> };
  /** Whether the person is signed in, has agreed, and has the agent switched on. */
  isWanted(owner: string, agentId: string): Promise<boolean>;
  /** Takes secrets out. */
  redact(answer: RawAnswer): Promise<RawAnswer>;
  /** The shape of an answer without its content. */
  shapeOf(agentId: string, tap: string, answer: RawAnswer): string;
  agentOf(agentId: string): AgentFacts | null;
  /** Of the extension. */
  version: string;
  /** Called after each change. */
  onChange(): Promise<void>;
  now(): number;
}

/** Id under which what a page's elements tell arrives (PAGE_TAP of agents/agent). */
const PAGE_TAP = "page";
/** Stands for the tap of a page that is silent. */
const SILENT = "";

/** A kind as a name of the site's code; anything else is not shown. */
function asKind(kind: string): string {
  return /^[a-z][\w.:/-]{0,39}$/i.test(kind) ? kind : "other";
}

function unknownKinds(readings: readonly Captured[]): string[] {
  const parts = readings.flatMap(({ messages }) => messages.flatMap((message) => message.parts));
  return [
    ...new Set(parts.flatMap((part) => (part.type === "unknown" ? [asKind(part.kind)] : []))),
  ];
}

/** Drift of all agents; its changes happen one after the other. */
export class Drift {
  readonly #deps: DriftDeps;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: DriftDeps) {
    this.#deps = deps;
  }

  /**
   * Takes note of how an answer was read. `answer` is kept if it could not be; null: it is not to be kept. When this resolves, it is
   * committed.
   */
  note(owner: string, read: NotedRead, answer: RawAnswer | null): Promise<void> {
    return this.#inTurn(async () => {
      const { agentId, problem, readings } = read;
      const before = await this.#get(owner, agentId);
      const kinds = newKinds(before, unknownKinds(readings));
      const after = this.#marked(before, read, kinds);
      if (after !== before && !(await this.#set(owner, agentId, after))) return;
      if (answer === null || (problem === null && kinds.length === 0)) return;
      await this.#keep(owner, read, answer);
    });
  }

  /** The page shows messages, and no request brought them. */
  noteSilence(owner: string, agentId: string): Promise<void> {
    return this.#change(owner, agentId, (drift) =>
      withSign(drift, { kind: "silent", tap: SILENT }, this.#seen()),
    );
  }

  /** The person has seen it: the mark and the answers go. */
  dismiss(owner: string, agentId: string): Promise<void> {
    return this.#inTurn(async () => {
      await deleteFailures(await this.#deps.getDatabase(), owner, agentId);
      await this.#put(owner, agentId, withDismissal(await this.#get(owner, agentId)));
    });
  }

  /** Deletes the answers; the mark stays. */
  deleteKept(owner: string, agentId: string): Promise<void> {
    return this.#inTurn(async () => {
      await deleteFailures(await this.#deps.getDatabase(), owner, agentId);
      await this.#put(owner, agentId, { ...(await this.#get(owner, agentId)), kept: 0 });
    });
  }

  /** The agent was switched off: nothing of this is left. */
  forget(owner: string, agentId: string): Promise<void> {
    return this.#inTurn(async () => {
      await deleteFailures(await this.#deps.getDatabase(), owner, agentId);
      await this.#put(owner, agentId, NO_DRIFT);
    });
  }

  /** Another version runs: what was unknown to the older one may be known, and the answers may have been read. */
  renew(owner: string, agentId: string): Promise<void> {
    return this.#inTurn(async () => {
      const kept = await countFailures(await this.#deps.getDatabase(), owner, agentId);
      const drift = await this.#get(owner, agentId);
      const { agentOf, version } = this.#deps;
      const taps = agentOf(agentId)?.taps.map(({ id }) => id) ?? [];
      const after = withVersion(drift, version, [...taps, PAGE_TAP, SILENT]);
      if (after !== drift || kept !== drift.kept)
        await this.#put(owner, agentId, { ...after, kept });
    });
  }

  /** Ids of the agents with something to tell of. */
  async agentIds(owner: string): Promise<string[]> {
    return Object.keys((await this.#deps.item.getValue())[owner] ?? {});
  }

  /** The report on an agent as text; "" for an agent that does not exist. */
  async report(owner: string, agentId: string): Promise<string> {
    const agent = this.#deps.agentOf(agentId);
    if (!agent) return "";
    const failures = await readFailures(await this.#deps.getDatabase(), owner, agentId);
    return driftReport(agent, await this.#get(owner, agentId), failures, this.#deps.version);
  }

  #seen() {
    return { now: this.#deps.now(), version: this.#deps.version };
  }

  #marked(drift: AgentDrift, { tap, problem, readings }: NotedRead, kinds: string[]): AgentDrift {
    let next = drift;
    if (problem) next = withSign(next, { kind: problem.kind, tap }, this.#seen());
    else if (readings.length > 0) next = withTapRead(next, tap);
    // What the page's elements tell does not mean that its traffic can be read.
    if (readings.some(({ fromPage }) => fromPage === undefined)) next = withTraffic(next);
    if (kinds.length > 0) next = withSign(next, { kind: "unknown-part", tap, kinds }, this.#seen());
    return next;
  }

  async #keep(owner: string, read: NotedRead, whole: RawAnswer): Promise<void> {
    const { redact, shapeOf, isWanted, getDatabase, version, now } = this.#deps;
    const { agentId: agent, tap, problem } = read;
    const { kind, detail } = problem ?? { kind: "unknown-part", detail: "" };
    const shape = shapeOf(agent, tap, whole);
    const answer = await redact(capped(whole));
    // Masking takes time, in which the person may have switched off or signed out.
    if (!(await isWanted(owner, agent))) return;
    const row = { owner, agent, tap, kind, detail, at: now(), version, answer, shape };
    const kept = await keepFailure(await getDatabase(), row);
    await this.#put(owner, agent, { ...(await this.#get(owner, agent)), kept });
  }

  async #get(owner: string, agentId: string): Promise<AgentDrift> {
    return (await this.#deps.item.getValue())[owner]?.[agentId] ?? NO_DRIFT;
  }

  /** False when the person does not want the agent any more: nothing is written then. */
  async #set(owner: string, agentId: string, drift: AgentDrift): Promise<boolean> {
    if (!(await this.#deps.isWanted(owner, agentId))) return false;
    await this.#put(owner, agentId, drift);
    return true;
  }

  async #put(owner: string, agentId: string, drift: AgentDrift): Promise<void> {
    const all = await this.#deps.item.getValue();
    const mine = { ...all[owner], [agentId]: drift };
    const isNothing =
      drift.problems.length === 0 && drift.kept === 0 && drift.dismissedKinds.length === 0;
    if (isNothing) Reflect.deleteProperty(mine, agentId);
    await this.#deps.item.setValue({ ...all, [owner]: mine });
    await this.#deps.onChange();
  }

  #change(
    owner: string,
    agentId: string,
    change: (drift: AgentDrift) => AgentDrift,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const before = await this.#get(owner, agentId);
      const after = change(before);
      if (after !== before) await this.#set(owner, agentId, after);
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
