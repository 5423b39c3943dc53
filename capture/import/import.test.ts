import { strToU8, Zip, ZipDeflate, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { type Agent, defineAgent, type Import, type Reading } from "../../agents/agent";
import type { FileReport } from "../../utils/import-run";
import type { SourceFile } from "./entries";
import { importFiles } from "./import";

function reading(agent: string, key: string, texts: string[]): Reading {
  const messages = texts.map((text, position) => ({
    ...{ key: `m${position}`, role: "user" as const, position, state: "final" as const },
    parts: [{ type: "text" as const, text }],
  }));
  return { session: { agent, key }, messages };
}

function agentWith(id: string, rule: Partial<Import>): Agent {
  const read = (value: unknown) => {
    const entry = value as Record<string, unknown>;
    if (entry.explode === true) throw new RangeError("What nobody has seen.");
    if (entry.of !== id) return null;
    return [reading(id, String(entry.key), (entry.texts as string[] | undefined) ?? [])];
  };
  const imports: Import[] = [{ file: "conversations\\.json$", format: "array", read, ...rule }];
  const base = { id, name: id.toUpperCase(), kind: "chat" as const, origins: [], taps: [] };
  return defineAgent({ ...base, session: () => null, imports, facts: [] });
}

const one = agentWith("one", {});
const two = agentWith("two", {});
const nested = agentWith("nested", { file: "backend\\.json$", items: ["data", "list"] });
const lines = agentWith("lines", {
  file: "\\.jsonl$",
  format: "lines",
  read: (value) => [
    reading(
      "lines",
      "l",
      (value as { text: string }[]).map(({ text }) => text),
    ),
  ],
});
const agents = [one, two, nested, lines];

function fileOf(name: string, content: string | Uint8Array, piece = 7): SourceFile {
  const bytes = typeof content === "string" ? strToU8(content) : content;
  let at = 0;
  const stream = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, (at += piece)));
      },
    });
  return { name, size: bytes.length, stream };
}

async function run(files: SourceFile[], signal = new AbortController().signal) {
  const readings: [string, Reading][] = [];
  const reports: FileReport[] = [];
  let bytes = 0;
  await importFiles(files, {
    agents,
    onReadings: (agent, found) => {
      readings.push(...found.map((item): [string, Reading] => [agent.id, item]));
      return Promise.resolve();
    },
    onFile: (report) => reports.push(report),
    onProgress: (count) => (bytes = count),
    signal,
  });
  return { readings, reports, bytes };
}

const sessions = JSON.stringify([
  { of: "two", key: "a", texts: ["ä😀", "b"] },
  { of: "two", key: "b" },
  { of: "nobody" },
  { explode: true },
  { of: "two", key: "c", texts: ["c"] },
]);

const whole = { sessions: 2, empty: 1, unrecognised: 2, agentName: "TWO", problem: null };

describe("a file", () => {
  it("is recognised by what is in it, item by item, however it is cut", async () => {
    for (const piece of [1, 2, 3, 1_000]) {
      const { readings, reports, bytes } = await run([
        fileOf("conversations.json", `\ufeff ${sessions}\n`, piece),
      ]);
      expect(readings).toEqual([
        ["two", reading("two", "a", ["ä😀", "b"])],
        ["two", reading("two", "c", ["c"])],
      ]);
      expect(reports).toEqual([{ path: "conversations.json", ...whole }]);
      expect(bytes).toBe(strToU8(`\ufeff ${sessions}\n`).length);
    }
  });

  it("may hold its array further in, or a session as lines", async () => {
    const backend = JSON.stringify({
      user: { list: [1] },
      data: { more: [2], list: [{ of: "nested", key: "n", texts: ["x"] }] },
    });
    const { readings } = await run([
      fileOf("prod-backend.json", backend),
      fileOf("chat.jsonl", '{"text":"1"}\n\n{"text":"2"}\n'),
    ]);
    expect(readings).toEqual([
      ["nested", reading("nested", "n", ["x"])],
      ["lines", reading("lines", "l", ["1", "2"])],
    ]);
  });

  it.each([
    ["user.json", "{}", "No agent keeps sessions in a file of this name."],
    ["conversations.json", "[]", "Nothing in it has the form of an agent's session."],
    [
      "conversations.json",
      "",
      "It is not JSON, or broken from some point on; what came before was read.",
    ],
    [
      "conversations.json",
      "<html>",
      "It is not JSON, or broken from some point on; what came before was read.",
    ],
    [
      "chat.jsonl",
      '{"text":"1"}\n{"te',
      "It is not JSON, or broken from some point on; what came before was read.",
    ],
  ])("that cannot be used says why: %s %s", async (name, content, problem) => {
    const { readings, reports } = await run([fileOf(name, content)]);
    expect(readings).toEqual([]);
    expect(reports).toMatchObject([{ path: name, agentName: null, sessions: 0, problem }]);
  });

  it("that breaks off gives what came before", async () => {
    const cut = sessions.slice(0, sessions.indexOf('{"explode"'));
    const { readings, reports } = await run([fileOf("conversations.json", cut)]);
    expect(readings).toHaveLength(1);
    expect(reports[0]!.problem).toContain("broken from some point on");
  });
});

describe("a ZIP", () => {
  const zip = zipSync({
    "user.json": strToU8("{}"),
    "data/conversations.json": strToU8(sessions),
    "data/part/conversations.json": strToU8(sessions),
  });

  it("is read entry by entry", async () => {
    for (const piece of [11, 100_000]) {
      const { readings, reports } = await run([fileOf("export.zip", zip, piece)]);
      expect(readings).toHaveLength(4);
      expect(reports.map(({ path, problem }) => [path, problem])).toEqual([
        ["export.zip: user.json", "No agent keeps sessions in a file of this name."],
        ["export.zip: data/conversations.json", null],
        ["export.zip: data/part/conversations.json", null],
      ]);
    }
  });

  it("that breaks off anywhere says so", async () => {
    for (let length = 4; length < zip.length - 22; length += 13) {
      const { reports } = await run([fileOf("export.zip", zip.slice(0, length))]);
      expect(reports.at(-1)).toMatchObject({
        path: expect.stringMatching(/^export\.zip/) as string,
      });
      expect(reports.some(({ problem }) => problem?.includes("damaged or incomplete"))).toBe(true);
    }
  });

  it("of any size is never held whole, and waits for what is taken away", async () => {
    const item = JSON.stringify({ of: "one", key: "k", texts: ["x".repeat(100_000)] });
    const pieces: Uint8Array[] = [];
    const writer = new Zip((_, bytes) => pieces.push(bytes));
    const entry = new ZipDeflate("conversations.json", { level: 1 });
    writer.add(entry);
    const count = 600;
    for (let at = 0; at < count; at += 1) entry.push(strToU8(`${at ? "," : "["}${item}`));
    entry.push(strToU8("]"), true);
    writer.end();
    const zipped = new Blob(pieces as BlobPart[]);
    let open = 0;
    let most = 0;
    let seen = 0;
    await importFiles([{ name: "big.zip", size: zipped.size, stream: () => zipped.stream() }], {
      agents,
      onReadings: async (_, found) => {
        open += found.length;
        most = Math.max(most, open);
        await Promise.resolve();
        seen += found.length;
        open -= found.length;
      },
      onFile: () => undefined,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
    expect(seen).toBe(count);
    expect(most).toBe(1);
  });
});

it("ends between two pieces when it is stopped", async () => {
  const stop = new AbortController();
  stop.abort();
  expect((await run([fileOf("conversations.json", sessions)], stop.signal)).readings).toEqual([]);
});
