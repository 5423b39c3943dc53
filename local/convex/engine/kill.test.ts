import { expect, test } from "vitest";
import { killTrial } from "./kill-trial.ts";

test("killed five times while it writes, it has lost nothing that it acknowledged", async () => {
  const delays = [0, 20, 60, 150, 7];
  const report = await killTrial(delays.length, () => delays.pop()!);
  expect(report.acknowledged).toBeGreaterThan(5);
  expect(report).toMatchObject({ lost: 0, doubled: 0, integrity: "ok" });
});
