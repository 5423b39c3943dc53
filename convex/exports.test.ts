import { omit } from "convex-helpers";
import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import { type EvalFormat, joinEvals } from "./model/evals";
import type { ExportedMessage, ExportedSession } from "./model/exportText";
import {
  type Client,
  message,
  openBackend,
  readChunks,
  readMessages,
  session,
  signIn,
  text,
} from "./test.setup";
import type { Message } from "./validators";

const hostile = 'a"\\\n\u0000ä€😀\ufeff`````';

async function start(count = 25) {
  const backend = openBackend();
  const ann = await signIn(backend);
  const body = JSON.stringify(text("z".repeat(1_100_000)));
  const storageId = await backend.run((ctx) => ctx.storage.store(new Blob([body])));
  const upload = { storageId, bytes: body.length, preview: "z" };
  const list: Message[] = [];
  for (let position = 0; position < count; position += 1) {
    const role = position % 2 === 0 ? ("user" as const) : ("assistant" as const);
    const parts = text(`${hostile} ${position}`);
    list.push(await message({ key: `m${position}`, position, role, parts, createdAt: 5 }));
  }
  list.push(await message({ key: "large", position: 900, parts: text("x".repeat(300_000)) }));
  list.push({ ...(await message({ key: "file", position: 901, parts: [] })), hash: "h", upload });
  const header = session({ title: "=cmd|' /C calc'!A0", createdAt: 1, updatedAt: 2 });
  const { sessionId } = await ann.mutation(api.sessions.record, {
    session: header,
    messages: list,
  });
  const marks = { tags: ["t"], isStarred: true, evalNotes: "n", isEvalReady: true };
  await ann.mutation(api.organise.update, {
    sessionIds: [sessionId],
    change: { ...marks, expectedOutput: "right", evalStatus: "golden" },
  });
  return { backend, ann, sessionId, body };
}

/** All pages of a session's export, joined. */
async function exported(client: Client, sessionId: string, format: "markdown" | "json" | "jsonl") {
  let all = "";
  for (let cursor: string | null = null; ;) {
    const page: typeof api.exports.session._returnType = await client.query(api.exports.session, {
      ...{ sessionId: sessionId as never, format, cursor },
    });
    all += page.text;
    if (page.isDone) return all;
    cursor = page.continueCursor;
  }
}

type Line = { type: string };
const linesOf = (jsonl: string) =>
  jsonl
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

/** What a person has, without ids of rows and files. */
async function archive(client: Client) {
  const { page } = await client.query(api.sessions.list, {
    paginationOpts: { numItems: 100, cursor: null },
  });
  return await Promise.all(
    page.map(async ({ id, ...header }) => {
      const rows = await readMessages(client, id);
      const messages = await Promise.all(
        rows.map(async ({ id, large, ...row }) => ({
          ...row,
          bytes: large?.bytes,
          json: await readChunks(client, { id, large }),
        })),
      );
      return { ...header, messages };
    }),
  );
}

/** Puts JSONL files back the way a client does: lines to calls, files uploaded first. */
async function importAll(
  client: Client,
  jsonl: string[],
  upload: (file: string) => Promise<NonNullable<Message["upload"]>>,
) {
  for (const one of jsonl) {
    const [header, ...rows] = linesOf(one);
    const fields = omit(header as Line & ExportedSession, ["type"]);
    const messages: Message[] = [];
    for (const row of rows) {
      const { file, ...rest } = omit(row as Line & ExportedMessage, ["type"]);
      messages.push(file === undefined ? rest : { ...rest, upload: await upload(file) });
    }
    for (let from = 0; from === 0 || from < messages.length; from += 4) {
      await client.mutation(api.imports.session, {
        ...{ session: fields, messages: messages.slice(from, from + 4) },
      });
    }
  }
}

