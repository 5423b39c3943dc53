import { expect, test } from "vitest";
import { appendTrial } from "./append-trial.ts";

test("appending a message takes at 50,000 at most 1.5 times what it takes at 1,000", async () => {
  const { ratio } = await appendTrial({ small: 1000, large: 50_000 }, 100);
  expect(ratio).toBeLessThanOrEqual(1.5);
}, 180_000);
