import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockFolder } from "./folder-lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("keeps a second taker out, in this process and from another, until it is released", async () => {
  const module = new URL("./folder-lock.ts", import.meta.url).href;
  const script = `import { lockFolder } from ${JSON.stringify(module)};
    lockFolder(${JSON.stringify(folder)}, "the other one"); console.log("locked"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  await once(child.stdout, "data");
  expect(() => lockFolder(folder, "this one")).toThrow(
    `The data folder ${folder} is in use by the other one (process ${child.pid}). Nothing in it was changed.`,
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  const lock = lockFolder(folder, "this one");
  expect(() => lockFolder(folder, "this one")).toThrow(
    `in use by this one (process ${process.pid})`,
  );
  lock.release();
  lock.release();
  lockFolder(folder, "a third one").release();
});
