import { parentPort, workerData } from "node:worker_threads";
import { openEngine } from "../engine/engine.ts";
import type { DevProvider } from "./auth.ts";
import { Backend } from "./backend.ts";
import type { Ports } from "./data-folder.ts";
import { type CallMark, HungCalls, markOf } from "./hung-calls.ts";

/** What the supervisor starts the worker with. */
export interface WorkerOptions {
  dataDir: string;
  adminKey: string;
  devProviders: DevProvider[];
  allowedOrigins: string[] | null;
  ports: { api?: number; site?: number; preferred: Ports | null };
  hung: CallMark[];
  hangAfter: number;
}

/** What the worker tells its supervisor. */
export type WorkerMessage =
  | { type: "beat" }
  | { type: "ready"; ports: Ports }
  | { type: "failed"; message: string }
  | { type: "running"; call: CallMark | null }
  | { type: "pushed" };

const BEAT_INTERVAL = 250;

// The whole backend runs in this worker thread, so that a function that never returns can be stopped from outside.
if (parentPort !== null) {
  const port = parentPort;
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
  const { dataDir, hung, hangAfter, ports, adminKey, devProviders, allowedOrigins } = options;
  const engine = await openEngine({
    dataDir,
    onRun: (call) =>
      tell({ type: "running", call: call === null ? null : markOf(call.path, call.args) }),
  });
  const backend = new Backend(engine, {
    adminKey,
    devProviders,
    allowedOrigins,
    hung: new HungCalls(hung, hangAfter / 1000),
    onPush: () => tell({ type: "pushed" }),
  });
  const listening = await backend.listen(ports);
  setInterval(() => tell({ type: "beat" }), BEAT_INTERVAL);
  tell({ type: "ready", ports: listening });
  return backend;
}
