import { appendTrial } from "../local/convex/engine/append-trial.ts";

/** What appending one message costs in a small and in a large store of the embedded backend, measured in turns. */
const { small, large, ratio, fillMs } = await appendTrial({ small: 1000, large: 50_000 }, 300);
for (const { messages, medianMs } of [small, large]) {
  console.log(`${messages} messages: append ${medianMs.toFixed(2)} ms (median)`);
}
console.log(
  `ratio ${ratio.toFixed(2)} (at most 1.5); filling took ${(fillMs / 1000).toFixed(1)} s`,
);
process.exitCode = ratio > 1.5 ? 1 : 0;
