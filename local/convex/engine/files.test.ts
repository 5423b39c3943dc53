import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Value } from "convex/values";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestEngine } from "./testing.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.withFixture();
  engine.engine.setOrigins({ api: "http://127.0.0.1:9999", site: "http://127.0.0.1:9998" });
});
afterAll(() => engine.dispose());

const onDisk = () => readdirSync(join(engine.dataDir, "files"));
const tokenOf = (url: Value) => new URL(url as string).pathname.split("/").at(-1)!;

async function* chunks(...parts: string[]) {
  for (const part of parts) yield Buffer.from(part);
}

test("an uploaded file is stored, described and found by its URL", async () => {
  const uploadUrl = new URL((await engine.mutation("probes:uploadUrl")) as string);
  expect(uploadUrl.origin + uploadUrl.pathname).toBe("http://127.0.0.1:9999/api/storage/upload");
  const token = uploadUrl.searchParams.get("token")!;
  expect(engine.engine.takeUploadToken(token)).toBe(true);
  expect(engine.engine.takeUploadToken(token)).toBe(false);

  const id = await engine.engine.storeFile(chunks("hello ", "world"), "text/plain");
  const sha256 = createHash("sha256").update("hello world").digest("hex");
  expect(await engine.query("probes:fileMeta", { id })).toMatchObject({
    meta: { storageId: id, sha256, size: 11, contentType: "text/plain" },
    row: { _id: id, sha256, size: 11, contentType: "text/plain" },
  });
  const url = await engine.query("probes:fileUrl", { id });
  const found = engine.engine.fileByToken(tokenOf(url))!;
  expect(found).toMatchObject({ contentType: "text/plain", size: 11 });
  expect(readFileSync(found.path, "utf8")).toBe("hello world");
  await engine.restart();
  engine.engine.setOrigins({ api: "http://127.0.0.1:9999", site: "http://127.0.0.1:9998" });
  expect(await engine.query("probes:fileUrl", { id })).toBe(url);
});

test("a file whose announced hash is another is refused and leaves nothing", async () => {
  const before = onDisk();
  await expect(
    engine.engine.storeFile(chunks("x"), null, createHash("sha256").update("y").digest("hex")),
  ).rejects.toMatchObject({ code: "Sha256Mismatch" });
  expect(onDisk()).toEqual(before);
});

test("deleting takes the bytes too, but only when the mutation succeeds", async () => {
  const id = await engine.engine.storeFile(chunks("gone"), null);
  const { path } = engine.engine.fileByToken(
    tokenOf(await engine.query("probes:fileUrl", { id })),
  )!;
  await expect(engine.mutation("probes:fileRemove", { id, fails: true })).rejects.toThrow("kept");
  expect(existsSync(path)).toBe(true);
  await engine.mutation("probes:fileRemove", { id });
  expect(existsSync(path)).toBe(false);
  expect(await engine.query("probes:fileUrl", { id })).toBeNull();
  await expect(engine.mutation("probes:fileRemove", { id })).rejects.toThrow("no stored file");
});

test("actions store and read blobs", async () => {
  const id = await engine.action("probes:fileStore", { text: "from an action" });
  expect(await engine.action("probes:fileRead", { id })).toEqual({
    text: "from an action",
    type: "text/plain",
  });
});

test("a mutation stores a blob with its own commit", async () => {
  const id = await engine.mutation("probes:fileStoreInMutation", { text: "inside" });
  expect(await engine.action("probes:fileRead", { id })).toMatchObject({ text: "inside" });
  const before = onDisk();
  await expect(
    engine.mutation("probes:fileStoreInMutation", { text: "inside", fails: true }),
  ).rejects.toThrow("not stored");
  expect(onDisk()).toEqual(before);
});
