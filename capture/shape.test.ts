// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agents } from "../agents";
import { loadFixtures } from "../agents/testing/fixtures";
import { bodyShape, observationShape } from "./shape";
import { isPureFormatName } from "./shape-names";

const shapeOf = (body: unknown) => bodyShape(JSON.stringify(body)).slice(1);

describe("the shape of a body", () => {
  it("has names, kinds and rough sizes, and no value", () => {
    expect(
      shapeOf({
        title: "Tea with Margaret",
        create_time: 1763,
        is_archived: false,
        current_node: null,
        parts: ["one", "a longer one"],
      }),
    ).toEqual([
      "body: object",
      "  title: string <=32",
      "  create_time: number",
      "  is_archived: boolean",
      "  current_node: null",
      "  parts: array <=2",
      "    []: string <=16",
    ]);
  });

  it("shows what stands under a name like type, where it looks like code", () => {
    expect(shapeOf([{ role: "assistant", status: "Done with Margaret's tea" }])).toEqual([
      "body: array <=1",
      "  []: object",
      "    role: assistant",
      "    status: string <=32",
    ]);
  });

  it("tells objects of different types apart, and what only some have", () => {
    expect(
      shapeOf([
        { type: "text", text: "a" },
        { type: "text", text: "b", index: 1 },
        { type: "tool_use", input: {} },
      ]),
    ).toEqual([
      "body: array <=4",
      "  []: object",
      "    type text:",
      "      type: text",
      "      text: string <=1",
      "      index?: number",
      "    type tool_use:",
      "      type: tool_use",
      "      input: object",
    ]);
  });

  it.each([
    ["ids", { "8f14e45f-ceea-467f-a5c5-1c2d3e4f5a6b": { id: "x" } }],
    ["ids without digits", { qwrtzpsdf: { id: "x" }, bcdfghjk: { id: "x" } }],
    ["words of a person", { margaret: 3, wilhelm: 4 }],
    ["one word of a person", { margaret: 3 }],
    ["names as people write them", { "Margaret T.": 3, Wilhelm: 4 }],
  ])("collapses a map by %s", (_what, map) => {
    const lines = shapeOf({ mapping: map }).join("\n");
    expect(lines).toContain(":key");
    for (const key of Object.keys(map)) expect(lines).not.toContain(key);
  });

  it("shows a new name of the site's, but none that stands in the content too", () => {
    const body = { title: "x", text: "y", novel_blob_id: 1, kumquat_id: 2, parts: ["A kumquat"] };
    const lines = shapeOf(body).join("\n");
    expect(lines).toContain("novel_blob_id: number");
    expect(lines).not.toContain("kumquat");
  });

  it("shows only what comes again, where several stand side by side", () => {
    const items = [
      { id: 1, text: "a", session_mood: 1, margarets_text: 1 },
      { id: 2, text: "b", session_mood: 2 },
    ];
    const lines = shapeOf(items).join("\n");
    expect(lines).toContain("session_mood: number");
    expect(lines).not.toContain("margaret");
  });

  it("looks into JSON in strings", () => {
    expect(shapeOf({ arguments: '{"path":"/home/ada"}' })).toEqual([
      "body: object",
      "  arguments: string <=32 of JSON",
      "    JSON: object",
      "      path: string <=16",
    ]);
  });

  it.each([
    ["server-sent events", 'event: delta\ndata: {"v":"Hi"}\n\ndata: [DONE]\n\n', "delta: object"],
    ["lines of JSON", '{"result":{"token":"a"}}\n{"result":{"token":"b"}}\n', "line: object"],
    ["lines of JSON", ')]}\'\n\n20\n[["wrb.fr","x"]]\n9\n[["di",5]]\n', "line: array <=1"],
    ["lines of JSON", 'f:{"messageId":"m"}\n0:"Hi"\n0:" you"\n', "f: object"],
    ["lines of JSON", '42["message",{"text":"Hi"}]\n', "line: array <=2"],
    ["markup", "<!doctype html><p>Hi Margaret", undefined],
    ["text", "Hi Margaret", undefined],
    ["binary", "\ufffd\u0001Margaret", undefined],
    ["JSON, broken or cut", '{"title":"Hi Marg', undefined],
  ])("knows %s", (form, body, line) => {
    const lines = bodyShape(body);
    expect(lines[0]).toMatch(new RegExp(`^${form}, <=\\d+ characters$`));
    expect(lines[1]).toBe(line);
    expect(lines.join("\n")).not.toMatch(/Marg|Hi/);
  });

  it("is short, however long the body", () => {
    const fields = Object.fromEntries(
      Array.from({ length: 600 }, (_, at) => [
        `text_${String.fromCharCode(97 + (at % 26), 97 + ((at / 26) | 0))}`,
        at,
      ]),
    );
    expect(bodyShape(JSON.stringify(fields))).toHaveLength(202);
  });
});

