/** OpenSync's sync API, with the requests of the clients that exist, and the defects of the original that must not come back. */
import { describe, expect, test, vi } from "vitest";
import { api } from "./_generated/api";
import { type Http, httpOf, keyOf, openHttp } from "./http.setup";
import { everything, message, readMessages, session, signIn } from "./test.setup";

const DAY = 1_700_000_000_000;

type Shown = {
  externalId: string;
  role: string;
  textContent?: string;
  createdAt: number;
  parts: { type: string; content: unknown }[];
};
type Row = Record<string, unknown> & { id: string; externalId: string };

const user = (externalId: string, fields: object = {}): Record<string, unknown> => ({
  ...{ sessionExternalId: "s1", externalId, role: "user", textContent: "hi" },
  ...fields,
});

async function rows(http: Http): Promise<Row[]> {
  return (await http.get("/api/sessions")).body.sessions as Row[];
}

async function read(http: Http, externalId = "s1"): Promise<{ row: Row; messages: Shown[] }> {
  const found = (await rows(http)).find((row) => row.externalId === externalId)!;
  const { body } = await http.get(`/api/sessions/get?id=${found.id}`);
  expect(body.session).toEqual(found);
  return { row: found, messages: body.messages as Shown[] };
}

describe("the requests of OpenSync's clients", () => {
  test("a session, then a message, come back with OpenSync's field names", async () => {
    const { http } = await openHttp();
    const sent = {
      ...{ externalId: "sess-1", source: "claude-code", title: "T", projectPath: "/p" },
      ...{ projectName: "p", model: "m", provider: "anthropic", promptTokens: 10 },
      ...{ completionTokens: 5, cost: 0.1, durationMs: 1, createdAt: DAY },
    };
    const answer = await http.post("/sync/session", sent);
    expect(answer).toMatchObject({
      status: 200,
      body: { ok: true, sessionId: expect.any(String) },
    });
    const parts = [
      { type: "text", content: "hi" },
      { type: "tool-call", content: { toolName: "Bash", args: { command: "ls" } } },
      { type: "tool-result", content: "a\nb" },
    ];
    const spoken = {
      ...{ sessionExternalId: "sess-1", externalId: "m1", role: "assistant", textContent: "hi" },
      ...{ model: "m", promptTokens: 7, completionTokens: 3, durationMs: 9 },
      ...{ source: "claude-code", createdAt: DAY + 1, parts },
    };
    const written = await http.post("/sync/message", spoken);
    expect(written.body).toEqual({ ok: true, messageId: expect.any(String) });
    const { row, messages } = await read(http, "sess-1");
    expect(row).toEqual({
      ...sent,
      ...{ id: answer.body.sessionId, totalTokens: 15, isPublic: false, messageCount: 1 },
      updatedAt: expect.any(Number),
    });
    expect(messages).toEqual([
      {
        ...{ id: written.body.messageId, externalId: "m1", role: "assistant", textContent: "hi" },
        ...{ model: "m", promptTokens: 7, completionTokens: 3, durationMs: 9, createdAt: DAY + 1 },
        parts,
      },
    ]);
  });

  test("a batch answers with numbers, and per item besides", async () => {
    const { http } = await openHttp();
    const { status, body } = await http.post("/sync/batch", {
      sessions: [
        { externalId: "s1", title: "T", messageCount: 2, toolCallCount: 1, totalTokens: 3 },
      ],
      messages: [
        user("m1", { createdAt: DAY }),
        user("m2", { createdAt: DAY - 1, extra: { a: 1 } }),
      ],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ok: true, sessions: 1, messages: 2, errors: [] });
    expect(body.results).toEqual({
      sessions: [{ externalId: "s1", outcome: "stored" }],
      messages: ["m1", "m2"].map((externalId) => ({ externalId, outcome: "stored" })),
    });
    const { row, messages } = await read(http);
    expect(messages.map(({ externalId, createdAt }) => [externalId, createdAt])).toEqual([
      ["m2", DAY - 1],
      ["m1", DAY],
    ]);
    expect(row).toMatchObject({ source: "opencode", createdAt: DAY - 1, messageCount: 2 });
  });

  test("what is missing is a 400 with OpenSync's words, and unknown fields are no mistake", async () => {
    const { backend, http } = await openHttp();
    expect(await http.post("/sync/session", {})).toMatchObject({
      ...{ status: 400, body: { error: "Missing externalId or sessionId" } },
    });
    expect((await http.get("/api/sessions/get")).body).toEqual({ error: "Missing session ID" });
    const robot = await http.post("/sync/message", user("m1", { role: "robot" }));
    expect(robot.body.error).toMatch(/^role has to be one of "user", "assistant"/);
    expect((await everything(backend)).sessions).toEqual([]);
    const aliased = { sessionId: "s1", title: null, whatever: { $ref: [1] } };
    expect((await http.post("/sync/session", aliased)).status).toBe(200);
    const batch = await http.post("/sync/batch", { sessions: [{ sessionId: "s2" }] });
    expect(batch.body).toMatchObject({ ok: true, sessions: 1 });
    expect((await http.get("/sync/sessions/list")).body).toEqual({ sessionIds: ["s1", "s2"] });
  });

  test.each([
    ["claude-code", "claude-code"],
    ["cursor", "cursor-sync"],
    ["My Agent/2", "my-agent-2"],
    ["", "opencode"],
    [undefined, "opencode"],
  ])("source %s is the agent %s, at the first and at every later call", async (source, agent) => {
    const { http } = await openHttp();
    for (const title of ["first", "second"]) {
      await http.post("/sync/session", { externalId: "s1", source, title });
      expect(await rows(http)).toMatchObject([{ source: agent, title }]);
    }
  });
});

