import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, inflateRawSync } from "node:zlib";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pushProject } from "../push.ts";
import { Fixture, notes } from "./testing.ts";

let fixture: Fixture;
const http = () => new ConvexHttpClient(fixture.convex.url, { logger: false });
const source = (name: string) => join(fixture.projectDir, "convex", name);

/** Replaces a text in a file of the project for the time of one step. */
async function changed<T>(
  name: string,
  from: string,
  to: string,
  step: () => Promise<T>,
): Promise<T> {
  const before = await readFile(source(name), "utf8");
  await writeFile(source(name), before.replace(from, to));
  try {
    return await step();
  } finally {
    await writeFile(source(name), before);
  }
}

beforeAll(async () => {
  fixture = await Fixture.create();
});
afterAll(() => fixture.close());

describe("the unmodified Convex CLI", { timeout: 120_000 }, () => {
  it("fails the push when auth.config.ts reads a variable that is not set", async () => {
    const { code, stderr } = await fixture.cli(["deploy", "--typecheck", "disable"]);
    expect(stderr).toMatch(/TEST_JWKS is used in auth config file but its value was not set/);
    expect(code).toBe(1);
  });

  it("sets, gets, lists and removes environment variables", async () => {
    expect((await fixture.cli(["env", "set", "TEST_JWKS", fixture.jwks])).code).toBe(0);
    expect((await fixture.cli(["env", "set", "OTHER=two words"])).code).toBe(0);
    expect((await fixture.cli(["env", "get", "OTHER"])).stdout.trim()).toBe("two words");
    const { stdout } = await fixture.cli(["env", "list"]);
    expect(stdout).toContain("OTHER");
    expect(stdout).toContain("TEST_JWKS");
    expect((await fixture.cli(["env", "remove", "OTHER"])).code).toBe(0);
    expect((await fixture.cli(["env", "list"])).stdout).not.toContain("OTHER");
  });

  it("pushes with dev --once, types checked, and generates code", async () => {
    const { code, stderr } = await fixture.cli(["dev", "--once", "--typecheck", "enable"]);
    expect(stderr).toMatch(/functions ready/);
    expect(code).toBe(0);
    const api = await readFile(source("_generated/api.d.ts"), "utf8");
    expect(api).toContain('import type * as notes from "../notes.js"');
    expect(await http().query(notes.list, { room: "cli" })).toEqual([]);
  });

  it("pushes with deploy and replaces the code", async () => {
    const { code, stderr } = await changed(
      "notes.ts",
      "({ text }) => text",
      "({ text }) => `${text}!`",
      () => fixture.cli(["deploy", "--typecheck", "enable"]),
    );
    expect(stderr).toMatch(/Deployed Convex functions/);
    expect(code).toBe(0);
    await http().mutation(notes.add, { room: "cli", text: "new code", order: 1 });
    expect(await http().query(notes.list, { room: "cli" })).toEqual(["new code!"]);
  });

  it("stops at a type error and leaves the live code", async () => {
    const { code } = await changed("notes.ts", "returns: v.number()", "returns: v.string()", () =>
      fixture.cli(["deploy", "--typecheck", "enable"]),
    );
    expect(code).toBe(1);
    expect(await http().query(notes.list, { room: "cli" })).toEqual(["new code!"]);
  });

  it("generates code without making it live", async () => {
    await writeFile(source("extra.ts"), 'export { list } from "./notes";\n');
    const { code } = await fixture.cli(["codegen"]);
    expect(code).toBe(0);
    expect(await readFile(source("_generated/api.d.ts"), "utf8")).toContain('from "../extra.js"');
    const call = await fixture.call("query", { path: "extra:list", args: { room: "cli" } });
    expect((await call.json()).errorMessage).toMatch(/Could not find/);
  });

  it("shows in a dry run what it would do and does nothing", async () => {
    const { code } = await fixture.cli(["deploy", "--dry-run", "--typecheck", "disable"]);
    expect(code).toBe(0);
    const call = await fixture.call("query", { path: "extra:list", args: { room: "cli" } });
    expect((await call.json()).status).toBe("error");
  });

  it("runs functions, internal ones too, and lists them when a name is wrong", async () => {
    const run = (...args: string[]) => fixture.cli(["run", ...args]);
    expect((await run("notes:list", '{"room":"cli"}')).stdout).toContain("new code!");
    expect((await run("notes:clear", '{"room":"cli"}')).stdout.trim()).toBe("1");
    const wrong = await run("notes:nothing");
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/notes:addTwice|addTwice/);
    const as = await run("notes:whoAmI", "--identity", '{"subject":"ada","issuer":"test"}');
    expect(as.stdout).toContain('"ada"');
  });

  it("exports a snapshot of all tables", async () => {
    await http().mutation(notes.add, { room: "export", text: "kept", order: 1 });
    const path = join(fixture.folder, "snapshot.zip");
    const { code, stderr } = await fixture.cli(["export", "--path", path]);
    expect(stderr).toMatch(/Downloaded snapshot export/);
    expect(code).toBe(0);
    const files = await unzip(path);
    expect(Object.keys(files)).toContain("_tables/documents.jsonl");
    const rows = files["notes/documents.jsonl"]!.trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows).toMatchObject([
      { room: "export", text: "kept", order: 1, _id: expect.any(String) },
    ]);
    const withFiles = await fixture.cli(["export", "--include-file-storage", "--path", `${path}2`]);
    expect(withFiles.stderr).toMatch(/exports tables, not stored files/);
  });

  it("fails the push of a schema that stored documents do not fit, naming the document", async () => {
    const { code, stderr } = await changed(
      "schema.ts",
      "order: v.number()",
      "order: v.string()",
      () => fixture.cli(["deploy", "--typecheck", "disable"]),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/Schema validation failed/);
    expect(stderr).toMatch(/notes/);
    expect(stderr).toMatch(/order/);
    expect(await http().query(notes.list, { room: "export" })).toEqual(["kept!"]);
  });

  it('refuses "use node" and components in a sentence', async () => {
    await writeFile(source("extra.ts"), '"use node";\nexport { list } from "./notes";\n');
    const node = await fixture.cli(["deploy", "--typecheck", "disable"]);
    expect(node.stderr).toMatch(/extra\.js starts with "use node"/);
    expect(node.code).toBe(1);
    await writeFile(source("extra.ts"), "");
    const config = [
      'import { defineApp } from "convex/server";',
      'import child from "./child/convex.config.js";',
      "const app = defineApp();",
      "app.use(child);",
      "export default app;",
    ];
    await writeFile(source("convex.config.ts"), config.join("\n"));
    await mkdir(source("child"));
    await writeFile(
      source("child/convex.config.ts"),
      'import { defineComponent } from "convex/server";\nexport default defineComponent("child");\n',
    );
    const component = await fixture.cli(["deploy", "--typecheck", "disable"]);
    expect(component.stderr).toMatch(/hosts no components/);
    expect(component.code).toBe(1);
    await rm(source("convex.config.ts"));
    await rm(source("child"), { recursive: true });
  });

  it("is refused with another admin key", async () => {
    const { code, stderr } = await fixture.cli(["deploy", "--typecheck", "disable"], "x|wrong");
    expect(code).toBe(1);
    expect(stderr).toMatch(/The admin key is not the one of this deployment/);
  });
});

