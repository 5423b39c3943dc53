import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { messagesOf, openOpencode, playTurn } from "../local/journey.ts";
import { startModel, type Model } from "../local/model.ts";
import { startOpencode, type Opencode } from "../local/opencode.ts";
import { openCaptureWorld, type CaptureWorld } from "./support/capture-world.ts";
import type { Reading } from "./support/reading.ts";

const LONG = "One, two, three, four, five, six, seven, eight, nine, ten. ".repeat(6);

let folder: string;
let model: Model;
let opencode: Opencode;
let world: CaptureWorld;
let page: Page;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "opensync-capture-opencode-"));
  const input = { description: "Count files", prompt: "SUBTASK count", subagent_type: "general" };
  model = await startModel({
    turns: [
      {
        prompt: "Use a helper",
        steps: [{ tool: { name: "task", input } }, { text: "There are two." }],
      },
      { prompt: "SUBTASK", steps: [{ text: "I counted two files." }] },
      { prompt: "Count slowly", steps: [{ text: LONG }] },
    ],
  });
  opencode = await startOpencode({ dir: folder, modelUrl: model.url });
  world = await openCaptureWorld({ opencode: opencode.url });
  page = await openOpencode(world.context, opencode);
});

test.afterAll(async () => {
  await world.close();
  await opencode.close();
  await model.close();
  await rm(folder, { recursive: true, force: true });
});

async function readings(key: string): Promise<Reading[]> {
  return (await world.seen()).flatMap(({ reading }) =>
    reading?.session.key === key ? [reading] : [],
  );
}

test("a sub-agent's session is read too, and tied to the call that started it", async () => {
  const key = await playTurn(page, opencode.url, "Use a helper");
  const parts = async () =>
    (await readings(key)).flatMap((reading) => reading.messages.flatMap((m) => m.parts));
  await expect
    .poll(async () => (await parts()).some(({ text }) => text === "There are two."))
    .toBe(true);
  const child = (await parts()).find(
    ({ type, childKey }) => type === "tool-call" && childKey,
  )?.childKey;
  expect(child).toMatch(/^ses_/);
  const headers = async () => (await readings(child!)).map(({ session }) => session.parentKey);
  await expect.poll(headers).toContain(key);
  const texts = (await readings(child!)).flatMap(({ messages }) =>
    messages.flatMap((m) => m.parts.map((p) => p.text)),
  );
  expect(texts).toContain("I counted two files.");
});

test("a turn of more than ten seconds is read as partial, then as final", async () => {
  await world.set({ seen: [] });
  model.setChunkMs(500);
  const key = await playTurn(page, opencode.url, "Count slowly");
  const states = async () => {
    const answers = (await readings(key)).flatMap(({ messages }) => messages.slice(-1));
    return answers.map(
      ({ state, parts }) =>
        `${state} ${parts.some(({ text }) => text === LONG) ? "whole" : "begun"}`,
    );
  };
  await expect.poll(states).toContain("final whole");
  const seen = await states();
  expect(seen).toContain("partial begun");
  expect(new Set(seen.slice(seen.indexOf("final whole")))).toEqual(new Set(["final whole"]));
  const ids = (await messagesOf(opencode.url, key)).map(({ info }) => info.id);
  expect((await readings(key)).at(-1)?.messages.map((message) => message.key)).toEqual(ids);
});
