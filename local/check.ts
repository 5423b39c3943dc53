/** `npm test`: everything that must hold, in the order in which it fails fastest. One failing step does not hide the next. */
import { spawn } from "node:child_process";
import { ensureChromium, ensureFirefox } from "./browsers.ts";
import { messageOf } from "./shutdown.ts";

interface Step {
  name: string;
  command: string;
  args: string[];
}

const tsc = (project: string): string[] => ["--noEmit", "-p", project];

const steps: Step[] = [
  { name: "prepare", command: "wxt", args: ["prepare"] },
  { name: "types of the extension", command: "tsc", args: tsc(".") },
  { name: "types of the backend", command: "tsc", args: tsc("convex") },
  { name: "types of the embedded stack", command: "tsc", args: tsc("local") },
  { name: "lint", command: "eslint", args: [".", "--max-warnings", "0"] },
  { name: "format", command: "prettier", args: ["--check", "--log-level", "warn", "."] },
  { name: "unit", command: "vitest", args: ["run", "--reporter", "default"] },
  { name: "end to end", command: "playwright", args: ["test"] },
];

function run({ command, args }: Step): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "inherit" });
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
  });
}

try {
  process.env.CHROMIUM = await ensureChromium();
  process.env.FIREFOX = await ensureFirefox();
} catch (error) {
  console.error(messageOf(error));
  process.exit(1);
}

const failed: string[] = [];
for (const step of steps) {
  const startedAt = Date.now();
  console.log(`\n== ${step.name}`);
  const isGreen = await run(step);
  console.log(
    `== ${step.name}: ${isGreen ? "ok" : "FAILED"} after ${Math.round((Date.now() - startedAt) / 1000)} s`,
  );
  if (!isGreen) failed.push(step.name);
}

if (failed.length > 0) console.log(`\nFailed: ${failed.join(", ")}.`);
console.log(`${steps.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