describe("parts", () => {
  test.each([
    [
      { type: "text", content: { text: "hi" } },
      { type: "text", content: "hi" },
    ],
    [
      { type: "text", text: "hi" },
      { type: "text", content: "hi" },
    ],
    [
      { type: "thinking", content: "hmm" },
      { type: "reasoning", content: "hmm" },
    ],
    [
      { type: "tool_use", content: { id: "t1", name: "Bash", input: { $ref: "#", ключ: 1 } } },
      {
        type: "tool-call",
        content: { toolCallId: "t1", toolName: "Bash", args: { $ref: "#", ключ: 1 } },
      },
    ],
    [
      { type: "tool-call", toolName: "Bash", args: {} },
      { type: "tool-call", content: { toolName: "Bash", args: {} } },
    ],
    [
      { type: "tool-result", content: { toolCallId: "t1", result: { ok: true }, isError: true } },
      { type: "tool-result", content: { toolCallId: "t1", result: '{"ok":true}', isError: true } },
    ],
    [
      { type: "file", content: { name: "a.txt", size: 3 } },
      { type: "file", content: { name: "a.txt", size: 3 } },
    ],
    [
      { type: "step-start", content: { $deep: [{ __proto__x: null }] } },
      { type: "step-start", content: { $deep: [{ __proto__x: null }] } },
    ],
    [
      { type: "text", content: 5 },
      { type: "text", content: 5 },
    ],
    [
      { type: "tool-call", content: "no name" },
      { type: "tool-call", content: "no name" },
    ],
  ])("%j comes back as %j", async (sent, expected) => {
    const { http } = await openHttp();
    const body = user("m1", { textContent: undefined, parts: [sent] });
    expect((await http.post("/sync/message", body)).status).toBe(200);
    expect((await read(http)).messages[0]!.parts).toEqual([expected]);
  });

  test("a text beside parts that do not say it is a part of its own, and one that they say is not", async () => {
    const { http } = await openHttp();
    const call = { type: "tool-call", content: { toolName: "Bash", args: {} } };
    const said = { type: "text", content: "so it\nis  done" };
    await http.post("/sync/message", user("m1", { textContent: "hello", parts: [call] }));
    await http.post("/sync/message", user("m2", { textContent: "so it is done", parts: [said] }));
    const { messages } = await read(http);
    expect(messages.map(({ parts }) => parts)).toEqual([
      [{ type: "text", content: "hello" }, call],
      [said],
    ]);
  });

  test("a call and its result without ids belong together in order", async () => {
    const { ann, http } = await openHttp();
    const parts = [
      ...[1, 2].map((n) => ({ type: "tool-call", content: { name: `t${n}`, args: {} } })),
      ...[1, 2].map((n) => ({ type: "tool-result", content: `r${n}` })),
    ];
    await http.post("/sync/message", user("m1", { textContent: undefined, parts }));
    const stored = await ann.query(api.sessions.getByKey, { agent: "opencode", key: "s1" });
    const [row] = await readMessages(ann, stored!.id);
    const ids = row!.parts.map((part) => ("toolCallId" in part ? part.toolCallId : ""));
    expect(ids.slice(0, 2)).toEqual(ids.slice(2));
    expect(new Set(ids).size).toBe(2);
  });

  test("beyond what one mutation takes go to a file and come back whole; the same again writes nothing", async () => {
    const { backend, http } = await openHttp();
    const content = "ä€😀 ".repeat(200_000);
    const body = user("m1", {
      textContent: undefined,
      createdAt: DAY,
      parts: [{ type: "text", content }],
    });
    expect((await http.post("/sync/message", body)).status).toBe(200);
    expect((await read(http)).messages[0]!.parts[0]!.content === content).toBe(true);
    const before = await everything(backend);
    expect((await http.post("/sync/message", body)).status).toBe(200);
    const after = await everything(backend);
    expect(after.messages).toEqual(before.messages);
    expect(after._storage).toEqual(before._storage);
    expect(
      (await http.post("/sync/message", user("m1", { model: "m", textContent: undefined }))).status,
    ).toBe(200);
    expect((await read(http)).messages[0]!.parts[0]!.content === content).toBe(true);
  });

  test("a refused message leaves no file behind", async () => {
    const { backend, http } = await openHttp();
    const parts = [{ type: "text", content: "x".repeat(1_200_000) }];
    const body = { ...user("m1"), parts, sessionExternalId: "x".repeat(600) };
    expect((await http.post("/sync/message", body)).status).toBe(400);
    expect((await everything(backend))._storage).toEqual([]);
  });
});

