import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import type { Id } from "./_generated/dataModel";
import { contentHash } from "./contentHash";
import { messageText } from "./messageText";
import {
  type Backend,
  type Client,
  everything,
  message,
  openBackend,
  readChunks,
  readMessages,
  recordCost,
  session,
  signIn,
  text,
} from "./test.setup";
import { utf8Length } from "./utf8";
import { MAX_CHUNKED_BYTES, MAX_INLINE_BYTES, type Message, type Part } from "./validators";

/** Parts of about `bytes` bytes of JSON, of characters that take 1 to 4 bytes and of ones that JSON escapes. */
function partsOf(bytes: number): Part[] {
  const unit = 'a"\\\n\u0000ä€😀\ufeff';
  return text(unit.repeat(Math.ceil(bytes / utf8Length(JSON.stringify(unit).slice(1, -1)))));
}

async function uploadFile(backend: Backend, body: string): Promise<Id<"_storage">> {
  return await backend.run((ctx) => ctx.storage.store(new Blob([body])));
}

async function uploaded(backend: Backend, parts: Part[], key = "m1"): Promise<Message> {
  const body = JSON.stringify(parts);
  const storageId = await uploadFile(backend, body);
  const whole = await message({ key, parts });
  const upload = { storageId, bytes: utf8Length(body), preview: messageText(parts) };
  return { ...whole, parts: [], upload };
}

async function start() {
  const backend = openBackend();
  const ann = await signIn(backend);
  const record = (client: Client, ...messages: Message[]) =>
    client.mutation(api.sessions.record, { session: session(), messages });
  return { backend, ann, record };
}

async function contentRows(backend: Backend) {
  const { messageChunks, files, _storage } = await everything(backend);
  return { chunks: messageChunks!.length, claims: files!.length, files: _storage!.length };
}

describe("a message of", () => {
  test("64 KB lies in its row, one byte more does not", async () => {
    const { ann, record } = await start();
    const frame = utf8Length(JSON.stringify(text("")));
    const inline = await message({ key: "m1", parts: text("x".repeat(MAX_INLINE_BYTES - frame)) });
    const larger = await message({
      key: "m2",
      position: 1,
      parts: text("x".repeat(MAX_INLINE_BYTES - frame + 1)),
    });
    const { sessionId } = await record(ann, inline, larger);
    const [first, second] = await readMessages(ann, sessionId);
    expect(first).toMatchObject({ parts: inline.parts });
    expect(first).not.toHaveProperty("large");
    expect(second).toMatchObject({
      parts: [],
      preview: messageText(larger.parts),
      large: { bytes: MAX_INLINE_BYTES + 1, chunks: 1 },
    });
    expect(JSON.parse(await readChunks(ann, second!))).toEqual(larger.parts);
  });

  test.each([0.9, 1.0])("%s MB comes back in chunks, byte for byte", async (megabytes) => {
    const { backend, ann, record } = await start();
    const sent = await message({ parts: partsOf(megabytes * 1_000_000) });
    const { sessionId } = await record(ann, sent);
    const [row] = await readMessages(ann, sessionId);
    const json = await readChunks(ann, row!);
    expect(utf8Length(json)).toBe(row!.large!.bytes);
    expect(JSON.parse(json)).toEqual(sent.parts);
    expect(await contentHash(await message({ parts: JSON.parse(json) as Part[] }))).toBe(
      await contentHash(await message({ parts: sent.parts })),
    );
    const { messageChunks } = await everything(backend);
    for (const chunk of messageChunks as { text: string }[]) {
      expect(utf8Length(chunk.text)).toBeLessThanOrEqual(256 * 1024);
    }
  });

  test("exactly 1 MiB still comes in chunks", async () => {
    const { ann, record } = await start();
    const frame = utf8Length(JSON.stringify(text("")));
    const sent = await message({ parts: text("x".repeat(MAX_CHUNKED_BYTES - frame)) });
    const { sessionId } = await record(ann, sent);
    const [row] = await readMessages(ann, sessionId);
    expect(row!.large!.chunks).toBe(4);
    expect(JSON.parse(await readChunks(ann, row!))).toEqual(sent.parts);
  });

  test.each([1.1, 5])("%s MB lies in a file, byte for byte", async (megabytes) => {
    const { backend, ann, record } = await start();
    const parts = partsOf(megabytes * 1_000_000);
    const sent = await uploaded(backend, parts);
    const { sessionId, results } = await record(ann, sent);
    expect(results).toEqual([{ key: "m1", outcome: "stored" }]);
    const [row] = await readMessages(ann, sessionId);
    const { bytes } = sent.upload!;
    expect(row).toMatchObject({ parts: [], hash: sent.hash, preview: sent.upload!.preview });
    expect(row!.large).toEqual({ bytes, chunks: 0, storageUrl: expect.stringMatching(/^https:/) });
    const body = await backend.run(async (ctx) => {
      const file = await ctx.storage.get(sent.upload!.storageId);
      return await file!.text();
    });
    expect(body).toBe(JSON.stringify(parts));
  });
});

