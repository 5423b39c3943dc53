import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Archive } from "./archive.ts";
import { pushProject } from "./convex/push.ts";
import { startConvex } from "./convex/server/server.ts";
import { SessionLines } from "./session-lines.ts";
import { startStack, type Stack } from "./stack.ts";

let dataDir: string;
let stack: Stack;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "stack-"));
  stack = await startStack({ dataDir });
});
afterAll(async () => {
  await stack.close();
  rmSync(dataDir, { recursive: true });
});

function signedIn(personId: string): ConvexHttpClient {
  const client = new ConvexHttpClient(stack.convex.url);
  client.setAuth(stack.authkit.control.tokenFor(personId));
  return client;
}

async function record(client: ConvexHttpClient, count: number, updatedAt: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, position) => ({
    key: `m${position}`,
    role: "user",
    position,
    state: "final",
    parts: [{ type: "text", text: `message ${position}` }],
    hash: `hash-${position}`,
  }));
  const session = { agent: "opencode", key: "ses_1", title: "Fix the bug", updatedAt };
  await client.mutation(anyApi.sessions!.record!, { session, messages });
}

it("accepts the people of the emulator in this repository's backend, each with their own archive", async () => {
  const ada = signedIn("user_ada");
  const user: unknown = await ada.mutation(anyApi.users!.getOrCreate!, {
    email: "ada@example.com",
  });
  expect(user).toMatchObject({ workosId: "user_ada", email: "ada@example.com" });
  await signedIn("user_grace").mutation(anyApi.users!.getOrCreate!, {});

  const told: string[] = [];
  const archives = ["user_ada", "user_grace"].map(
    (id) => new Archive(stack.convex.url, stack.authkit, id),
  );
  try {
    for (const archive of archives) {
      const lines = new SessionLines();
      const isReady = new Promise<void>((resolve) => {
        archive.watch((sessions) => {
          told.push(...lines.changed(sessions));
          resolve();
        });
      });
      await isReady;
    }
    await record(ada, 1, Date.now() - 120_000);
    await vi.waitFor(() => expect(told).toEqual(["opencode: 'Fix the bug', 1 message, in Convex"]));
    await record(ada, 4, Date.now());
    await vi.waitFor(() => expect(told).toHaveLength(2), { timeout: 5000 });
    expect(told[1]).toMatch(/^opencode: 'Fix the bug', 4 messages, in Convex after \d+ ms$/);
    const [session] = (await archives[0]?.sessions()) ?? [];
    expect((await archives[0]?.messages(session?.id ?? ""))?.map(({ key }) => key)).toEqual([
      "m0",
      "m1",
      "m2",
      "m3",
    ]);
    expect(await archives[1]?.sessions()).toEqual([]);
  } finally {
    await Promise.all(archives.map((archive) => archive.close()));
  }
});

it("refuses a token of another emulator", async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "stack-"));
  const { startAuthkit } = await import("./authkit/server.ts");
  const other = await startAuthkit({
    dataDir: elsewhere,
    clientId: stack.clientId,
    redirectHosts: [],
  });
  try {
    const client = new ConvexHttpClient(stack.convex.url);
    client.setAuth(other.control.tokenFor("user_ada"));
    await expect(client.query(anyApi.users!.me!, {})).rejects.toThrow();
  } finally {
    await other.close();
    rmSync(elsewhere, { recursive: true });
  }
});

it("has everything again after a restart, at the same addresses, also for tokens from before", async () => {
  const ada = signedIn("user_ada");
  const before: unknown = await ada.query(anyApi.users!.me!, {});
  const { url } = stack.convex;
  await stack.close();
  stack = await startStack({ dataDir });
  expect(stack.convex.url).toBe(url);
  expect(await ada.query(anyApi.users!.me!, {})).toEqual(before);
  const archive = new Archive(url, stack.authkit, "user_ada");
  try {
    expect(await archive.sessions()).toMatchObject([{ key: "ses_1", messageCount: 4 }]);
  } finally {
    await archive.close();
  }
});

/** The backend of another version, whose users have a field that this version's schema does not know. */
async function storeOfAnotherVersion(dataDir: string): Promise<void> {
  const projectDir = mkdtempSync(join(tmpdir(), "stack-other-"));
  const convex = await startConvex({ dataDir: join(dataDir, "convex") });
  try {
    mkdirSync(join(projectDir, "convex"));
    symlinkSync(join(import.meta.dirname, "..", "node_modules"), join(projectDir, "node_modules"));
    writeFileSync(join(projectDir, "package.json"), `{ "dependencies": { "convex": "*" } }`);
    writeFileSync(
      join(projectDir, "convex", "users.ts"),
      `import { mutationGeneric } from "convex/server";
       export const add = mutationGeneric({
         args: {},
         handler: async (ctx) => void (await ctx.db.insert("users", { nickname: "Ada" })),
       });`,
    );
    const { url, adminKey } = convex;
    await pushProject({ projectDir, url, adminKey, env: {}, typecheck: "disable", codegen: false });
    await new ConvexHttpClient(url).mutation(anyApi.users!.add!, {});
  } finally {
    await convex.close();
    rmSync(projectDir, { recursive: true });
  }
}

it("says what to do when the stored data does not fit the schema, and leaves it for its version", async () => {
  const other = mkdtempSync(join(tmpdir(), "stack-data-"));
  try {
    await storeOfAnotherVersion(other);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(startStack({ dataDir: other })).rejects.toThrow(
        /table "users" does not match the schema[^]*is stored in .* is as it was[^]*--data DIR/,
      );
    }
  } finally {
    rmSync(other, { recursive: true });
  }
});
