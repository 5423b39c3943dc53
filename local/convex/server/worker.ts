import { parentPort, workerData } from "node:worker_threads";
import { openEngine } from "../engine/engine.ts";
import type { DevProvider } from "./auth.ts";
import { Backend } from "./backend.ts";
import type { Ports } from "./data-folder.ts";

/** What the supervisor starts the worker with. */
export interface WorkerOptions {
  dataDir: string;
  adminKey: string;
  devProviders: DevProvider[];
  allowedOrigins: string[] | null;
  ports: { api?: number; site?: number; preferred: Ports | null };
}

/** What the worker tells its supervisor. */
export type WorkerMessage =
  | { type: "beat" }
  | { type: "ready"; ports: Ports }
  | { type: "failed"; message: string }
  | { type: "action"; path: string; isRunning: boolean };

/** Milliseconds between signs of life. */
const BEAT_INTERVAL = 500;

// The whole backend runs in this worker thread, so that a function that never returns can be stopped from outside.
if (parentPort !== null) {
  const port = parentPort;
  // An action of the pushed code may leave a promise rejected; that ends the action's business, not the backend's.
  process.on("unhandledRejection", (reason) => {
    console.error(`A function left a promise rejected and nobody looked at it:${frames(reason)}`);
  });
  const tell = (message: WorkerMessage) => port.postMessage(message);
  run(workerData as WorkerOptions, tell).then(
    (backend) =>
      port.once("message", () => {
        void backend.close().finally(() => process.exit(0));
      }),
    (error: unknown) => {
      tell({ type: "failed", message: error instanceof Error ? error.message : String(error) });
    },
  );
}

async function run(
  options: WorkerOptions,
  tell: (message: WorkerMessage) => void,
): Promise<Backend> {
  const { dataDir, ports, ...rest } = options;
  const onAction = (path: string, isRunning: boolean) => tell({ type: "action", path, isRunning });
  const backend = new Backend(await openEngine({ dataDir, onAction }), rest);
  const listening = await backend.listen(ports);
  setInterval(() => tell({ type: "beat" }), BEAT_INTERVAL);
  tell({ type: "ready", ports: listening });
  return backend;
}

/** Where an error was made, without its message: that may be content. */
function frames(reason: unknown): string {
  // Not `instanceof Error`: errors of pushed code come from another realm.
  const stack = String((reason as { stack?: unknown } | null | undefined)?.stack ?? "");
  return stack
    .split("\n")
    .filter((line) => line.startsWith("    at "))
    .map((line) => `\n${line}`)
    .join("");
}
