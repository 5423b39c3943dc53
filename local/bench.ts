/** `npm run bench [name ...]`: the longer campaigns of bench/, one after another, each printing its figures. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "bench");
const wanted = process.argv.slice(2);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -".ts".length));

const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No such bench: ${unknown.join(", ")}. There are: ${names.join(", ")}.`);
  process.exit(1);
}

const failed = (wanted.length > 0 ? wanted : names).filter((name) => {
  console.log(`\n== ${name}`);
  return (
    spawnSync(process.execPath, [join(folder, `${name}.ts`)], { stdio: "inherit" }).status !== 0
  );
});
if (failed.length > 0) console.log(`\nMissed its target: ${failed.join(", ")}.`);
process.exit(failed.length > 0 ? 1 : 0);
