import { omit } from "convex-helpers";
import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import {
  everything,
  message,
  messages,
  openBackend,
  readMessages,
  recordCost,
  session,
  signIn,
  text,
} from "./test.setup";
import type { Message } from "./validators";

const outcomes = (answer: { results: { outcome: string }[] }) =>
  answer.results.map(({ outcome }) => outcome);

async function startAnn() {
  const backend = openBackend();
  const ann = await signIn(backend);
  const record = (list: Message[], header = session()) =>
    ann.mutation(api.sessions.record, { session: header, messages: list });
  return { backend, ann, record };
}

describe("recording messages", () => {
  test("stores every field of the message and of the header", async () => {
    const { ann, record } = await startAnn();
    const reading = {
      key: "m2",
      parentKey: "m1",
      role: "assistant" as const,
      position: 1,
      state: "final" as const,
      model: "model-1",
      provider: "provider-1",
      tokens: { input: 10, output: 20, reasoning: 3, cacheRead: 4, cacheWrite: 5, total: 42 },
      cost: 0.25,
      createdAt: 1_000,
      completedAt: 2_000,
      finish: "stop",
      error: { name: "Aborted", message: "The turn was stopped" },
      parts: [
        { type: "reasoning" as const, text: "think", startedAt: 1, endedAt: 2 },
        { type: "text" as const, text: "done" },
        {
          type: "tool-call" as const,
          toolCallId: "c1",
          toolName: "bash",
          input: '{"$ref":"ä"}',
          title: "List",
          childKey: "s2",
        },
        {
          type: "tool-result" as const,
          toolCallId: "c1",
          output: "a\nb",
          isError: false,
          metadata: '{"exit":0}',
        },
        { type: "file" as const, name: "a.png", mediaType: "image/png", size: 12 },
        { type: "unknown" as const, kind: "snapshot", json: "{}" },
      ],
    };
    const header = session({
      url: "https://example.com/s1",
      parentKey: "s0",
      activeLeafKey: "m2",
      projectPath: "/project",
      model: "model-1",
      provider: "provider-1",
      tokens: { total: 42 },
      cost: 0.25,
    });
    const sent = await message(reading);
    const answer = await record([sent], { ...header, createdAt: 500, updatedAt: 600 });
    expect(answer.results).toEqual([{ key: "m2", outcome: "stored" }]);
    expect(await readMessages(ann, answer.sessionId)).toEqual([
      { ...reading, id: expect.any(String), hash: sent.hash },
    ]);
    expect(await ann.query(api.sessions.get, { sessionId: answer.sessionId })).toEqual({
      ...header,
      id: answer.sessionId,
      siteCreatedAt: 500,
      siteUpdatedAt: 600,
      messageCount: 1,
      updatedAt: expect.any(Number),
      usage: expect.objectContaining({ sessions: 1, messages: 1 }),
    });
  });

  test("reloading ten times writes nothing and reads only point lookups", async () => {
    const { backend, ann, record } = await startAnn();
    const batch = await messages(100);
    await record(batch);
    const before = await everything(backend);
    for (let reload = 0; reload < 10; reload += 1) {
      const cost = await recordCost(ann, { session: session(), messages: batch });
      expect(new Set(outcomes(cost))).toEqual(new Set(["same"]));
      expect(cost.written).toBe(0);
      expect(cost.ranges).toBeLessThanOrEqual(110);
    }
    expect(await everything(backend)).toEqual(before);
  });

  test("a changed message replaces the stored one and keeps its place", async () => {
    const { ann, record } = await startAnn();
    const [first, second] = await messages(2);
    await record([first!, second!]);
    const edited = await message({ ...first, parts: text("edited") });
    const { sessionId, results } = await record([edited, second!]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["stored", "same"]);
    const rows = await readMessages(ann, sessionId);
    expect(rows.map(({ parts }) => parts)).toEqual([text("edited"), second!.parts]);
  });

  test("a field that the new version does not have is gone", async () => {
    const { ann, record } = await startAnn();
    await record([await message({ state: "partial", error: { name: "E", message: "e" } })]);
    const { sessionId } = await record([await message()]);
    expect((await readMessages(ann, sessionId))[0]).not.toHaveProperty("error");
  });

  test("final replaces partial, partial never replaces final", async () => {
    const { ann, record } = await startAnn();
    const early = await message({ state: "partial", parts: text("hel") });
    const later = await message({ state: "partial", parts: text("hello") });
    const final = await message({ parts: text("hello") });
    expect(outcomes(await record([early]))).toEqual(["stored"]);
    expect(outcomes(await record([later]))).toEqual(["stored"]);
    expect(outcomes(await record([final]))).toEqual(["stored"]);
    const { sessionId, results } = await record([early, later, final]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["older", "older", "same"]);
    const rows = await readMessages(ann, sessionId);
    expect(rows).toMatchObject([{ state: "final", parts: text("hello") }]);
  });

  test("a key that comes twice in one call is stored once, the later version", async () => {
    const { ann, record } = await startAnn();
    const partial = await message({ state: "partial", parts: text("a") });
    const final = await message({ parts: text("ab") });
    const answer = await record([partial, final, partial, final]);
    expect(outcomes(answer)).toEqual(["stored", "stored", "older", "same"]);
    expect(await readMessages(ann, answer.sessionId)).toMatchObject([{ parts: text("ab") }]);
    const stored = await ann.query(api.sessions.get, { sessionId: answer.sessionId });
    expect(stored?.messageCount).toBe(1);
  });

  test("equal keys of different sessions and agents are different messages", async () => {
    const { backend, record } = await startAnn();
    const one = await message();
    await record([one], session({ key: "s1" }));
    await record([one], session({ key: "s2" }));
    await record([one], session({ key: "s1", agent: "claude" }));
    const { messages: rows, sessions } = await everything(backend);
    expect([rows?.length, sessions?.length]).toEqual([3, 3]);
  });

  test("adding a message costs the same in a short and in a long session", async () => {
    const { ann, record } = await startAnn();
    const add = async (position: number) => {
      const batch = await messages(1, position);
      const { written, ranges, bytesRead } = await recordCost(ann, {
        session: session(),
        messages: batch,
      });
      return { written, ranges, bytesRead };
    };
    await record(await messages(2));
    const short = await add(1_002);
    await record(await messages(100, 100));
    await record(await messages(100, 200));
    const long = await add(1_003);
    expect(long).toEqual({ ...short, bytesRead: expect.any(Number) });
    expect(Math.abs(long.bytesRead - short.bytesRead)).toBeLessThan(16);
  });

  test("100 messages stay inside what a mutation may read and write", async () => {
    const { ann } = await startAnn();
    const batch = await Promise.all(
      Array.from({ length: 100 }, (_, position) =>
        message({ key: `m${position}`, position, parts: text("x".repeat(40_000)) }),
      ),
    );
    const first = await recordCost(ann, { session: session(), messages: batch });
    expect(first.ranges).toBeLessThan(4_096 / 8);
    const edited = await Promise.all(
      batch.map((one) => message({ ...omit(one, ["hash", "upload"]), finish: "stop" })),
    );
    const second = await recordCost(ann, { session: session(), messages: edited });
    expect(new Set(outcomes(second))).toEqual(new Set(["stored"]));
  });
});