describe("not as in the original", () => {
  test("S1: the same ids of two people are two sessions and two messages", async () => {
    const { backend, http } = await openHttp();
    const bob = httpOf(backend, `Bearer ${await keyOf(await signIn(backend, "user_bob"))}`);
    await http.post("/sync/message", user("m1", { textContent: "Ann's" }));
    await bob.post("/sync/message", user("m1", { textContent: "Bob's" }));
    expect((await read(http)).messages[0]).toMatchObject({ textContent: "Ann's" });
    expect((await read(bob)).messages[0]).toMatchObject({ textContent: "Bob's" });
    const { row } = await read(http);
    const stolen = await bob.get(`/api/sessions/get?id=${row.id}`);
    expect(stolen).toMatchObject({ status: 404, body: { error: "Session not found" } });
    expect(stolen.body).toEqual((await bob.get("/api/sessions/get?id=none")).body);
  });

  test("B1: a batch that comes again keeps every part", async () => {
    const { http } = await openHttp();
    const parts = [{ type: "text", content: "kept" }];
    const batch = { messages: [user("m1", { textContent: undefined, parts })] };
    await http.post("/sync/batch", batch);
    const before = await read(http);
    expect((await http.post("/sync/batch", batch)).body).toMatchObject({ ok: true, messages: 0 });
    expect(await read(http)).toEqual(before);
    const changed = [{ type: "text", content: "hi, new" }];
    await http.post("/sync/batch", { messages: [user("m1", { parts: changed })] });
    expect((await read(http)).messages[0]!.parts).toEqual(changed);
  });

  test.each([DAY, Date.now(), Date.now() + 1e9])(
    "B2: an edit at once is kept, of a message from %d",
    async (createdAt) => {
      const { http } = await openHttp();
      for (const textContent of ["He", "Hello", "Hello world"]) {
        await http.post("/sync/message", user("m1", { textContent, createdAt }));
        expect((await read(http)).messages).toMatchObject([{ textContent, createdAt }]);
      }
    },
  );

  test("B3: an update of one field alone is kept, and blanks no other", async () => {
    const { http } = await openHttp();
    await http.post("/sync/session", { externalId: "s1", title: "T", cost: 1, promptTokens: 4 });
    for (const change of [
      { cost: 2 },
      { durationMs: 5 },
      { provider: "p" },
      { completionTokens: 6 },
    ]) {
      await http.post("/sync/session", { externalId: "s1", ...change });
    }
    await http.post("/sync/session", { externalId: "s1", promptTokens: 0, cost: 0 });
    expect((await read(http)).row).toMatchObject({
      ...{ title: "T", cost: 2, durationMs: 5, provider: "p" },
      ...{ promptTokens: 4, completionTokens: 6, totalTokens: 10 },
    });
  });

  test("B10: a message before its session gives it its time, and the session then its agent", async () => {
    const { ann, http } = await openHttp();
    await http.post("/sync/message", user("m1", { createdAt: DAY }));
    expect((await read(http)).row).toMatchObject({ source: "opencode", createdAt: DAY });
    await http.post("/sync/session", { externalId: "s1", source: "droid", createdAt: DAY - 5 });
    const { row, messages } = await read(http);
    expect(row).toMatchObject({ source: "droid", createdAt: DAY - 5, messageCount: 1 });
    expect(messages).toHaveLength(1);
    await http.post("/sync/message", user("m2", { createdAt: DAY + 1 }));
    expect((await read(http)).row).toMatchObject({ source: "droid", messageCount: 2 });
    expect(await rows(http)).toHaveLength(1);
    const usage = await ann.run((ctx) => ctx.db.query("usage").collect());
    expect(new Set(usage.map(({ agent }) => agent))).toEqual(new Set(["droid"]));
  });

  test("the same id with two agents that both say so is two sessions", async () => {
    const { http } = await openHttp();
    await http.post("/sync/session", { externalId: "s1", source: "droid" });
    await http.post("/sync/session", { externalId: "s1", source: "pi" });
    expect((await rows(http)).map(({ source }) => source).sort()).toEqual(["droid", "pi"]);
  });

  test("B11: in a batch each message keeps its time, and those without one their order", async () => {
    const { http } = await openHttp();
    const messages = Array.from({ length: 40 }, (_, index) => user(`m${index}`));
    await http.post("/sync/batch", { messages: [...messages, user("old", { createdAt: DAY })] });
    const keys = (await read(http)).messages.map(({ externalId }) => externalId);
    expect(keys).toEqual(["old", ...messages.map(({ externalId }) => externalId as string)]);
  });

  test("a batch of which nothing could be stored is not ok", async () => {
    const { backend, http } = await openHttp();
    const bad = { sessions: [{ title: 5 }], messages: [{}, "text", user("m1", { role: 7 })] };
    const { status, body } = await http.post("/sync/batch", bad);
    expect(status).toBe(400);
    expect(body).toMatchObject({ ok: false, sessions: 0, messages: 0 });
    expect(body.errors).toHaveLength(4);
    expect((await everything(backend)).sessions).toEqual([]);
  });

  test("one bad item keeps no other of a batch from being stored", async () => {
    const { http } = await openHttp();
    const { body } = await http.post("/sync/batch", {
      sessions: [{ externalId: "s1" }, {}],
      messages: [user("m1"), { externalId: "m2" }, user("m3")],
    });
    expect(body).toMatchObject({
      ...{ ok: true, sessions: 1, messages: 2 },
      errors: [
        "session : Missing externalId or sessionId",
        "message m2: sessionExternalId is missing.",
      ],
    });
    expect((await read(http)).messages.map(({ externalId }) => externalId)).toEqual(["m1", "m3"]);
  });

  test("#32: a session's counts are what it says, and its messages' when only these say any", async () => {
    const { http } = await openHttp();
    const counted = (externalId: string) =>
      user(externalId, { promptTokens: 7, completionTokens: 3 });
    await http.post("/sync/batch", { messages: [counted("m1"), counted("m2")] });
    const derived = { promptTokens: 14, completionTokens: 6, totalTokens: 20 };
    expect((await read(http)).row).toMatchObject(derived);
    await http.post("/sync/batch", { messages: [counted("m1"), counted("m2")] });
    expect((await read(http)).row).toMatchObject(derived);
    await http.post("/sync/session", { externalId: "s1", promptTokens: 9, completionTokens: 1 });
    const own = { promptTokens: 9, completionTokens: 1, totalTokens: 10 };
    expect((await read(http)).row).toMatchObject(own);
    await http.post("/sync/message", counted("m3"));
    expect((await read(http)).row).toMatchObject(own);
  });

  test("B9: sessions come in pages without a ceiling, and a limit is a wish", async () => {
    const { http } = await openHttp();
    const sessions = Array.from({ length: 230 }, (_, index) => ({ externalId: `s${index}` }));
    await http.post("/sync/batch", { sessions });
    const first = await http.get("/api/sessions?limit=1000000000");
    expect(first.body.sessions).toHaveLength(200);
    const second = await http.get(
      `/api/sessions?limit=1000000000&cursor=${encodeURIComponent(first.body.cursor as string)}`,
    );
    expect(second.body.sessions).toHaveLength(30);
    expect(second.body.cursor).toBeUndefined();
    expect((await http.get("/api/sessions?limit=-3")).body.sessions).toHaveLength(1);
    expect((await http.get("/api/sessions?limit=many")).status).toBe(400);
    expect((await http.get("/sync/sessions/list")).body.sessionIds).toHaveLength(230);
  });
});

