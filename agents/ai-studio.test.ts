import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Observation } from "./agent";
import { aiStudio } from "./ai-studio";

const folder = join(import.meta.dirname, "fixtures", "ai-studio");
const SESSION = "1AbC_dEf-GhI2jKl3MnO";

type Stored = Omit<Observation, "body" | "request"> & { body: unknown; request: unknown };

function fixture(name: string): Observation {
  const text = readFileSync(join(folder, `${name}.observation.json`), "utf8");
  const { body, request, ...head } = JSON.parse(text) as Stored;
  const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return { ...head, body: asText(body), request: asText(request) };
}

function read(observation: Observation) {
  return aiStudio.taps.find(({ id }) => id === observation.tap)!.read(observation);
}

it.each([
  [`https://aistudio.google.com/prompts/${SESSION}`, SESSION],
  [`https://aistudio.google.com/u/0/prompts/${SESSION}?pli=1`, SESSION],
  ["https://aistudio.google.com/prompts/new_chat?model=gemini-3-pro", null],
  ["https://aistudio.google.com/apps/drive/1AbC", null],
])("knows the session that %s shows", (url, key) => {
  expect(aiStudio.session(new URL(url))).toBe(key);
});

it("gives a live turn the place that it then has in the saved prompt", () => {
  const saved = JSON.parse(fixture("prompt").body) as unknown[][][][][];
  const rows = saved[0]![13]![0]!;
  const row = (text: string, role: string) =>
    Object.assign(Array<unknown>(20).fill(null), { 0: text, 8: role });
  rows.push(row("And mosses?", "user"), row("Please.", "user"), row("Sphagnum.", "model"));
  const loaded = read({ ...fixture("prompt"), body: JSON.stringify(saved) })![0]!.messages;
  const live = read(fixture("turn"))![0]!.messages;
  expect(live[0]).toEqual(loaded[4]);
  const place = ({ key, parentKey, position, role }: (typeof live)[number]) => ({
    key,
    parentKey,
    position,
    role,
  });
  expect(place(live[1]!)).toEqual(place(loaded[5]!));
});

it("takes the answer as whole by the end of its turn or the figures behind it, by nothing else", () => {
  const [blocks] = JSON.parse(fixture("turn").body) as [unknown[]];
  const state = (kept: unknown[]) =>
    read({ ...fixture("turn"), body: JSON.stringify([kept]) })![0]!.messages[1]!.state;
  const figures = blocks.at(-1);
  expect(state(blocks)).toBe("final");
  expect(state(blocks.slice(0, -1))).toBe("final");
  expect(state([...blocks.slice(0, -2), figures])).toBe("final");
  expect(state(blocks.slice(0, -2))).toBe("partial");
});

it("keeps a row of a kind that it does not know, without what signs its addresses", () => {
  const row = Object.assign(Array<unknown>(10).fill(null), {
    3: "https://files.example.org/a?sig=secret",
    8: "model",
  });
  const body = JSON.stringify([Object.assign(Array<unknown>(14).fill(null), { 13: [[row]] })]);
  const [part] = read({ ...fixture("prompt"), body })![0]!.messages[0]!.parts;
  expect(part).toMatchObject({ type: "unknown", kind: "row" });
  expect(JSON.stringify(part)).toContain("https://files.example.org/a");
  expect(JSON.stringify(part)).not.toContain("secret");
});

it("marks answers of another form as changed", () => {
  expect(read({ ...fixture("prompt"), body: '[["prompts/x"]]' })).toBeNull();
  expect(read({ ...fixture("turn"), body: '[[["novelty"]]]' })).toBeNull();
});
