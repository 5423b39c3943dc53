/**
 * Fetches an agent's earlier sessions when the person asks for it. The guarantee: how far it is, is committed before each next request, so
 * that a killed worker goes on where it was and fetches nothing twice but the session in flight; and it never runs on its own: a browser
 * that was restarted, and whatever forbids capture, pauses it until the person says otherwise.
 */
import type { BackfillStatus, BackfillWish } from "../utils/backfill-run";
import type { Answer } from "../utils/errors";
import type { PageAsk } from "../utils/messages";
import { LONGEST_WAIT_MS } from "./backfill-answer";
import { type AskDeps, type BackfillPages, createAsk } from "./backfill-ask";
import { statusOf } from "./backfill-status";
import { type BackfillSource, createSteps, type StepDeps } from "./backfill-steps";
import { type BackfillRun, type BackfillStore, newRun, type RunChange } from "./backfill-store";
import { notPermitted, type PauseReason, pauseTrouble } from "./backfill-troubles";

/** What a backfill needs from outside. */
export interface BackfillDeps extends Pick<StepDeps, "keep" | "reportList" | "isHeld"> {
  store: BackfillStore;
  /** null for an agent whose history cannot be asked for. */
  sourceOf(agentId: string): BackfillSource | null;
  /** WorkOS user id, or null: signed out. */
  getPerson(): Promise<string | null>;
  /** Why nothing may be fetched of an agent for this person now, or null. */
  hindrance(owner: string, agentId: string): Promise<PauseReason | null>;
  /** The origin whose pages are asked, the wanted one if there is one; null when none is permitted. */
  chooseOrigin(owner: string, agentId: string, wanted: string | undefined): Promise<string | null>;
  pages: BackfillPages;
  /** By WorkOS user id, then by agent. */
  publish(statuses: Record<string, Record<string, BackfillStatus>>): Promise<void>;
  /** An id that changes when the browser is restarted. */
  getLife(): Promise<string>;
  /** Wakes the worker, should it have died. */
  alarm: { set(at: number): Promise<void>; clear(): Promise<void> };
  /** Waits, and keeps the worker awake meanwhile. */
  sleep(ms: number): Promise<void>;
  now(): number;
  random(): number;
  pauseMs: AskDeps["pauseMs"];
}

/** A worker that has died is woken after this. */
const ALARM_MS = 30_000;

/** A living worker sits out waits up to this; for longer ones the alarm wakes it. */
const SIT_MS = 20_000;

/** As SIT_MS, in the middle of a session, which would begin anew. */
const SIT_IN_SESSION_MS = 5 * 60_000;

/** One for the worker's life. */
export class Backfill {
  readonly #deps: BackfillDeps;
  readonly #ask: ReturnType<typeof createAsk>;
  readonly #steps: ReturnType<typeof createSteps>;
  /** By owner and agent: the loops that are under way, and those that are to look again. */
  readonly #looping = new Set<string>();
  readonly #woken = new Set<string>();