describe("a large message that is sent again", () => {
  test("unchanged writes nothing", async () => {
    const { backend, ann, record } = await start();
    const chunked = await message({ key: "m1", parts: partsOf(300_000) });
    const inFile = await uploaded(backend, partsOf(1_200_000), "m2");
    await record(ann, chunked, inFile);
    const before = await everything(backend);
    const again = await recordCost(ann, { session: session(), messages: [chunked, inFile] });
    expect(again.results.map(({ outcome }) => outcome)).toEqual(["same", "same"]);
    expect(again.written).toBe(0);
    expect(await everything(backend)).toEqual(before);
  });

  test("changed leaves nothing of the old version, whatever the sizes", async () => {
    const { backend, ann, record } = await start();
    const parts = partsOf(300_000);
    const versions = [
      await message({ parts }),
      await uploaded(backend, partsOf(1_200_000)),
      await message({ parts: text("short") }),
      await uploaded(backend, partsOf(1_300_000)),
      await uploaded(backend, partsOf(1_400_000)),
      await message({ parts: partsOf(600_000) }),
    ];
    const expected = [
      { chunks: 2, claims: 0, files: 3 },
      { chunks: 0, claims: 1, files: 3 },
      { chunks: 0, claims: 0, files: 2 },
      { chunks: 0, claims: 1, files: 2 },
      { chunks: 0, claims: 1, files: 1 },
      { chunks: 3, claims: 0, files: 0 },
    ];
    for (const [index, version] of versions.entries()) {
      await record(ann, version);
      expect(await contentRows(backend)).toEqual(expected[index]);
    }
  });

  test("by the dozen is too much for one call, which says so, and not for smaller ones", async () => {
    const { backend, ann, record } = await start();
    const parts = partsOf(1_000_000);
    const keys = Array.from({ length: 16 }, (_, index) => `m${index}`);
    for (const [position, key] of keys.entries()) {
      await record(ann, await message({ key, position, parts }));
    }
    const before = await everything(backend);
    const short = await Promise.all(
      keys.map((key, position) => message({ key, position, parts: text("short") })),
    );
    const refused = record(ann, ...short);
    await expect(refused).rejects.toMatchObject({ data: { code: "batch-too-large" } });
    expect(await everything(backend)).toEqual(before);
    await record(ann, ...short.slice(0, 8));
    await record(ann, ...short.slice(8));
    expect((await contentRows(backend)).chunks).toBe(0);
  });

  test("with only its fields changed keeps its file", async () => {
    const { backend, ann, record } = await start();
    const first = await uploaded(backend, partsOf(1_200_000));
    await record(ann, first);
    const { results } = await record(ann, { ...first, finish: "stop", hash: "another" });
    expect(results).toEqual([{ key: "m1", outcome: "stored" }]);
    expect(await contentRows(backend)).toEqual({ chunks: 0, claims: 1, files: 1 });
  });

  test("does not keep a second file of the same or an older version", async () => {
    const { backend, ann, record } = await start();
    const parts = partsOf(1_200_000);
    const final = await uploaded(backend, parts);
    await record(ann, final);
    const again = await uploaded(backend, parts);
    const partial = { ...(await uploaded(backend, parts)), state: "partial" as const, hash: "p" };
    const { results } = await record(ann, again, partial);
    expect(results.map(({ outcome }) => outcome)).toEqual(["same", "older"]);
    const { _storage } = await everything(backend);
    expect(_storage).toMatchObject([{ _id: final.upload!.storageId }]);
  });
});

