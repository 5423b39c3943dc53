import { Worker } from "node:worker_threads";
import type { Ports } from "./data-folder.ts";
import type { WorkerMessage, WorkerOptions } from "./worker.ts";

/** How often the heartbeat is looked at, in milliseconds. */
const CHECK_INTERVAL = 500;
/** Restarts within `RESTART_WINDOW` milliseconds after which the backend stays down. */
const MAX_RESTARTS = 5;
const RESTART_WINDOW = 60_000;
const CLOSE_TIMEOUT = 5000;

/** What the supervisor starts its workers with, and what it needs itself. */
export type SupervisorOptions = WorkerOptions & {
  /** Milliseconds without a sign of life while an action runs after which the worker counts as hung. */
  hangAfter: number;
  /** Told in a sentence for people when the backend was stopped and started again. */
  report: (message: string) => void;
};

/**
 * Keeps the backend's worker thread running. The engine itself stops queries and mutations that never end; an action that
 * loops without a pause holds the whole thread, which is then ended and replaced on the same ports. So is one that died.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #worker: Worker | null = null;
  /** Actions that have begun and not ended, oldest first. */
  #actions: string[] = [];
  #lastBeat = 0;
  #lastCheck = 0;
  #restarts: number[] = [];
  #watch: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts the backend and answers its ports; throws when it cannot start. */
  async start(): Promise<Ports> {
    const ports = await this.#spawn(this.#options.ports);
    this.#options.ports = { ...ports, preferred: null };
    this.#watch = setInterval(() => this.#check(), CHECK_INTERVAL);
    return ports;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#watch);
    const worker = this.#worker;
    if (worker === null) return;
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage("close");
    const timeout = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT);
    await exited;
    clearTimeout(timeout);
  }

  #spawn(ports: WorkerOptions["ports"]): Promise<Ports> {
    const { dataDir, adminKey, devProviders, allowedOrigins } = this.#options;
    const workerData: WorkerOptions = { dataDir, adminKey, devProviders, allowedOrigins, ports };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData,
      env: {},
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    this.#worker = worker;
    this.#actions = [];
    return new Promise((resolve, reject) => {
      let failure: Error | null = null;
      worker.on("message", (message: WorkerMessage) => {
        this.#lastBeat = Date.now();
        if (message.type === "action") this.#track(message);
        if (message.type === "ready") resolve(message.ports);
        if (message.type === "failed") {
          failure = new Error(message.message);
          void worker.terminate();
        }
      });
      worker.on("error", (error) => {
        failure = error;
      });
      worker.once("exit", () => {
        reject(failure ?? new Error("The embedded Convex backend ended before it was ready."));
        this.#onExit(worker, failure);
      });
    });
  }

  #check(): void {
    const now = Date.now();
    // When this thread itself was held up (a busy or sleeping machine), the heartbeats are only late.
    if (now - this.#lastCheck > 4 * CHECK_INTERVAL) this.#lastBeat = now;
    this.#lastCheck = now;
    const { hangAfter, report } = this.#options;
    const isSilent = now - this.#lastBeat >= hangAfter;
    if (this.#worker === null || this.#actions.length === 0 || !isSilent) return;
    report(hungMessage(this.#actions, hangAfter));
    this.#actions = [];
    void this.#worker.terminate();
  }

  #track({ path, isRunning }: { path: string; isRunning: boolean }): void {
    if (isRunning) this.#actions.push(path);
    else this.#actions.splice(this.#actions.indexOf(path), 1);
  }

  #onExit(worker: Worker, failure: Error | null): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    if (this.#isClosing || this.#watch === undefined) return;
    if (failure !== null) {
      this.#options.report(
        `The embedded Convex backend stopped (${failure.message}) and is started again.`,
      );
    }
    const now = Date.now();
    this.#restarts = [...this.#restarts.filter((time) => now - time < RESTART_WINDOW), now];
    if (this.#restarts.length > MAX_RESTARTS) {
      this.#options.report(
        "The embedded Convex backend stopped again and again and stays down. All acknowledged data is in its folder. " +
          "Look at the messages above, then start it again.",
      );
      return;
    }
    // A failed start comes back here through its own exit.
    this.#spawn(this.#options.ports).catch(() => undefined);
  }
}

function hungMessage(actions: string[], hangAfter: number): string {
  const names = [...new Set(actions)];
  const culprit = names.length === 1 ? `The action ${names[0]}` : `One of ${names.join(", ")}`;
  return (
    `${culprit} ran for ${hangAfter / 1000} seconds without a pause and held up everything else. The embedded Convex ` +
    "backend was stopped and is started again on the same ports; nothing that was acknowledged is lost. Look for an " +
    "endless loop in the action."
  );
}
