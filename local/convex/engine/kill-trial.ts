import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openEngine } from "./engine.ts";
import { Store } from "./store.ts";
import { NOBODY } from "./testing.ts";

const WRITER = fileURLToPath(new URL("./fixtures/kill-writer.ts", import.meta.url));

/** What a series of kills came to. */
export interface KillReport {
  kills: number;
  /** Writes that were acknowledged before a kill. */
  acknowledged: number;
  /** Acknowledged writes that are not there. */
  lost: number;
  /** Writes that are there more than once, though the first one not acknowledged was sent again. */
  doubled: number;
  /** What SQLite says of its file. */
  integrity: string;
}

/** Starts a writer and kills it `delayMs` after its first acknowledgement; answers the last acknowledged number. */
async function runUntilKilled(dataDir: string, first: number, delayMs: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, dataDir, String(first)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let problems = "";
  let timer: NodeJS.Timeout | null = null;
  child.stderr.on("data", (chunk: Buffer) => (problems += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    timer ??= setTimeout(() => child.kill("SIGKILL"), delayMs);
  });
  await new Promise((resolve) => child.on("close", resolve));
  if (child.signalCode !== "SIGKILL") throw new Error(`The writer ended by itself: ${problems}`);
  // A line that was cut off was still acknowledged, but how much of its number arrived is unknown.
  const whole = output.slice(0, output.lastIndexOf("\n")).split("\n");
  return Number(whole.at(-1));
}

async function inspect(dataDir: string, acknowledged: number, kills: number): Promise<KillReport> {
  const engine = await openEngine({ dataDir });
  const times = new Map<number, number>();
  const range = {
    index: "by_group_and_rank",
    conditions: [{ type: "eq", field: "group", value: "kill" }],
  };
  const args = (cursor: string | null) => ({
    table: "items",
    range,
    paginationOpts: { numItems: 5000, cursor },
  });
  for (let cursor: string | null = null, isDone = false; !isDone;) {
    const { outcome } = await engine.runQuery("items:page", args(cursor), NOBODY);
    if (!outcome.success) throw new Error(outcome.errorMessage);
    const page = outcome.value as unknown as {
      page: { rank: number }[];
      isDone: boolean;
      continueCursor: string;
    };
    for (const { rank } of page.page) times.set(rank, (times.get(rank) ?? 0) + 1);
    cursor = page.continueCursor;
    isDone = page.isDone;
  }
  await engine.close();
  const store = new Store(dataDir);
  const { integrity_check: integrity } = store.db.prepare("PRAGMA integrity_check").get() as {
    integrity_check: string;
  };
  store.close();
  const expected = Array.from({ length: acknowledged }, (_, rank) => rank);
  const lost = expected.filter((rank) => !times.has(rank)).length;
  const doubled = [...times.values()].filter((count) => count > 1).length;
  return { kills, acknowledged, lost, doubled, integrity };
}

/** Kills a writing process again and again; each new one resends what was not acknowledged. */
export async function killTrial(kills: number, delayMs: () => number): Promise<KillReport> {
  const dataDir = await mkdtemp(join(tmpdir(), "convex-kill-"));
  try {
    let next = 0;
    for (let at = 0; at < kills; at++) {
      next = (await runUntilKilled(dataDir, next, delayMs())) + 1;
    }
    return await inspect(dataDir, next, kills);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
