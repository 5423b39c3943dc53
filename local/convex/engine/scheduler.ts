import type { Json } from "../types.ts";
import type { Calls, Ending } from "./calls.ts";
import { nextDue, type Schedule } from "./cron-schedule.ts";
import { findFunction } from "./functions.ts";
import { type Job, type JobEnd, type Jobs, STARTED } from "./jobs.ts";
import type { Runtime } from "./runtime.ts";
import { readThrown } from "./thrown.ts";

/** Longest single wait: setTimeout fires at once for waits beyond 24.8 days. */
const LONGEST_WAIT_MS = 3600 * 1000;

const NOBODY = { identity: null, isAdmin: true };

interface CronSpec {
  name: string;
  args: Json[];
  schedule: Schedule;
}

/** Starts what is due: scheduled functions and crons, also those whose time came while nothing ran. */
export class Scheduler {
  private readonly calls: Calls;
  private readonly jobs: Jobs;
  private readonly runtime: () => Runtime;
  private timer: NodeJS.Timeout | null = null;
  private isStarted = false;
  private isRunning = true;
  private loop: Promise<void> = Promise.resolve();

  constructor(calls: Calls, jobs: Jobs, runtime: () => Runtime) {
    this.calls = calls;
    this.jobs = jobs;
    this.runtime = runtime;
  }

  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    this.loop = this.failCutOff().then(() => this.runDue());
  }

  /** Looks again when the next thing is due. To be called after every commit. */
  wake(): void {
    if (!this.isStarted || this.isRunning) return;
    if (this.timer !== null) clearTimeout(this.timer);
    const due = this.nextDueTime();
    if (due === null) return;
    const wait = Math.min(Math.max(0, due - this.now()), LONGEST_WAIT_MS);
    this.timer = setTimeout(() => {
      this.loop = this.runDue();
    }, wait);
  }

  /** Starts nothing more. Actions under way are cut off; the next start tells them as failed. */
  async stop(): Promise<void> {
    this.isStarted = false;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.loop;
  }

  private now(): number {
    return this.calls.base.clock.ms();
  }

  private nextDueTime(): number | null {
    const row = this.calls.base.store
      .sql(
        "SELECT min(due) AS due FROM (SELECT min(due) AS due FROM jobs WHERE due < ? UNION ALL SELECT min(due) FROM crons)",
      )
      .get(STARTED);
    return row!.due as number | null;
  }

  private async runDue(): Promise<void> {
    this.isRunning = true;
    try {
      while (this.isStarted && ((await this.runDueJob()) || (await this.runDueCron())));
    } finally {
      this.isRunning = false;
      this.wake();
    }
  }

  private async runDueJob(): Promise<boolean> {
    const row = this.calls.base.store
      .sql("SELECT id FROM jobs WHERE due <= ? ORDER BY due LIMIT 1")
      .get(this.now());
    if (row === undefined) return false;
    const id = row.id as string;
    const job = await this.calls.system((tx) => this.jobs.read(tx, id));
    if (job?.state === "pending") await this.runJob(job);
    else await this.calls.system((tx) => this.jobs.forget(tx, id));
    return true;
  }

  private async runJob(job: Job): Promise<void> {
    const found = findFunction(this.runtime().realm("action"), job.path);
    if (found?.kind === "action") {
      await this.calls.system((tx) => this.jobs.begin(tx, job.id));
      this.follow(this.runAction(job));
      return;
    }
    const ending = await this.calls.mutationEnding(job.path, job.args, NOBODY, {
      scheduledFunctionId: job.id,
      beforeCommit: (tx) => this.jobs.end(tx, job.id, { kind: "success" }),
    });
    if ("thrown" in ending) await this.end(job.id, toEnd(ending));
  }

  private async runAction(job: Job): Promise<void> {
    const ending = await this.calls.action(job.path, job.args, NOBODY, {
      scheduledFunctionId: job.id,
    });
    await this.end(job.id, toEnd(ending));
  }

  private follow(action: Promise<void>): void {
    action.catch((error: unknown) => {
      if (this.isStarted) console.error("A scheduled action's end could not be stored.", error);
    });
  }

  private async end(id: string, end: JobEnd): Promise<void> {
    await this.calls.system((tx) => this.jobs.end(tx, id, end));
  }

  private async runDueCron(): Promise<boolean> {
    const { store } = this.calls.base;
    const row = store
      .sql("SELECT * FROM crons WHERE due <= ? ORDER BY due LIMIT 1")
      .get(this.now());
    if (row === undefined) return false;
    const name = row.name as string;
    const spec = JSON.parse(row.spec as string) as CronSpec;
    const next = nextDue(name, spec.schedule, row.due as number, this.now());
    // First the next time, then the run: a cron that brings the process down must not do so for ever.
    await this.calls.system((tx) =>
      tx.execute("UPDATE crons SET due = ? WHERE name = ?", next, name),
    );
    const args = spec.args[0] ?? {};
    const found = findFunction(this.runtime().realm("action"), spec.name);
    if (found?.kind === "action") {
      this.follow(this.calls.action(spec.name, args, NOBODY).then(() => undefined));
    } else {
      await this.calls.mutationEnding(spec.name, args, NOBODY);
    }
    return true;
  }

  /** Actions that ran when the process ended may have had effects: they are told as failed, not run again. */
  private async failCutOff(): Promise<void> {
    const rows = this.calls.base.store.sql("SELECT id FROM jobs WHERE due = ?").all(STARTED);
    for (const { id } of rows) {
      await this.end(id as string, {
        kind: "failed",
        error:
          "The server was stopped while the action ran. It was not run again, since it may have had effects.",
      });
    }
  }
}

function toEnd(ending: Ending): JobEnd {
  if ("value" in ending) return { kind: "success" };
  return { kind: "failed", error: readThrown(ending.thrown).message };
}