describe("pushProject", { timeout: 120_000 }, () => {
  const push = (url: string, env = {}, codegen = true) =>
    pushProject({
      projectDir: fixture.projectDir,
      url,
      adminKey: fixture.convex.adminKey,
      env,
      typecheck: "disable",
      codegen,
    });

  it("pushes past the person's own .env.local and leaves it alone", async () => {
    const file = join(fixture.projectDir, ".env.local");
    const own = "CONVEX_DEPLOYMENT=dev:someone-elses-1\nCONVEX_URL=https://someone.example\n";
    await writeFile(file, own);
    await push(fixture.convex.url, { TEST_JWKS: fixture.jwks, SECRET: "from push" });
    expect(await readFile(file, "utf8")).toBe(own);
    expect(await http().query(notes.secret, {})).toBe("from push");
  });

  it("leaves convex/_generated as it is when asked to", async () => {
    await push(fixture.convex.url);
    const generated = source("_generated/api.d.ts");
    await writeFile(generated, "// own");
    await push(fixture.convex.url, {}, false);
    expect(await readFile(generated, "utf8")).toBe("// own");
    await push(fixture.convex.url);
    expect(await readFile(generated, "utf8")).not.toBe("// own");
  });

  it("says what is wrong with the code, and when nobody answers", async () => {
    const broken = changed("notes.ts", "export const echo", "export const const", () =>
      push(fixture.convex.url),
    );
    await expect(broken).rejects.toThrow(/could not be pushed[^]*notes\.ts/);
    await expect(push("http://127.0.0.1:9", { A: "b" })).rejects.toThrow(/does not answer/);
  });
});

/** Reads a ZIP archive by its directory, as any tool does. */
async function unzip(path: string): Promise<Record<string, string>> {
  const archive = await readFile(path);
  const end = archive.lastIndexOf(Buffer.from("504b0506", "hex"));
  const files: Record<string, string> = {};
  let entry = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count--) {
    const [nameLength, extraLength] = [
      archive.readUInt16LE(entry + 28),
      archive.readUInt16LE(entry + 30),
    ];
    const name = archive.toString("utf8", entry + 46, entry + 46 + nameLength);
    const start = archive.readUInt32LE(entry + 42) + 30 + nameLength;
    const content = inflateRawSync(
      archive.subarray(start, start + archive.readUInt32LE(entry + 20)),
    );
    expect(crc32(content)).toBe(archive.readUInt32LE(entry + 16));
    files[name] = content.toString("utf8");
    entry += 46 + nameLength + extraLength;
  }
  return files;
}
