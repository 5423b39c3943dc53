/** Whatever is sent to a route: a refusal with a clear message and nothing written, or stored and given back equal. Never a 500. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answer, type Http, openHttp } from "./http.setup";
import { routes } from "./routes/all";
import { type Backend, everything } from "./test.setup";

const RUNS = { numRuns: 75 };

/** Texts with NUL, halves of characters, and names that JavaScript treats specially. */
const aText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "\u0000", "\ud800", "a\udfff", "__proto__", "constructor", "$ref", "ключ"),
  fc.constantFrom("x".repeat(513), "x".repeat(40_000), "osk_", "-", "_id"),
);

const aName = fc.oneof(aText, fc.constantFrom("$set", "$ref", "_id", "toJSON", "then"));

const aNumber = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, -1, 1e15, 8.64e15, 1e16, 1e308, Number.MAX_SAFE_INTEGER),
);

const { value: aValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(aText, aNumber, fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(aName, tie("value"), { maxKeys: 4 }),
  ),
}));

const deep = (depth: number) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`) as unknown;

/** Something that a field should not be. */
const aMistake = fc.oneof(aValue, fc.constantFrom(30, 63, 64, 100).map(deep));

/** What a client means, with a mistake now and then. */
const mostly = (meant: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 8, arbitrary: meant }, { weight: 1, arbitrary: aMistake });

const aKey = mostly(fc.constantFrom("s1", "s2", "m1", "m2", "ключ 😀"));
const aPart = mostly(
  fc.record(
    {
      type: mostly(
        fc.constantFrom(
          "text",
          "tool-call",
          "tool_use",
          "tool-result",
          "thinking",
          "file",
          "source",
          "x",
        ),
      ),
      content: fc.oneof(aText, aValue),
    },
    { requiredKeys: ["type"] },
  ),
);

const figures = {
  model: mostly(aText),
  provider: mostly(aText),
  promptTokens: mostly(aNumber),
  completionTokens: mostly(aNumber),
  durationMs: mostly(aNumber),
  createdAt: mostly(aNumber),
  source: mostly(aText),
};

const aSession = fc.record(
  {
    ...{ externalId: aKey, sessionId: aKey, title: mostly(aText), projectPath: mostly(aText) },
    ...{ projectName: mostly(aText), cost: mostly(aNumber), unknown: aValue, ...figures },
  },
  { requiredKeys: [] },
);

const aMessage = fc.record(
  {
    ...{ sessionExternalId: aKey, externalId: aKey },
    role: mostly(fc.constantFrom("user", "assistant", "system", "tool", "unknown")),
    ...{ textContent: mostly(aText), parts: mostly(fc.array(aPart, { maxLength: 4 })) },
    ...{ unknown: aValue, ...figures },
  },
  { requiredKeys: ["sessionExternalId", "externalId", "role"] },
);

const aBatch = fc.record(
  {
    sessions: mostly(fc.array(mostly(aSession), { maxLength: 3 })),
    messages: mostly(fc.array(mostly(aMessage), { maxLength: 4 })),
  },
  { requiredKeys: [] },
);

const aCall = fc.record({
  jsonrpc: mostly(fc.constant("2.0")),
  id: mostly(fc.integer()),
  method: mostly(fc.constantFrom("initialize", "tools/list", "tools/call", "ping", "none")),
  params: mostly(
    fc.record({
      name: mostly(fc.constantFrom("search_sessions", "get_session", "list_recent", "get_context")),
      arguments: mostly(fc.dictionary(fc.constantFrom("query", "id", "limit", "cursor"), aValue)),
    }),
  ),
});

const bodies: Record<string, fc.Arbitrary<unknown>> = {
  "/sync/session": mostly(aSession),
  "/sync/message": mostly(aMessage),
  "/sync/batch": mostly(aBatch),
  "/mcp": mostly(aCall),
};

/** What a request may change when it is refused: its line in the log, and the limiter's counts. */
async function content(backend: Backend) {
  const { accessLogs, rateLimits, apiKeys, ...rows } = await everything(backend);
  expect([accessLogs, rateLimits, apiKeys]).not.toContain(undefined);
  return rows;
}

function expectClear({ status, body }: Answer): void {
  expect([200, 202, 400, 404, 406, 409, 413]).toContain(status);
  if (status < 400 || "jsonrpc" in body) return;
  expect(body.error).toEqual(expect.stringMatching(/^[^]{10,}$/));
  expect(body.error).not.toMatch(/ at |Validator|TypeError|undefined|\[object|convex\//);
}

const headers = {
  Accept: "application/json, text/event-stream",
  "Content-Type": "application/json",
};

async function post(http: Http, path: string, body: unknown): Promise<Answer> {
  return await http.send(path, { method: "POST", headers, body: JSON.stringify(body) });
}

test("every route that takes a body is fuzzed", () => {
  const paths = routes.filter(({ method }) => method === "POST").map(({ path }) => path);
  expect(Object.keys(bodies).sort()).toEqual(paths.sort());
});

test.each(Object.entries(bodies))(
  "POST %s: refused with nothing written, or done",
  async (path, anyBody) => {
    const { backend, http } = await openHttp();
    await fc.assert(
      fc.asyncProperty(anyBody, async (body) => {
        const before = await content(backend);
        const answer = await post(http, path, body);
        expectClear(answer);
        if (answer.status >= 400 || path === "/mcp") expect(await content(backend)).toEqual(before);
      }),
      RUNS,
    );
  },
  180_000,
);

test.each(["/sync/session", "/sync/message", "/sync/batch", "/mcp"])(
  "POST %s: bytes that are no JSON are a 400",
  async (path) => {
    const { backend, http } = await openHttp();
    const before = await content(backend);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        const body = new Uint8Array(bytes);
        const answer = await http.send(path, { method: "POST", headers, body });
        expectClear(answer);
        expect(answer.status).toBeGreaterThanOrEqual(path === "/sync/batch" ? 200 : 400);
        expect(await content(backend)).toEqual(before);
      }),
      RUNS,
    );
  },
  180_000,
);

test.each(["/sync/session", "/sync/message", "/sync/batch", "/mcp"])(
  "POST %s: nesting without end is a 400",
  async (path) => {
    const { backend, http } = await openHttp();
    const before = await content(backend);
    for (const depth of [65, 5_000, 1_000_000]) {
      const nested = `${"[".repeat(depth)}${"]".repeat(depth)}`;
      const body = `{"externalId":"s1","messages":[],"content":${nested}}`;
      expectClear(await http.send(path, { method: "POST", headers, body }));
    }
    expect(await content(backend)).toEqual(before);
  },
);

const queries = routes.flatMap(({ method, path, query }) =>
  method === "GET" ? [{ path, names: Object.keys(query?.fields ?? {}) }] : [],
);

test.each(queries)("GET $path: any parameters", async ({ path, names }) => {
  const { backend, http } = await openHttp();
  await post(http, "/sync/session", { externalId: "s1", title: "T" });
  await post(http, "/sync/message", { sessionExternalId: "s1", externalId: "m1", role: "user" });
  const { sessions } = (await http.get("/api/sessions")).body as { sessions: { id: string }[] };
  const { id } = sessions[0]!;
  const before = await content(backend);
  const meant = fc.constantFrom("1", "0", "-1", "1e9", id, "text", "json", "fulltext", "deepeval");
  const aParameter = fc.oneof(meant, aName);
  const given = fc.dictionary(fc.constantFrom(...names, "other"), aParameter);
  await fc.assert(
    fc.asyncProperty(given, async (parameters) => {
      const query = new URLSearchParams(Object.entries(parameters));
      expectClear(await http.get(`${path}?${query.toString()}`));
      expect(await content(backend)).toEqual(before);
    }),
    { numRuns: 60 },
  );
});

type Shown = { textContent?: string; parts: { type: string; content: unknown }[] };

async function readBack(http: Http): Promise<Shown> {
  const { sessions } = (await http.get("/api/sessions")).body as { sessions: { id: string }[] };
  const { body } = await http.get(`/api/sessions/get?id=${sessions[0]!.id}`);
  return (body.messages as Shown[])[0]!;
}

test("a part of any kind and content, and a text, come back equal or are refused", async () => {
  const { http } = await openHttp();
  await fc.assert(
    fc.asyncProperty(
      fc.stringMatching(/^x-[a-z]{1,8}$/),
      aValue,
      aText,
      async (type, sent, text) => {
        const content = JSON.parse(JSON.stringify(sent)) as unknown;
        const parts = [
          { type, content },
          { type: "text", content: text },
        ];
        const message = { sessionExternalId: "s1", externalId: "m1", role: "user", parts };
        const { status, body } = await post(http, "/sync/message", message);
        if (status === 200) {
          const shown = await readBack(http);
          expect(shown.parts).toEqual(parts);
          expect(shown.textContent).toBe(text);
        } else {
          expect(status).toBe(400);
          expect(body.error).toMatch(/unpaired surrogate/);
          expect(text).toMatch(/\p{Surrogate}/u);
        }
      },
    ),
    RUNS,
  );
}, 180_000);