describe("a session's header", () => {
  test("that says less blanks nothing, down to single token counts", async () => {
    const { ann, record } = await startAnn();
    const full = session({ url: "https://example.com/1", tokens: { input: 1, output: 2 } });
    const { sessionId } = await record([], full);
    await record([], { agent: "opencode", key: "s1", tokens: { output: 3 } });
    expect(await ann.query(api.sessions.get, { sessionId })).toMatchObject({
      title: "Fix the bug",
      url: "https://example.com/1",
      tokens: { input: 1, output: 3 },
    });
  });

  test("that changed is written alone, one that did not is not", async () => {
    const { ann, record } = await startAnn();
    await record(await messages(3), session({ tokens: { total: 5 } }));
    const same = { session: session({ tokens: { total: 5 } }), messages: [] };
    expect((await recordCost(ann, same)).written).toBe(0);
    const renamed = { session: session({ title: "Another title" }), messages: [] };
    expect((await recordCost(ann, renamed)).written).toBe(1);
  });

  test("is written once for a whole batch, with the exact number of messages", async () => {
    const { ann, record } = await startAnn();
    const { sessionId } = await record(await messages(10));
    const cost = await recordCost(ann, { session: session(), messages: await messages(10, 5) });
    // Five messages, the header, and the counts of the day and of all days.
    expect(cost.written).toBe(8);
    const stored = await ann.query(api.sessions.get, { sessionId });
    expect(stored?.messageCount).toBe(15);
  });

  test("keeps the beginning of a title that is a whole prompt", async () => {
    const { ann, record } = await startAnn();
    const long = session({ title: "ä".repeat(1_000_000) });
    const { sessionId } = await record(await messages(1), long);
    const stored = await ann.query(api.sessions.get, { sessionId });
    expect(stored?.title).toBe("ä".repeat(2_048));
    expect((await recordCost(ann, { session: long, messages: [] })).written).toBe(0);
  });
});

