import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import { type Http, openHttp } from "./http.setup";
import { anonymous } from "./model/anonymous";
import { type Client, message, session, text } from "./test.setup";
import type { Message, SessionReading } from "./validators";

const PATH = "/api/export/evals";
const [deep, veryDeep] = [66, 20_000].map((depth) => "[".repeat(depth) + "]".repeat(depth));

async function ready(ann: Client, reading: Partial<SessionReading>, messages: Message[]) {
  const { sessionId } = await ann.mutation(api.sessions.record, {
    ...{ session: session(reading), messages },
  });
  const marks = {
    evalNotes: "ask ann@example.org",
    evalTags: ["t"],
    expectedOutput: "/home/ann/x",
  };
  await ann.mutation(api.organise.update, {
    sessionIds: [sessionId],
    change: { ...marks, isEvalReady: true },
  });
}

/** A session of three turns; the last one has no answer, and a tool's message follows it. */
async function filled() {
  const { ann, http } = await openHttp();
  const input = (value: unknown) => ({
    ...{ type: "tool-call" as const, toolCallId: "c", toolName: "read" },
    input: typeof value === "string" ? value : JSON.stringify(value),
  });
  const said = [
    { role: "user" as const, parts: text("open /home/ann/a.ts") },
    {
      role: "assistant" as const,
      parts: [...text("done"), input({ "/Users/ann/k": "ann@example.org", n: 1 })],
    },
    { role: "user" as const, parts: text("and now?") },
    {
      role: "assistant" as const,
      parts: [...text("mailed"), input(deep!), input(veryDeep!), input("{half")],
    },
    { role: "user" as const, parts: text("unanswered") },
    { role: "tool" as const, parts: text("from a tool") },
  ];
  const messages = await Promise.all(
    said.map((one, position) => message({ key: `m${position}`, position, ...one })),
  );
  const header = { key: "s1", title: "In /home/ann", model: "m", tokens: { total: 100 } };
  await ready(ann, header, messages);
  return { ann, http };
}

