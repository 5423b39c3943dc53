import { killTrial } from "../local/convex/engine/kill-trial.ts";

/** Kills the embedded backend's engine 100 times while it writes; ends with 1 if anything acknowledged was lost. */
const kills = Number(process.argv[2] ?? 100);
const report = await killTrial(kills, () => Math.random() * 300);
console.log(
  `${report.kills} kills, ${report.acknowledged} acknowledged writes: ${report.lost} lost, ${report.doubled} twice, file ${report.integrity}`,
);
process.exitCode = report.lost + report.doubled > 0 || report.integrity !== "ok" ? 1 : 0;