describe("refusals", () => {
  const refusals: [string, Partial<Message>][] = [
    ["an empty key", { key: "" }],
    ["a key of 513 characters", { key: "k".repeat(513) }],
    ["a parent key of 513 characters", { parentKey: "k".repeat(513) }],
    ["no content hash", { hash: "" }],
    ["a position that is no number", { position: Number.NaN }],
    ["half a character", { parts: text("\ud83d") }],
    ["half a character in a tool's input", { parts: [toolCall('"\udc00"')] }],
    ["fields of more than 32 KB", { finish: "f".repeat(33_000) }],
    ["more than 1 MB of parts", { parts: text("x".repeat(1_048_577)) }],
  ];

  test.each(refusals)("a message with %s is refused, the others are stored", async (_name, bad) => {
    const { ann, record } = await startAnn();
    const [first, second] = await messages(2);
    const answer = await record([first!, { ...(await message({ key: "bad" })), ...bad }, second!]);
    expect(outcomes(answer)).toEqual(["stored", "refused", "stored"]);
    expect(answer.results[1]?.reason).toMatch(/^Not stored: /);
    const rows = await readMessages(ann, answer.sessionId);
    expect(rows.map(({ key }) => key)).toEqual(["m0", "m1"]);
  });

  test.each([
    ["no session key", session({ key: "" })],
    ["a session key of 513 characters", session({ key: "k".repeat(513) })],
    ["an agent that is no id", session({ agent: "Open Code" })],
    ["half a character in its title", session({ title: "\ud83d" })],
    ["a path of 33,000 characters", session({ projectPath: "p".repeat(33_000) })],
  ])("a session with %s is refused whole", async (_name, header) => {
    const { backend, record } = await startAnn();
    const refused = record(await messages(1), header);
    await expect(refused).rejects.toMatchObject({ data: { code: "invalid-session" } });
    expect((await everything(backend)).sessions).toEqual([]);
  });

  test("101 messages are refused whole, 100 are stored", async () => {
    const { backend, record } = await startAnn();
    const refused = record(await messages(101));
    await expect(refused).rejects.toMatchObject({ data: { code: "too-many-messages" } });
    expect((await everything(backend)).sessions).toEqual([]);
    expect(new Set(outcomes(await record(await messages(100))))).toEqual(new Set(["stored"]));
  });

  test("more than 4 MiB in one call are refused whole", async () => {
    const { backend, record } = await startAnn();
    const batch = await Promise.all(
      Array.from({ length: 5 }, (_, position) =>
        message({ key: `m${position}`, position, parts: text("x".repeat(1_000_000)) }),
      ),
    );
    await expect(record(batch)).rejects.toMatchObject({ data: { code: "batch-too-large" } });
    expect((await everything(backend)).sessions).toEqual([]);
    expect(new Set(outcomes(await record(batch.slice(0, 4))))).toEqual(new Set(["stored"]));
  });
});

describe("several writers", () => {
  test("four of them, 100 messages each into one session: exact", async () => {
    const { ann } = await startAnn();
    const all = await messages(400);
    const writers = [0, 1, 2, 3].map(async (writer) => {
      const own = all.filter((_, index) => index % 4 === writer);
      for (let start = 0; start < own.length; start += 10) {
        const batch = own.slice(start, start + 10);
        await ann.mutation(api.sessions.record, { session: session(), messages: batch });
      }
    });
    await Promise.all(writers);
    const stored = await ann.query(api.sessions.getByKey, { agent: "opencode", key: "s1" });
    expect(stored?.messageCount).toBe(400);
    const rows = await readMessages(ann, stored!.id);
    expect(rows.map(({ key, parts }) => ({ key, parts }))).toEqual(
      all.map(({ key, parts }) => ({ key, parts })),
    );
  });
});

function toolCall(input: string) {
  return { type: "tool-call" as const, toolCallId: "c", toolName: "bash", input };
}