describe("one session", () => {
  test("as JSONL and JSON is whole, whatever is in it", async () => {
    const { ann, sessionId } = await start();
    const [header, ...rows] = linesOf(await exported(ann, sessionId, "jsonl"));
    expect(header).toMatchObject({ type: "session", key: "s1", tags: ["t"], evalNotes: "n" });
    expect(rows.map((row) => (row as unknown as Message).key)).toEqual([
      ...Array.from({ length: 25 }, (_, index) => `m${index}`),
      ...["large", "file"],
    ]);
    expect(rows[3]).toMatchObject({ parts: text(`${hostile} 3`) });
    expect(rows[25]).toMatchObject({ parts: text("x".repeat(300_000)) });
    expect(rows[26]).toMatchObject({ parts: [], file: expect.stringMatching(/^http/) });
    const json = JSON.parse(await exported(ann, sessionId, "json"));
    expect({ type: "session", ...json.session }).toEqual(header);
    expect(json.messages.map((row: object) => ({ type: "message", ...row }))).toEqual(rows);
  });

  test("as Markdown has every message, and no content ends a block early", async () => {
    const { ann, sessionId } = await start(2);
    const parts = [
      { type: "tool-call" as const, toolCallId: "1", toolName: "bash", input: '{"a":1}' },
      { type: "tool-result" as const, toolCallId: "1", output: "```\n# not a heading\n````" },
    ];
    const tool = await message({ key: "t", position: 2, parts, role: "assistant" });
    await ann.mutation(api.sessions.record, { session: session(), messages: [tool] });
    const markdown = await exported(ann, sessionId, "markdown");
    expect(markdown).toMatch(/^# Fix the bug\n\n- Agent: opencode\n/);
    expect(markdown).toContain("`````\n```\n# not a heading\n````\n`````\n");
    expect(markdown.match(/^## /gm)).toHaveLength(5);
  });

  test("without messages is still a document", async () => {
    const ann = await signIn(openBackend());
    const { sessionId } = await ann.mutation(api.sessions.record, {
      ...{ session: session(), messages: [] },
    });
    expect(JSON.parse(await exported(ann, sessionId, "json"))).toMatchObject({ messages: [] });
    expect(linesOf(await exported(ann, sessionId, "jsonl"))).toHaveLength(1);
  });
});

describe("everything", () => {
  test("as ZIP volumes imports back to an equal archive, however often", async () => {
    const { backend, ann } = await start();
    const second = session({ key: "s2", title: "Second" });
    const chunked = await Promise.all(
      Array.from({ length: 12 }, (_, position) =>
        message({ key: `c${position}`, position, parts: text(`${position}`.repeat(450_000)) }),
      ),
    );
    for (const from of [0, 4, 8]) {
      await ann.mutation(api.sessions.record, {
        ...{ session: second, messages: chunked.slice(from, from + 4) },
      });
    }
    const { key } = await ann.mutation(api.keys.create, { name: "Export", scopes: ["read"] });
    const headers = { Authorization: `Bearer ${key}` };
    const files = new Map<string, Uint8Array>();
    let volumes = 0;
    for (let cursor: string | null = ""; cursor !== null; volumes += 1) {
      const query = cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      const answer = await backend.fetch(`/api/export/archive${query}`, { headers });
      expect(answer.status).toBe(200);
      const zip = unzipSync(new Uint8Array(await answer.arrayBuffer()));
      for (const [name, content] of Object.entries(zip)) {
        expect(files.has(name)).toBe(false);
        files.set(name, content);
      }
      cursor = answer.headers.get("X-Next-Cursor");
    }
    expect(volumes).toBeGreaterThan(1);
    const decode = (bytes: Uint8Array) =>
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const jsonl = [...files].filter(([name]) => name.endsWith(".jsonl"));
    const upload = async (path: string) => {
      const content = files.get(path)!.slice();
      const storageId = await backend.run((ctx) => ctx.storage.store(new Blob([content.buffer])));
      return { storageId, bytes: content.length, preview: "z" };
    };
    const bob = await signIn(backend, "user_bob");
    const contents = jsonl.map(([, content]) => decode(content));
    await importAll(bob, contents, upload);
    expect(await archive(bob)).toEqual(await archive(ann));
    await importAll(bob, contents, upload);
    expect(await archive(bob)).toEqual(await archive(ann));
    const markdown = [...files].filter(([name]) => name.endsWith(".md"));
    expect(markdown).toHaveLength(jsonl.length);
  });

  test.each(["x", "e30=", btoa('{"session":"x","messages":null,"part":0,"files":[]}')])(
    "refuses the cursor %s as one that it did not give",
    async (cursor) => {
      const { backend, ann } = await start(1);
      const { key } = await ann.mutation(api.keys.create, { name: "Export", scopes: ["read"] });
      const headers = { Authorization: `Bearer ${key}` };
      const path = `/api/export/archive?cursor=${encodeURIComponent(cursor)}`;
      expect((await backend.fetch(path, { headers })).status).toBe(400);
    },
  );

  test("gives nobody another person's file, whatever the cursor says", async () => {
    const { backend, ann, sessionId } = await start(1);
    const messageId = (await readMessages(ann, sessionId)).find(({ key }) => key === "file")!.id;
    const bob = await signIn(backend, "user_bob");
    const { key } = await bob.mutation(api.keys.create, { name: "Export", scopes: ["read"] });
    const files = [{ messageId, path: "files/x.json", offset: 0 }];
    const cursor = btoa(JSON.stringify({ session: null, messages: null, part: 0, files }));
    const answer = await backend.fetch(`/api/export/archive?cursor=${encodeURIComponent(cursor)}`, {
      headers: { Authorization: `Bearer ${key}` },
    });
    expect(Object.keys(unzipSync(new Uint8Array(await answer.arrayBuffer())))).toEqual([]);
  });

  test("as CSV runs no formula", async () => {
    const { ann } = await start(1);
    for (const [index, title] of [
      "+1",
      "-1",
      "@x",
      "\t=1",
      " =1",
      "\r1",
      'a"b,c',
      "＝1",
    ].entries()) {
      await ann.mutation(api.sessions.record, {
        ...{ session: session({ key: `z${index}`, title }), messages: [] },
      });
    }
    const paginationOpts = { numItems: 3, cursor: null };
    const first = await ann.query(api.exports.csv, { paginationOpts });
    const rest = await ann.query(api.exports.csv, {
      paginationOpts: { numItems: 1_000, cursor: first.continueCursor },
    });
    const csv = first.text + rest.text;
    expect(csv.match(/^agent,key,title,/gm)).toHaveLength(1);
    const cells = [...csv.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell]) => cell!);
    for (const cell of cells) expect(cell).not.toMatch(/^[\s]*[=+\-@＝]/);
    expect(csv).toContain(`"'=cmd|' /C calc'!A0"`);
    expect(csv).toContain('"a""b,c"');
  });
});

describe("evaluations", () => {
  async function items(format: EvalFormat, filter: object = {}) {
    const { ann } = await start(4);
    await ann.mutation(api.sessions.record, { session: session({ key: "other" }), messages: [] });
    const args = { format, ...filter, paginationOpts: { numItems: 10, cursor: null } };
    const { page } = await ann.query(api.evals.page, args);
    return page.flatMap((one) => one.items);
  }
  const turn = (position: number) => `${hostile} ${position}`;

  test("DeepEval gets a JSON list with what it calls things", async () => {
    const list = JSON.parse(joinEvals("deepeval", await items("deepeval")));
    expect(list).toHaveLength(2);
    expect(list[1]).toMatchObject({
      ...{
        input: turn(2),
        actual_output: turn(3),
        context: [`user: ${turn(0)}`, `assistant: ${turn(1)}`],
      },
      additional_metadata: { agent: "opencode", status: "golden", notes: "n" },
    });
  });

  test("OpenAI evals get a line per case with the conversation so far", async () => {
    const lines = linesOf(joinEvals("openai", await items("openai")));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({
      input: [
        { role: "user", content: turn(0) },
        { role: "assistant", content: turn(1) },
        { role: "user", content: turn(2) },
      ],
      ideal: turn(3),
    });
  });

  test("Promptfoo gets a line per case with variables and an assertion", async () => {
    const lines = linesOf(joinEvals("promptfoo", await items("promptfoo")));
    expect(lines[0]).toMatchObject({
      vars: { input: turn(0) },
      assert: [{ type: "similar", value: turn(1) }],
    });
  });

  test("files have names of their own", async () => {
    const { files } = JSON.parse(joinEvals("files", await items("files")));
    expect(files).toEqual([
      {
        name: expect.stringMatching(/^opencode-.+\.md$/),
        content: expect.stringContaining(turn(3)),
      },
    ]);
  });

  test("only what is ready and fits the filter is in them", async () => {
    expect(await items("openai", { status: "correct" })).toEqual([]);
    expect(await items("openai", { agent: "claude" })).toEqual([]);
    expect(await items("openai", { to: 1 })).toEqual([]);
    expect(await items("openai", { status: "golden", agent: "opencode" })).toHaveLength(2);
  });
});