test("a session of the extension and a client's of the same id are one, and what the client does not say stays", async () => {
  const { ann, http } = await openHttp();
  const call = { type: "tool-call", toolCallId: "c", toolName: "bash", input: "{}" } as const;
  const captured = await message({ parts: [call], finish: "stop", position: 3, createdAt: DAY });
  await ann.mutation(api.sessions.record, {
    session: session({ url: "https://a.example" }),
    messages: [captured],
  });
  await http.post("/sync/session", { externalId: "s1", source: "opencode", model: "m" });
  await http.post("/sync/message", user("m1", { textContent: undefined, model: "m" }));
  expect(await rows(http)).toHaveLength(1);
  const stored = await ann.query(api.sessions.getByKey, { agent: "opencode", key: "s1" });
  expect(stored).toMatchObject({ title: "Fix the bug", url: "https://a.example", model: "m" });
  const [row] = await readMessages(ann, stored!.id);
  expect(row).toMatchObject({ position: 3, finish: "stop", model: "m", parts: [call] });
});

test("re-sending 300 messages without times writes nothing but the log and the counts", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const { backend, http } = await openHttp();
    const messages = Array.from({ length: 300 }, (_, index) => user(`m${index}`));
    await http.post("/sync/batch", { sessions: [{ externalId: "s1", title: "T" }], messages });
    const content = async () => {
      const { sessions, messages: stored, usage } = await everything(backend);
      return { sessions, stored, usage };
    };
    const before = await content();
    vi.setSystemTime(Date.now() + 60_000);
    await http.post("/sync/batch", { sessions: [{ externalId: "s1", title: "T" }], messages });
    expect(await content()).toEqual(before);
  } finally {
    vi.useRealTimers();
  }
});
