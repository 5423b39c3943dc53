import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureCosts } from "../local/cost.ts";
import { startStack } from "../local/stack.ts";

/** Documents and bytes per operation of the backend, and the four figures that must hold; ends with 1 when one does not. */
const dataDir = mkdtempSync(join(tmpdir(), "convex-cost-"));
const stack = await startStack({ dataDir });
const sizes = { short: 20, long: 2_000, sessions: 60, writers: 4, each: 500 };
const { rows, growth, resent, readPerRow, readBesidesPage, atOnce } = await measureCosts(
  stack,
  sizes,
).finally(async () => {
  await stack.close();
  rmSync(dataDir, { recursive: true });
});

console.log("| Operation | Documents read | KB read | Documents written | KB written |");
console.log("| --- | --- | --- | --- | --- |");
const kb = (bytes: number) => (bytes / 1024).toFixed(1);
for (const { operation, usage } of rows) {
  const { documentsRead, bytesRead, documentsWritten, bytesWritten } = usage;
  const cells = [documentsRead, kb(bytesRead), documentsWritten, kb(bytesWritten)];
  console.log(`| ${[operation, ...cells].join(" | ")} |`);
}
console.log(`\nadding a message, long over short session: ${growth.toFixed(3)} (at most 1.1)`);
console.log(`sending ${sizes.long} unchanged messages again writes ${resent} documents (0)`);
console.log(
  `a dashboard's first page reads ${readPerRow.toFixed(2)} documents per row (at most 3)`,
);
console.log(`opening a session reads ${readBesidesPage} documents besides its page (at most 2)`);
console.log(`${atOnce.sent} messages of 4 writers at once: ${atOnce.stored} stored, each once`);
const isExact = atOnce.stored === atOnce.sent && atOnce.counted === atOnce.sent;
const isMet = growth <= 1.1 && resent === 0 && readPerRow <= 3 && readBesidesPage <= 2 && isExact;
process.exitCode = isMet ? 0 : 1;