async function cases(http: Http, query: string): Promise<Record<string, unknown>[]> {
  const { status, headers, body } = await http.get(`${PATH}?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  const all = headers.get("Content-Type")?.includes("ndjson")
    ? (body.text as string)
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as never)
    : ((body.files ?? body) as Record<string, unknown>[]);
  expect(headers.get("X-Export-TestCases")).toBe(String(all.length));
  return all;
}

describe("turn_mode", () => {
  test("per_turn, as when it is absent: a case for every answered question", async () => {
    const { http } = await filled();
    const all = await cases(http, "turn_mode=per_turn");
    expect(all).toMatchObject([{ actual_output: "done" }, { input: "and now?" }]);
    expect(await cases(http, "")).toEqual(all);
  });

  test("final_only: the last answered question with what went before", async () => {
    const { http } = await filled();
    expect(await cases(http, "turn_mode=final_only")).toMatchObject([
      {
        ...{ input: "and now?", actual_output: "mailed" },
        context: ["user: open /home/user/a.ts", "assistant: done"],
      },
    ]);
    for (const format of ["openai", "promptfoo", "filesystem"]) {
      const all = await cases(http, `turn_mode=final_only&format=${format}`);
      expect(all).toHaveLength(1);
      expect(JSON.stringify(all)).toContain("and now?");
    }
    const [file] = await cases(http, "turn_mode=final_only&format=filesystem");
    expect(file!.content).not.toContain("a.ts");
  });

  test("full: one case of all questions and answers", async () => {
    const { http } = await filled();
    const [one, ...more] = await cases(http, "turn_mode=full");
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      ...{ input: "open /home/user/a.ts\n\nand now?", actual_output: "done\n\nmailed" },
      context: [],
    });
    expect(one!.tools_called).toHaveLength(4);
    const [file] = await cases(http, "turn_mode=full&format=filesystem");
    expect(file!.content).toMatch(/## User\n\nopen [^]+done[^]+## User\n\nand now\?[^]+mailed/);
  });
});

test.each(["deepeval", "openai", "promptfoo", "filesystem"])(
  "%s: include_metadata=false leaves out what is not the conversation",
  async (format) => {
    const { http } = await filled();
    const withIt = JSON.stringify(await cases(http, `format=${format}`));
    expect(withIt).toMatch(/"tags":\["t"\]|Tags: t/);
    const without = JSON.stringify(await cases(http, `format=${format}&include_metadata=false`));
    expect(without).not.toMatch(/metadata|tags|Tags|ask user/);
    expect(without).toContain("and now?");
  },
);

test.each(["deepeval", "openai", "promptfoo", "filesystem"])(
  "%s: names of home directories and addresses are out unless anonymize=false",
  async (format) => {
    const { http } = await filled();
    const turnMode = "turn_mode=final_only";
    for (const query of ["", "&anonymize=true", `&${turnMode}`, "&turn_mode=full"]) {
      const all = JSON.stringify(await cases(http, `format=${format}${query}`));
      expect(all).toContain("user@example.com");
      expect(all).not.toContain("ann");
    }
    const kept = JSON.stringify(await cases(http, `format=${format}&anonymize=false`));
    for (const text of ["/home/ann/a.ts", "ask ann@example.org", "In /home/ann"]) {
      expect(kept).toContain(text);
    }
  },
);

test("a tool's arguments are JSON where every reader takes it, and a text elsewhere", async () => {
  const { http } = await filled();
  const [first, second] = await cases(http, "");
  expect(first!.tools_called).toEqual([
    { name: "read", input_parameters: { "/Users/user/k": "user@example.com", n: 1 } },
  ]);
  expect(second!.tools_called).toMatchObject([
    { input_parameters: deep },
    { input_parameters: veryDeep },
    { input_parameters: "{half" },
  ]);
});

async function addAnswered(ann: Client) {
  const turn = await Promise.all([
    message({ key: "q", position: 0, parts: text("q") }),
    message({ key: "a", position: 1, role: "assistant", parts: text("word ".repeat(1_000)) }),
  ]);
  await ready(ann, { key: "s2", title: "Answered" }, turn);
}

test("what the answer should have been is anonymised too", async () => {
  const { ann, http } = await openHttp();
  await addAnswered(ann);
  const expected = async (query: string) => (await cases(http, query))[0]!.expected_output;
  for (const turnMode of ["per_turn", "full", "final_only"]) {
    expect(await expected(`turn_mode=${turnMode}`)).toBe("/home/user/x");
  }
  expect(await expected("anonymize=false")).toBe("/home/ann/x");
});

test("min_tokens takes sessions with as many, estimates counted", async () => {
  const { ann, http } = await filled();
  await addAnswered(ann);
  const sessions = async (query: string) =>
    (await http.get(`${PATH}?${query}`)).headers.get("X-Export-Sessions");
  expect(await sessions("min_tokens=0")).toBe("2");
  expect(await sessions("min_tokens=100")).toBe("2");
  expect(await sessions("min_tokens=101")).toBe("1");
  expect((await http.get(`${PATH}?min_tokens=100000`)).status).toBe(404);
});

test("tags takes sessions with any of them, each once", async () => {
  const { http } = await filled();
  expect(await cases(http, "tags=t,other,t")).toHaveLength(2);
  expect((await http.get(`${PATH}?tags=other`)).status).toBe(404);
});

test.each([
  ["min_tokens=many", "min_tokens has to be a finite number."],
  ["min_tokens=-1", "min_tokens has to be a whole number of 0 or more."],
  ["min_tokens=1.5", "min_tokens has to be a whole number of 0 or more."],
  ["include_metadata=no", "include_metadata has to be true or false."],
  ["anonymize=1", "anonymize has to be true or false."],
  ["turn_mode=all", 'turn_mode has to be one of "per_turn", "full", "final_only".'],
])("%s is a 400 that says what it has to be", async (query, error) => {
  const { http } = await filled();
  expect(await http.get(`${PATH}?${query}`)).toMatchObject({ status: 400, body: { error } });
});

test("no parameters to eval-ready sessions are a fault", async () => {
  const { http } = await filled();
  const aDay = fc.constantFrom("0", "2026-01-31", "9".repeat(400), "-1", "8640000000000001", "x");
  const aText = fc.oneof(fc.constantFrom("t", "m", "\u0000", "__proto__"), fc.string());
  const given = fc.record(
    {
      format: fc.constantFrom("deepeval", "openai", "promptfoo", "files", "filesystem", "toString"),
      ...{ tool: aText, model: aText, tags: aText, date_from: aDay, date_to: aDay },
      status: fc.constantFrom("golden", "needs_review", "x"),
      min_tokens: fc.constantFrom("0", "-0", "1e400", "1e308", "0x10", " ", "NaN"),
      include_metadata: fc.constantFrom("true", "false", "TRUE"),
      anonymize: fc.constantFrom("true", "false", "\u0000"),
      turn_mode: fc.constantFrom("per_turn", "full", "final_only", "constructor"),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(given, async (parameters) => {
      const query = new URLSearchParams(Object.entries(parameters));
      expect([200, 400, 404]).toContain((await http.get(`${PATH}?${query.toString()}`)).status);
    }),
    { numRuns: 100 },
  );
}, 60_000);

describe("anonymous", () => {
  test.each([
    ["cd /home/bob.", "cd /home/user."],
    ["/Users/bob.smith/src:/Users/Zoë/x", "/Users/user/src:/Users/user/x"],
    ['"C:\\\\Users\\\\bob\\\\x" c:/users/bob', '"C:\\\\Users\\\\user\\\\x" c:/users/user'],
    ["C:\\Users\\John Smith\\x", "C:\\Users\\user\\x"],
    ["C:\\Users\\bob and then", "C:\\Users\\user and then"],
    ["file:///Users/bob/x /mnt/c/Users/bob", "file:///Users/user/x /mnt/c/Users/user"],
    ["file%3A%2F%2F%2FUsers%2Fbob%2Fx", "file%3A%2F%2F%2FUsers%2Fuser%2Fx"],
    ["~/.claude/projects/-Users-bob-src", "~/.claude/projects/-Users-user-src"],
    ["<bob.b+x@mail.example.org>, ä@ö.de", "<user@example.com>, user@example.com"],
    ["mailto:bob%40example.org", "mailto:user@example.com"],
  ])("%j becomes %j", (given, expected) => {
    expect(anonymous(given)).toBe(expected);
    expect(anonymous(expected)).toBe(expected);
  });

  test.each(["react@18.2.0", "@scope/name", "GET /users/7", "/home/", "a @ b.c", "/home/*/x"])(
    "%j stays",
    (given) => expect(anonymous(given)).toBe(given),
  );
});