  constructor(deps: BackfillDeps) {
    this.#deps = deps;
    const change = (run: BackfillRun, patch: RunChange) => this.#change(run, patch);
    const isOn = async (run: BackfillRun) => (await this.#current(run)) !== null;
    this.#ask = createAsk({ ...deps, change, isOn });
    this.#steps = createSteps({
      ...deps,
      change,
      ask: (run, wish) => this.#askPatiently(run, wish),
      pause: (run, why) => this.#pause(run, why),
      finish: (run) => this.#end(run, "done"),
    });
  }

  /** Does what the person wants of an agent's backfill. */
  async wish(agentId: string, wish: BackfillWish, wanted?: string): Promise<Answer> {
    const { store, getPerson, hindrance, now } = this.#deps;
    const owner = await getPerson();
    if (this.#deps.sourceOf(agentId) === null) throw new Error("This agent has no history.");
    const run = owner === null ? undefined : await store.readRun({ owner, agent: agentId });
    if (wish === "pause" && run?.state === "running") await this.#pause(run, null);
    if (wish === "stop" && run) await this.#end(run, "stopped");
    const isDone = wish === "pause" || wish === "stop" || run?.state === "running";
    if (isDone) return { ok: true, value: null };
    const why = owner === null ? "signed-out" : await hindrance(owner, agentId);
    if (why !== null) return { ok: false, trouble: pauseTrouble(why, now()) };
    if (wish === "continue" && run) return this.#resume(run);
    const origin = await this.#deps.chooseOrigin(owner!, agentId, wanted);
    if (origin === null) return { ok: false, trouble: notPermitted(now()) };
    await this.#begin({ owner: owner!, agent: agentId, origin }, run);
    return { ok: true, value: null };
  }

  /** Goes on with what the person had running; at each start of the worker, by the alarm, and when what may be captured has changed. */
  async wake(): Promise<void> {
    const { store, hindrance, getLife } = this.#deps;
    const life = await getLife();
    for (const run of await store.readRuns()) {
      if (run.state !== "running") continue;
      const isOld = run.life !== life;
      // After a restart the tab's number is another one's.
      if (isOld) await this.#change(run, () => ({ tabId: null }));
      const why = isOld ? "restarted" : await hindrance(run.owner, run.agent);
      if (why) await this.#pause(run, why);
      else this.#go(run);
    }
    await this.#tell();
  }

  async #begin(
    of: Pick<BackfillRun, "owner" | "agent" | "origin">,
    before: BackfillRun | undefined,
  ): Promise<void> {
    const { store, getLife, now } = this.#deps;
    if (before) await this.#end(before, "stopped");
    const run = newRun({ ...of, life: await getLife() }, now(), before);
    await store.begin(run);
    this.#go(run);
    await this.#tell();
  }

  async #resume(run: BackfillRun): Promise<Answer> {
    if (run.state === "paused") {
      const life = await this.#deps.getLife();
      const isOpen = run.tabId !== null && (await this.#deps.pages.isOpen(run.tabId));
      await this.#change(run, ({ state, tabId }) => ({
        ...{ state: state === "paused" ? "running" : state, life, trouble: null },
        ...{ failedInRow: 0, tabId: isOpen ? tabId : null },
      }));
      this.#go(run);
      await this.#tell();
    }
    return { ok: true, value: null };
  }

  /** Lets the run's loop run; one that is under way and about to end looks again. */
  #go(run: BackfillRun): void {
    const key = JSON.stringify([run.owner, run.agent]);
    this.#woken.add(key);
    if (this.#looping.has(key)) return;
    this.#looping.add(key);
    void this.#loop(run, key).finally(() => this.#looping.delete(key));
  }

  async #loop(run: BackfillRun, key: string): Promise<void> {
    while (this.#woken.delete(key)) {
      try {
        await this.#run(run);
      } catch {
        // The browser's own storage has failed, and may fail again here: nothing was changed by it, and the alarm tries again.
        await this.#pause(run, "broken").catch(() => undefined);
      }
    }
  }

  async #run(begun: BackfillRun): Promise<void> {
    const { store, sourceOf } = this.#deps;
    const source = sourceOf(begun.agent);
    for (let goesOn = source !== null; goesOn;) {
      const current = await store.readRun(begun);
      const run = current && (await this.#ready(current, SIT_MS));
      goesOn = run ? await this.#steps[run.isListed ? "load" : "list"](run, source!) : false;
      await this.#tell();
    }
    await this.#arm();
  }

  /** The run as it is now, if it may send a request. */
  async #current(run: BackfillRun): Promise<BackfillRun | null> {
    const current = await this.#deps.store.readRun(run);
    if (current?.state !== "running" || current.startedAt !== run.startedAt) return null;
    const why = await this.#deps.hindrance(run.owner, run.agent);
    if (why === null) return current;
    await this.#pause(current, why);
    return null;
  }

  /** The run as it is when its wait is over; null when it may not go on, or the wait is too long to sit out. */
  async #ready(run: BackfillRun, longestMs: number): Promise<BackfillRun | null> {
    for (;;) {
      const current = await this.#current(run);
      if (current === null) return null;
      await this.#arm();
      const ms = await this.#leftToWait(current);
      if (ms <= 0) return current;
      if (ms > longestMs) return null;
      await this.#deps.sleep(ms);
    }
  }

  async #askPatiently(run: BackfillRun, wish: PageAsk): ReturnType<StepDeps["ask"]> {
    let current: BackfillRun | null = run;
    while ((current = await this.#ready(current, SIT_IN_SESSION_MS))) {
      const asked = await this.#ask(current, wish);
      if (asked.kind === "off") return null;
      if (asked.kind !== "again") return asked;
      await this.#tell();
    }
    return null;
  }

  /** A site that asked one agent's run to wait is left alone by the others too. */
  async #leftToWait({ agent, origin }: BackfillRun): Promise<number> {
    const now = this.#deps.now();
    const waits = (await this.#deps.store.readRuns())
      .filter((run) => run.origin === origin)
      .filter((run) => run.agent === agent || run.failure === "wait")
      .map((run) => run.notBefore - now);
    return Math.max(0, ...waits.filter((ms) => ms <= LONGEST_WAIT_MS));
  }

  /** null: the person's own wish. The tab stays where they may have to sign in in it. */
  async #pause(run: BackfillRun, why: PauseReason | null): Promise<void> {
    const trouble = why === null ? null : pauseTrouble(why, this.#deps.now());
    const isKept = why === "denied" || why === "silent";
    await this.#leave(run, ({ state, tabId }) =>
      state === "running" ? { state: "paused", trouble, tabId: isKept ? tabId : null } : {},
    );
  }

  async #end(run: BackfillRun, state: "done" | "stopped"): Promise<void> {
    const endedAt = this.#deps.now();
    await this.#leave(run, () => ({ state, endedAt, tabId: null, trouble: null }));
  }

  async #leave(run: BackfillRun, change: RunChange): Promise<void> {
    const { store, pages } = this.#deps;
    const before = await store.readRun(run);
    await this.#change(run, change);
    const after = await store.readRun(run);
    if (before?.tabId != null && after?.tabId == null) await pages.close(before.tabId);
    await this.#arm();
    await this.#tell();
  }

  #change(run: BackfillRun, patch: RunChange): Promise<boolean> {
    return this.#deps.store.change(run, patch);
  }

  async #arm(): Promise<void> {
    const { store, alarm, now } = this.#deps;
    const running = (await store.readRuns()).filter(({ state }) => state === "running");
    if (running.length === 0) return alarm.clear();
    const soonest = Math.min(...running.map(({ notBefore }) => notBefore));
    await alarm.set(Math.max(now() + ALARM_MS, Math.min(soonest, now() + LONGEST_WAIT_MS)));
  }

  async #tell(): Promise<void> {
    const { store, publish, pauseMs, now } = this.#deps;
    const usualMs = (pauseMs.least + pauseMs.most) / 2;
    const statuses: Record<string, Record<string, BackfillStatus>> = {};
    for (const run of await store.readRuns()) {
      (statuses[run.owner] ??= {})[run.agent] = statusOf(run, usualMs, now());
    }
    await publish(statuses);
  }
}
