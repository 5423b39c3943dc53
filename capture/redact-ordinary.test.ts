// @vitest-environment node
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it, vi } from "vitest";
import { redactText } from "./redact-text";

vi.setConfig({ testTimeout: 60_000 });

const ROOT = resolve(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Bytes that look random and are the same in every run. */
function noise(bytes: number, seed: string): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, index) =>
    createHash("sha256").update(`${seed}${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, bytes);
}

function uuids(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const hex = noise(16, `uuid${index}`).toString("hex");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "id: $1-$2-$3-$4-$5");
  }).join("\n");
}

function commits(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const sha = noise(20, `sha${index}`).toString("hex");
    return `commit ${sha}\nAuthor: Somebody <a@b.test>\n\n    Change ${sha.slice(0, 7)}\n`;
  }).join("\n");
}

function images(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const data = noise(6_000, `image${index}`).toString("base64");
    return `![chart ${index}](data:image/png;base64,${data})`;
  }).join("\n");
}

const docs = readdirSync(join(ROOT, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);

/** Ordinary text and code: made here, written for this project, and what others ship. */
const corpus: [name: string, text: () => string][] = [
  ["UUIDs", () => uuids(2_000)],
  ["commits", () => commits(1_000)],
  ["base64 images", () => images(12)],
  ["base64url", () => noise(60_000, "url").toString("base64url").replace(/.{76}/g, "$&\n")],
  ["integrity hashes in a lock file", () => read("package-lock.json").slice(0, 300_000)],
  ...docs.map((path): [string, () => string] => [path, () => read(path)]),
  ...[
    "README.md",
    "node_modules/axe-core/axe.min.js",
    "node_modules/react-dom/cjs/react-dom-client.production.js",
    "node_modules/typescript/README.md",
    "node_modules/vite/LICENSE.md",
    "node_modules/eslint/README.md",
    "node_modules/jose/README.md",
    "node_modules/jose/dist/types/types.d.ts",
    "node_modules/@workos-inc/authkit-js/README.md",
    "node_modules/fast-check/package.json",
    "node_modules/convex/src/server/database.ts",
    "convex/validators.ts",
    "convex/schema.ts",
    "auth/broker.ts",
    "local/archive.ts",
  ].map((path): [string, () => string] => [path, () => read(path)]),
];

it("takes at most one piece in 100 KB of ordinary text and code for a secret", async () => {
  let bytes = 0;
  const found: string[] = [];
  for (const [name, text] of corpus) {
    const given = text();
    bytes += Buffer.byteLength(given);
    await redactText(given, (mask) => found.push(`${name}: ${mask}`));
  }
  expect(bytes).toBeGreaterThan(500_000);
  expect({ found, tooMany: found.length > bytes / 100_000 }).toEqual({
    found: expect.any(Array) as string[],
    tooMany: false,
  });
});
