/** The functions of convex/ where they really run: pushed by the official CLI, called by the official client over HTTP. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startStack, type Stack } from "./stack.ts";

interface Row {
  id: string;
  key: string;
  parts: { type: "text"; text: string }[];
  large?: { bytes: number; chunks: number; storageUrl?: string };
}
interface Recorded {
  sessionId: string;
  results: { key: string; outcome: string }[];
}
interface Page {
  page: Row[];
  isDone: boolean;
}

let dataDir: string;
let stack: Stack;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "functions-"));
  stack = await startStack({ dataDir });
});
afterAll(async () => {
  await stack.close();
  rmSync(dataDir, { recursive: true });
});

/** One person's client, or nobody's. */
function clientOf(personId?: string) {
  const client = new ConvexHttpClient(stack.convex.url);
  if (personId !== undefined) client.setAuth(stack.authkit.control.tokenFor(personId));
  return {
    query: <T>(name: string, args: Record<string, unknown> = {}): Promise<T> =>
      client.query(makeFunctionReference<"query", typeof args, T>(name), args),
    mutation: <T>(name: string, args: Record<string, unknown> = {}): Promise<T> =>
      client.mutation(makeFunctionReference<"mutation", typeof args, T>(name), args),
  };
}
type Client = ReturnType<typeof clientOf>;

async function signIn(index: number): Promise<Client> {
  const client = clientOf(stack.people[index]!.id);
  await client.mutation("users:getOrCreate", {});
  return client;
}

const paginationOpts = { numItems: 100, cursor: null };
const text = (content: string) => [{ type: "text" as const, text: content }];

function message(key: string, position: number, parts: Row["parts"]) {
  return { key, position, parts, role: "user", state: "final", hash: `${key} ${position}` };
}

const record = (client: Client, key: string, messages: object[]) =>
  client.mutation<Recorded>("sessions:record", { session: { agent: "opencode", key }, messages });

/** The message with its parts in file storage, put there the way the extension does it. */
async function uploaded(client: Client, whole: ReturnType<typeof message>) {
  const url = await client.mutation<string>("files:generateUploadUrl");
  const body = JSON.stringify(whole.parts);
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body });
  const { storageId } = (await answer.json()) as { storageId: string };
  const upload = { storageId, bytes: Buffer.byteLength(body), preview: "" };
  return { ...whole, parts: [], upload };
}

async function readParts(client: Client, { id, parts, large }: Row): Promise<Row["parts"]> {
  if (large === undefined) return parts;
  if (large.storageUrl !== undefined) {
    return (await (await fetch(large.storageUrl)).json()) as Row["parts"];
  }
  let json = "";
  for (let index = 0; index < large.chunks; index += 1) {
    const piece = await client.query<{ text: string }>("messages:chunk", { messageId: id, index });
    json += piece.text;
  }
  return JSON.parse(json) as Row["parts"];
}

it("messages of every size come back byte for byte, and only to their owner", async () => {
  const [ann, bob, nobody] = [await signIn(0), await signIn(1), clientOf()];
  const unit = 'a"\\\n\u0000ä€😀\ufeff';
  const sent: Row["parts"][] = [];
  let sessionId = "";
  for (const [position, bytes] of [60_000, 900_000, 1_000_000, 1_100_000, 5_000_000].entries()) {
    const unitBytes = Buffer.byteLength(JSON.stringify(unit)) - 2;
    const parts = text(unit.repeat(Math.floor(bytes / unitBytes)));
    const whole = message(`m${position}`, position, parts);
    const sendable = bytes > 1_048_576 ? await uploaded(ann, whole) : whole;
    const answer = await record(ann, "sizes", [sendable]);
    expect(answer.results).toEqual([{ key: whole.key, outcome: "stored" }]);
    sent.push(parts);
    sessionId = answer.sessionId;
  }
  const { page } = await ann.query<Page>("messages:list", { sessionId, paginationOpts });
  const places = page.map(({ large }) => (!large ? "row" : large.storageUrl ? "file" : "chunks"));
  expect(places).toEqual(["row", "chunks", "chunks", "file", "file"]);
  for (const [index, row] of page.entries()) {
    expect((await readParts(ann, row))[0]!.text === sent[index]![0]!.text).toBe(true);
  }
  for (const stranger of [bob, nobody]) {
    const seen = await stranger.query<Page>("messages:list", { sessionId, paginationOpts });
    expect(seen).toMatchObject({ page: [], isDone: true });
    const piece = { messageId: page[1]!.id, index: 0 };
    expect(await stranger.query("messages:chunk", piece)).toBeNull();
  }

  await ann.mutation("sessions:remove", { sessionId });
  expect(await ann.query("sessions:get", { sessionId })).toBeNull();
  expect((await fetch(page[4]!.large!.storageUrl!)).status).toBe(404);
});

it("four writers of one session lose nothing and repeat nothing", async () => {
  const all = Array.from({ length: 400 }, (_, index) => message(`m${index}`, index, text("hi")));
  const writers = [0, 1, 2, 3].map(async (writer) => {
    const client = await signIn(0);
    const own = all.filter(({ position }) => position % 4 === writer);
    for (let start = 0; start < own.length; start += 20) {
      await record(client, "shared", own.slice(start, start + 20));
    }
  });
  await Promise.all(writers);
  const ann = await signIn(0);
  const session = { agent: "opencode", key: "shared" };
  const before = await ann.query("sessions:getByKey", session);
  expect(before).toMatchObject({ messageCount: 400 });
  const again = await record(ann, "shared", all.slice(0, 100));
  expect(new Set(again.results.map(({ outcome }) => outcome))).toEqual(new Set(["same"]));
  expect(await ann.query("sessions:getByKey", session)).toEqual(before);
});

it("replacing more than one mutation may read is refused as too large, and half of it is not", async () => {
  const ann = await signIn(0);
  const finish = "f".repeat(32_000);
  const large = (_: unknown, index: number) => ({
    ...message(`m${index}`, index, text("x".repeat(65_000))),
    finish,
  });
  const rows = Array.from({ length: 100 }, large);
  await record(ann, "large rows", rows.slice(0, 50));
  await record(ann, "large rows", rows.slice(50));
  const short = rows.map(({ key, position }) => message(key, -position - 1, text("short")));
  const all = record(ann, "large rows", short);
  await expect(all).rejects.toMatchObject({ data: { code: "batch-too-large" } });
  for (const half of [short.slice(0, 50), short.slice(50)]) {
    const { results } = await record(ann, "large rows", half);
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["stored"]));
  }
});

it("the deployment's own origin says that it is up and answers preflights", async () => {
  const health = await fetch(`${stack.convex.siteUrl}/health`);
  expect(await health.json()).toEqual({ status: "ok", timestamp: expect.any(Number) });
  const preflight = await fetch(`${stack.convex.siteUrl}/any/path`, { method: "OPTIONS" });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("Access-Control-Allow-Origin")).toBe("*");
});
