/** The costs of bench/convex-cost.ts in a small archive, so that no change makes them grow unseen. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { measureCosts } from "./cost.ts";
import { startStack } from "./stack.ts";

it("costs do not grow with a session, an unchanged one writes nothing, and a page reads what it shows", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "cost-"));
  const stack = await startStack({ dataDir });
  try {
    const sizes = { short: 20, long: 400, sessions: 60, writers: 4, each: 100 };
    const report = await measureCosts(stack, sizes);
    expect(report.growth).toBeLessThanOrEqual(1.1);
    expect(report.resent).toBe(0);
    expect(report.readPerRow).toBeLessThanOrEqual(3);
    // The user's row and the session's.
    expect(report.readBesidesPage).toBeLessThanOrEqual(2);
    expect(report.atOnce).toEqual({ stored: 400, sent: 400, counted: 400 });
  } finally {
    await stack.close();
    rmSync(dataDir, { recursive: true });
  }
});
