/**
 * Brings the outbox to Convex: peek, send, and only with Convex's answer delete. One drain at a time; only rows of the signed-in person;
 * what fails for now is tried again after a stored back-off, woken by one alarm that exists only while something waits.
 */
import { MAX_MESSAGES_PER_RECORD, type RecordResult } from "../convex/validators";
import type { Trouble } from "../utils/errors";
import { type Backoff, type Failure, nextBackoff, NO_BACKOFF, remaining } from "./backoff";
import type { SyncDatabase } from "./database";
import { type Batch, peekBatch } from "./outbox";
import { parkBatch, settleBatch } from "./settle";
import { trouble } from "./troubles";
import type { Outcome, Upload } from "./upload";

/** News for the status: `trouble` null says that sending works. */
export interface DrainNews {
  trouble: Trouble | null;
  /** Messages that Convex has just answered for. */
  stored?: { batch: Batch; results: RecordResult[] };
}

/** What the drain needs from outside. */
export interface DrainDeps {
  getDatabase(): Promise<SyncDatabase>;
  upload: Upload;
  /** WorkOS user id of the person whose rows may be sent now, or null. */
  getOwner(): Promise<string | null>;
  /** URL of the deployment, or "" when none is set. */
  getDeployment(): Promise<string>;
  backoff: { getValue(): Promise<Backoff>; setValue(backoff: Backoff): Promise<void> };
  /** The alarm that wakes the worker. `ensure` leaves an earlier one as it is. */
  alarm: {
    ensure(at: number): Promise<void>;
    replace(at: number): Promise<void>;
    clear(): Promise<void>;
  };
  /** Runs `work` alone among all contexts of the extension. */
  alone(work: () => Promise<void>): Promise<void>;
  /** A timer for waits that a living worker can sit out; the alarm backs it. */
  later(work: () => void, ms: number): void;
  report(news: DrainNews): Promise<void>;
  now(): number;
  random(): number;
}

/** Chrome fires no alarm sooner. */
const ALARM_MS = 60_000;

/** A worker lives this long without work, so a timer makes sense. */
const TIMER_MS = 25_000;

/**
 * A function that failed this often in a row on a batch will not take it: the batch is split, and what fails alone is parked. Some minutes
 * of tries, so that a deployment that is broken for a while has little parked.
 */
const MAX_FUNCTION_FAILURES = 10;

/** Brings the outbox to Convex. */
export class Drain {
  readonly #deps: DrainDeps;
  #running: Promise<void> | null = null;
  #isWokenAgain = false;
  #hasTimer = false;
  #maxMessages = MAX_MESSAGES_PER_RECORD;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  /** Sends what waits, until nothing does or an attempt fails. `isForced`: now, whatever the back-off says. */
  async wake({ isForced = false } = {}): Promise<void> {
    if (isForced) await this.#deps.backoff.setValue(NO_BACKOFF);
    this.#isWokenAgain = true;
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWokenAgain) {
        this.#isWokenAgain = false;
        await this.#deps.alone(async () => {
          while (await this.#step().catch(() => this.#break()));
        });
      }
    } finally {
      this.#running = null;
    }
  }

  /** Sends one batch; gives whether to go on. */
  async #step(): Promise<boolean> {
    const { backoff, now, alarm } = this.#deps;
    const batch = await this.#peek();
    if (batch === null) return this.#stop(null);
    const deployment = await this.#deps.getDeployment();
    if (deployment === "") return this.#stop(trouble("deployment-missing", now()));
    const ms = remaining(await backoff.getValue(), now());
    if (ms > 0) return this.#wait(ms);
    await alarm.ensure(now() + ALARM_MS);
    return this.#take(deployment, batch, await this.#deps.upload(deployment, batch));
  }

  async #peek(): Promise<Batch | null> {
    const owner = await this.#deps.getOwner();
    return owner === null
      ? null
      : peekBatch(await this.#deps.getDatabase(), owner, this.#maxMessages);
  }

  async #take(deployment: string, batch: Batch, outcome: Outcome): Promise<boolean> {
    if (outcome.kind === "stored") return this.#settle(deployment, batch, outcome.results);
    if (outcome.kind === "refused") return this.#refuse(batch, outcome.reason, outcome.isSession);
    if (outcome.kind === "signed-out") {
      return this.#stop(trouble("sign-in-needed", this.#deps.now()));
    }
    const backoff = await this.#deps.backoff.getValue();
    if (outcome.isFunctionError && backoff.functionFailures >= MAX_FUNCTION_FAILURES) {
      // One at a time: a deployment that fails on everything must not have everything parked at once.
      if (batch.rows.length <= 1) {
        await this.#deps.backoff.setValue({ ...backoff, functionFailures: 0 });
      }
      return this.#refuse(batch, "Convex failed on it again and again.");
    }
    return this.#fail(outcome.trouble, outcome);
  }

  async #settle(deployment: string, batch: Batch, results: RecordResult[]): Promise<boolean> {
    const { backoff, now, report } = this.#deps;
    const database = await this.#deps.getDatabase();
    const answered = await settleBatch(database, deployment, batch, results);
    if (answered === 0 && batch.rows.length > 0) {
      return this.#fail(trouble("unexpected", now()), {});
    }
    if ((await backoff.getValue()).failures > 0) await backoff.setValue(NO_BACKOFF);
    this.#maxMessages = Math.min(this.#maxMessages * 2, MAX_MESSAGES_PER_RECORD);
    await report({ trouble: null, stored: { batch, results } });
    return true;
  }

  /** Splits a refused batch until the one that is meant stands alone, and parks that. */
  async #refuse(batch: Batch, reason: string, isSession = false): Promise<boolean> {
    if (batch.rows.length > 1 && !isSession) {
      this.#maxMessages = Math.ceil(batch.rows.length / 2);
      return true;
    }
    await parkBatch(await this.#deps.getDatabase(), batch, reason);
    await this.#deps.report({ trouble: null });
    return true;
  }

  async #fail(why: Trouble, failure: Failure): Promise<boolean> {
    const { backoff, now, random, report } = this.#deps;
    const next = nextBackoff(await backoff.getValue(), failure, now(), random());
    await backoff.setValue(next);
    await report({ trouble: why });
    return this.#wait(next.notBefore - now());
  }

  async #wait(ms: number): Promise<boolean> {
    const { alarm, now, later } = this.#deps;
    await alarm.replace(now() + Math.max(ms, ALARM_MS));
    if (ms <= TIMER_MS && !this.#hasTimer) {
      this.#hasTimer = true;
      later(() => {
        this.#hasTimer = false;
        void this.wake();
      }, ms);
    }
    return false;
  }

  /** The browser's own storage or the sign-in failed in a way that nobody expects: nothing was changed by it, so try again later. */
  async #break(): Promise<boolean> {
    const { alarm, now, report } = this.#deps;
    await alarm.replace(now() + ALARM_MS);
    const message =
      "The browser could not read what waits to be sent; it stays in this browser and is tried again by itself.";
    const next = "Restart the browser if this stays.";
    await report({ trouble: trouble("unexpected", now(), { message, next }) });
    return false;
  }

  /** Nothing can be sent until something changes, and that change wakes the drain. */
  async #stop(why: Trouble | null): Promise<boolean> {
    await this.#deps.alarm.clear();
    await this.#deps.report({ trouble: why });
    return false;
  }
}