describe("a report's entry", () => {
  const [chatgpt] = agents.filter(({ id }) => id === "chatgpt");
  const tap = chatgpt!.taps.find(
    ({ method, transport }) => method === "GET" && transport === "fetch",
  )!;

  it("has of an address only what the tap's rule spells out", () => {
    const url = "https://chatgpt.com/backend-api/conversation/margaret?secret=1&limit=2";
    const shape = observationShape(chatgpt!, tap.id, {
      ...{ tap: tap.id, url, method: "GET", status: 200, body: '{"title":"x"}' },
      ...{ isTruncated: true, pageUrl: url },
    });
    expect(shape.split("\n")[0]).toBe(
      "GET https://chatgpt.com/backend-api/conversation/:id?:name&limit, status 200, cut",
    );
  });

  it("has no origin that the person named", () => {
    const url = "https://agent.margaret.example/session/1";
    const shape = observationShape(chatgpt!, tap.id, {
      ...{ tap: tap.id, url, method: "GET", status: 200, body: "{}", request: '{"prompt":"Hi"}' },
      ...{ isTruncated: false, pageUrl: url },
    });
    expect(shape).not.toContain("margaret");
    expect(shape).toContain("sent:\n  JSON");
    expect(shape).toContain("    prompt: string <=2");
  });
});

/** Names that a site's code could have, and their words. */
const NAMES = ["title", "create_time", "messageId", "parts", "metadata", "novelBlob", "p"];
const STREAM_EVENTS = ["delta", "message_start"];
const TYPE_VALUES = ["text", "tool_use", "in_progress"];
/** What the report itself says. */
const OWN_WORDS =
  "server-sent events lines of JSON broken or cut characters binary markup received: object string number boolean array null deeper type line body :key <=";

const LONG = /^.{6,}$/s;
const person = fc.oneof(
  fc.stringMatching(/^[a-z]{6,14}( [A-Z][a-z]{5,9}){0,3}$/),
  fc.stringMatching(/^[A-Za-zäöüß0-9 .,!?]{6,60}$/),
  fc.string({ minLength: 6, maxLength: 40, unit: "grapheme" }),
);
const id = fc.oneof(
  fc.uuid(),
  fc.stringMatching(/^(msg|ses|prt)_[0-9a-zA-Z]{12,24}$/),
  fc.stringMatching(/^[a-z0-9]{24}$/),
);

/** What a person has written, or an id, as a value or as a key. */
const tree = (telling: fc.Arbitrary<string>) =>
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      telling,
      fc.constantFrom(null, true, 7, 1.5),
      fc.record({ type: fc.constantFrom(...TYPE_VALUES), text: telling }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 5 }),
      fc.dictionary(id, tie("value"), { minKeys: 1, maxKeys: 3 }),
      fc.dictionary(telling, fc.constant({ text: 1 }), { minKeys: 1, maxKeys: 3 }),
    ),
  })).value;

const inForm = (values: unknown[], form: "json" | "sse" | "lines") => {
  const texts = values.map((value) => JSON.stringify(value));
  if (form === "json") return `[${texts.join(",")}]`;
  if (form === "lines") return texts.join("\n");
  return texts.map((text, at) => `event: ${STREAM_EVENTS[at % 2]}\ndata: ${text}\n\n`).join("");
};

/** Every text and every key that is not the site's. */
function tellingOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(tellingOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(NAMES.includes(key) || key === "text" || key === "type" ? [] : [key]),
    ...(key === "type" && TYPE_VALUES.includes(inner as string) ? [] : tellingOf(inner)),
  ]);
}

/** Pieces of six letters of a text that stand in the report and are no word of formats. */
function leaks(telling: string[], report: string): string[] {
  const allowed = [...NAMES, ...STREAM_EVENTS, ...TYPE_VALUES, OWN_WORDS].join("\n");
  return telling
    .filter((text) => LONG.test(text) && !isPureFormatName(text) && !(text in {}))
    .flatMap((text) => Array.from({ length: text.length - 5 }, (_, at) => text.slice(at, at + 6)))
    .filter((piece) => report.includes(piece) && !allowed.includes(piece) && piece.trim() !== "");
}

it("never has six letters in a row of what a person wrote, or of an id", () => {
  fc.assert(
    fc.property(
      fc.array(tree(person), { minLength: 1, maxLength: 5 }),
      fc.constantFrom("json" as const, "sse" as const, "lines" as const),
      (values, form) => {
        const report = bodyShape(inForm(values, form)).join("\n");
        expect(leaks(tellingOf(values), report)).toEqual([]);
      },
    ),
    { numRuns: 600 },
  );
});

it("has the bodies of all recorded pages in it without a word of them", () => {
  // Prose of the fixtures: a word of eight letters or more that comes after a space in a text.
  for (const { agentId, name, observation } of loadFixtures()) {
    const agent = agents.find(({ id: one }) => one === agentId)!;
    const report = observationShape(agent, observation.tap, observation);
    expect(report.length, name).toBeLessThan(40_000);
    const uuids = observation.body.match(/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22}/g) ?? [];
    for (const uuid of uuids) expect(report.includes(uuid), name).toBe(false);
    const sentences = observation.body.match(/"[A-Z][a-z]+ [a-z]+ [a-z]+[^"\\]*"/g) ?? [];
    for (const one of sentences) expect(report.includes(one.slice(1, -1)), name).toBe(false);
  }
});