describe("a file", () => {
  test("that is not there, or not as long as said, is refused", async () => {
    const { backend, ann, record } = await start();
    const gone = await uploaded(backend, partsOf(1_200_000), "m1");
    await backend.run((ctx) => ctx.storage.delete(gone.upload!.storageId));
    const shorter = await uploaded(backend, partsOf(1_200_000), "m2");
    shorter.upload!.bytes += 1;
    const fine = await message({ key: "m3", position: 2 });
    const { results } = await record(ann, gone, shorter, fine);
    expect(results.map(({ outcome }) => outcome)).toEqual(["refused", "refused", "stored"]);
    expect(await contentRows(backend)).toEqual({ chunks: 0, claims: 0, files: 0 });
  });

  test.each([
    ["with parts beside it", (sent: Message) => ({ ...sent, parts: text("also") })],
    ["of no bytes", (sent: Message) => ({ ...sent, upload: { ...sent.upload!, bytes: 0 } })],
    ["of NaN bytes", (sent: Message) => ({ ...sent, upload: { ...sent.upload!, bytes: NaN } })],
    [
      "of more than 64 MiB",
      (sent: Message) => ({ ...sent, upload: { ...sent.upload!, bytes: 67_108_865 } }),
    ],
  ])("%s is refused", async (_name, spoil) => {
    const { backend, ann, record } = await start();
    const { results } = await record(ann, spoil(await uploaded(backend, partsOf(1_200_000))));
    expect(results).toEqual([
      { key: "m1", outcome: "refused", reason: expect.stringMatching(/^Not stored: /) },
    ]);
  });

  test("belongs to one message: another of the same person cannot name it", async () => {
    const { backend, ann, record } = await start();
    const first = await uploaded(backend, partsOf(1_200_000));
    const { sessionId, results } = await record(ann, first, { ...first, key: "m2", position: 1 });
    expect(results.map(({ outcome }) => outcome)).toEqual(["stored", "refused"]);
    expect((await readMessages(ann, sessionId))[0]!.large!.storageUrl).toBeDefined();
  });

  test("of somebody else is refused like one that is not there, and stays theirs", async () => {
    const { backend, ann, record } = await start();
    const bob = await signIn(backend, "user_bob");
    const hers = await uploaded(backend, partsOf(1_200_000));
    await record(ann, hers);
    const gone = await uploaded(backend, partsOf(1_200_000), "m2");
    await backend.run((ctx) => ctx.storage.delete(gone.upload!.storageId));
    const { results } = await record(bob, hers, gone);
    expect(results.map(({ outcome }) => outcome)).toEqual(["refused", "refused"]);
    expect(results[0]!.reason).toBe(results[1]!.reason);
    expect(await contentRows(backend)).toEqual({ chunks: 0, claims: 1, files: 1 });
  });

  test("has a preview of at most 32 KB, whatever the client sends", async () => {
    const { backend, ann, record } = await start();
    const sent = await uploaded(backend, partsOf(1_200_000));
    sent.upload!.preview = "€".repeat(20_000);
    const { sessionId } = await record(ann, sent);
    expect((await readMessages(ann, sessionId))[0]!.preview).toBe("€".repeat(10_922));
  });
});
