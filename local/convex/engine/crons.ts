import { EngineError, type Json } from "../types.ts";
import { firstDue, type Schedule } from "./cron-schedule.ts";
import type { Store } from "./store.ts";

/** Takes over the crons of a push, inside its transaction: unchanged ones keep their next time. */
export function syncCrons(store: Store, analysis: Record<string, Json>, now: number): void {
  const module = analysis["crons.js"] as { cronSpecs: Record<string, Json> | null } | undefined;
  const specs = new Map(Object.entries(module?.cronSpecs ?? {}));
  for (const { name, spec } of store.sql("SELECT name, spec FROM crons").all()) {
    const isUnchanged = JSON.stringify(specs.get(name as string)) === spec;
    if (isUnchanged) specs.delete(name as string);
    else store.sql("DELETE FROM crons WHERE name = ?").run(name!);
  }
  for (const [name, spec] of specs) {
    const due = dueOf(name, spec, now);
    store.sql("INSERT INTO crons VALUES (?, ?, ?)").run(name, JSON.stringify(spec), due);
  }
}

function dueOf(name: string, spec: Json, now: number): number {
  try {
    return firstDue(name, (spec as unknown as { schedule: Schedule }).schedule, now);
  } catch (error) {
    throw new EngineError(
      "InvalidCron",
      `The cron "${name}" cannot be scheduled, so nothing was changed. ${(error as Error).message}`,
    );
  }
}
