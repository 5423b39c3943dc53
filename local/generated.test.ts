import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pushProject } from "./convex/push.ts";
import { startConvex } from "./convex/server/server.ts";

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "generated-"));
const projectDir = join(folder, "project");
let convex: Awaited<ReturnType<typeof startConvex>>;

beforeAll(async () => {
  for (const name of ["convex", "package.json"]) {
    cpSync(join(ROOT, name), join(projectDir, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(projectDir, "node_modules"));
  convex = await startConvex({ dataDir: join(folder, "data") });
});
afterAll(async () => {
  await convex.close();
  rmSync(folder, { recursive: true });
});

function generatedFiles(project: string): Record<string, string> {
  const directory = join(project, "convex", "_generated");
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  );
}

it("convex/_generated is what the official CLI generates from convex/", async () => {
  rmSync(join(projectDir, "convex", "_generated", "api.d.ts"));
  await pushProject({
    projectDir,
    url: convex.url,
    adminKey: convex.adminKey,
    env: { WORKOS_CLIENT_ID: "client_generated" },
  });
  expect(generatedFiles(projectDir)).toEqual(generatedFiles(ROOT));
});
