import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listenOnLoopback } from "./listen.ts";
import { DEMO_TITLE, DEMO_TURNS } from "./model-script.ts";
import { startModel, type Model } from "./model.ts";
import { startOpencode } from "./opencode.ts";

let dir: string;
let model: Model;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "opencode-"));
  model = await startModel({ chunkMs: 5 });
});
afterEach(async () => {
  await model.close();
  rmSync(dir, { recursive: true });
});

interface Part {
  type: string;
  text?: string;
  tool?: string;
  state?: { status: string; input: object; output: string };
}
interface Message {
  info: { role: string; cost?: number; tokens?: object; finish?: string };
  parts: Part[];
}

async function call<T>(url: string, body?: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  const init = body ? { method: "POST", headers, body: JSON.stringify(body) } : {};
  const response = await fetch(url, init);
  expect(response.ok, `${url}: ${response.status}`).toBe(true);
  return (await response.json()) as T;
}

it("runs the demo's three turns whole: tool call, code block, reasoning, tokens, title", async () => {
  const opencode = await startOpencode({ dir, modelUrl: model.url });
  try {
    const page = await fetch(opencode.url);
    expect(await page.text()).toContain("<title>OpenCode</title>");
    const query = `?directory=${encodeURIComponent(opencode.projectDir)}`;
    const { id } = await call<{ id: string }>(`${opencode.url}/session${query}`, {});
    const session = `${opencode.url}/session/${id}`;
    for (const { prompt } of DEMO_TURNS) {
      await call(`${session}/message${query}`, { parts: [{ type: "text", text: prompt }] });
    }
    const messages = await call<Message[]>(`${session}/message${query}`);
    expect(messages.map(({ info }) => info.role)).toEqual([
      "user",
      "assistant",
      "assistant",
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
    const parts = messages.flatMap((message) => message.parts);
    const steps = DEMO_TURNS.flatMap((turn) => turn.steps);
    const of = (type: string) => parts.filter((part) => part.type === type);
    expect(of("reasoning").map(({ text }) => text)).toEqual(
      steps.flatMap(({ reasoning }) => reasoning ?? []),
    );
    expect(of("text").map(({ text }) => text)).toEqual(
      expect.arrayContaining(steps.flatMap(({ text }) => text ?? [])),
    );
    expect(of("tool")).toEqual([
      expect.objectContaining({
        tool: "bash",
        state: expect.objectContaining({
          status: "completed",
          input: steps[0]?.tool?.input,
          output: "README.md\nsum.ts\ntwo files\n",
        }),
      }),
    ]);
    expect(messages[1]?.info).toMatchObject({
      tokens: { input: 234, output: 39, reasoning: 17, cache: { read: 1000, write: 0 } },
      finish: "tool-calls",
    });
    expect(messages[1]?.info.cost).toBeGreaterThan(0);
    expect((await call<{ title: string }>(`${session}${query}`)).title).toBe(DEMO_TITLE);
  } finally {
    await opencode.close();
  }
  await expect(fetch(opencode.url)).rejects.toThrow();
}, 120_000);

it("says clearly that its port is in use", async () => {
  const squatter = createServer();
  const port = await listenOnLoopback(squatter, { what: "A test" });
  try {
    await expect(startOpencode({ dir, modelUrl: model.url, port })).rejects.toThrow(
      /opencode could not start: it ended with code \d+\..*in use/s,
    );
  } finally {
    squatter.close();
  }
}, 60_000);
