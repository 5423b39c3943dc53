import { Worker } from "node:worker_threads";
import type { Ports } from "./data-folder.ts";
import type { CallMark } from "./hung-calls.ts";
import type { WorkerMessage, WorkerOptions } from "./worker.ts";

/** How often the heartbeat is looked at, in milliseconds. */
const CHECK_INTERVAL = 250;
/** Restarts within `RESTART_WINDOW` milliseconds after which the backend stays down. */
const MAX_RESTARTS = 5;
const RESTART_WINDOW = 60_000;
const CLOSE_TIMEOUT = 5000;

/** What the supervisor starts its workers with; ports and hung calls are its own business. */
export type SupervisorOptions = Omit<WorkerOptions, "hung"> & {
  /** Told in a sentence for people when the backend was stopped and started again. */
  report: (message: string) => void;
};

/**
 * Keeps the backend's worker thread running. A worker that has stopped answering in the middle of a function is ended and
 * replaced on the same ports, and that call is refused from then on; a worker that died is replaced.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #worker: Worker | null = null;
  #running: CallMark | null = null;
  #lastBeat = 0;
  #lastCheck = 0;
  #hung: CallMark[] = [];
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
    const { report: _report, ...options } = this.#options;
    const workerData: WorkerOptions = { ...options, ports, hung: this.#hung };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData,
      env: {},
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    this.#worker = worker;
    this.#running = null;
    return new Promise((resolve, reject) => {
      let failure: Error | null = null;
      worker.on("message", (message: WorkerMessage) => {
        this.#lastBeat = Date.now();
        if (message.type === "running") this.#running = message.call;
        if (message.type === "pushed") this.#hung = [];
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
    const { hangAfter } = this.#options;
    if (this.#worker === null || this.#running === null || now - this.#lastBeat < hangAfter) return;
    this.#hung.push(this.#running);
    this.#options.report(
      `The function ${this.#running.path} ran for ${hangAfter / 1000} seconds without a pause. The embedded Convex backend ` +
        "was stopped and is started again; nothing that was acknowledged is lost. The call is refused until the next push.",
    );
    this.#running = null;
    void this.#worker.terminate();
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
