import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEMO_TURNS, pieces, type Turn } from "./model-script.ts";
import { startModel, type Model } from "./model.ts";

const TURNS: Turn[] = [
  {
    prompt: "list",
    steps: [
      {
        reasoning: "I will look – und prüfe.",
        tool: { name: "bash", input: { command: "ls" } },
        usage: { input: 100, output: 30, cached: 60, reasoning: 9 },
      },
      { text: "Two files: `a`, 日本語 😀." },
    ],
  },
];

let model: Model;
beforeEach(async () => {
  model = await startModel({ turns: TURNS, title: "A title", chunkMs: 1 });
});
afterEach(() => model.close());

async function ask(path: string, body: object): Promise<Response> {
  return fetch(`${model.url}${path}`, { method: "POST", body: JSON.stringify(body) });
}

async function events(response: Response): Promise<Record<string, unknown>[]> {
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const data = (await response.text()).match(/^data: .*$/gm) ?? [];
  const payloads = data.map((line) => line.slice(6)).filter((line) => line !== "[DONE]");
  return payloads.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const user = (content: string) => ({ role: "user", content });

describe("as OpenAI", () => {
  const chat = (messages: object[], stream: boolean) =>
    ask("/chat/completions", { model: "fake-1", messages, stream });

  interface Chunk {
    choices: {
      delta: {
        content?: string;
        reasoning_content?: string;
        tool_calls?: { id?: string; function: { name?: string; arguments: string } }[];
      };
      finish_reason: string | null;
    }[];
    usage?: object;
  }

  it("streams reasoning and a tool call, then answers the tool's result", async () => {
    const first = (await events(await chat([user("list it")], true))) as unknown as Chunk[];
    const deltas = first.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expect(deltas.map((d) => d.reasoning_content ?? "").join("")).toBe("I will look – und prüfe.");
    const calls = deltas.flatMap((delta) => delta.tool_calls ?? []);
    expect(calls[0]).toMatchObject({ id: expect.any(String), function: { name: "bash" } });
    expect(calls.map((call) => call.function.arguments).join("")).toBe('{"command":"ls"}');
    expect(first.at(-2)?.choices[0]?.finish_reason).toBe("tool_calls");
    expect(first.at(-1)?.usage).toMatchObject({
      prompt_tokens: 100,
      completion_tokens: 30,
      prompt_tokens_details: { cached_tokens: 60 },
      completion_tokens_details: { reasoning_tokens: 9 },
    });
    const history = [
      user("list it"),
      { role: "assistant", content: null, tool_calls: [] },
      { role: "tool", content: "a" },
    ];
    const second = (await events(await chat(history, true))) as unknown as Chunk[];
    const text = second
      .flatMap(({ choices }) => choices.map((c) => c.delta.content ?? ""))
      .join("");
    expect(text).toBe("Two files: `a`, 日本語 😀.");
    expect(model.requests()).toBe(2);
  });

  it("answers in one piece, echoes what the script does not know, and gives titles", async () => {
    const whole = (await (await chat([user("list")], false)).json()) as object;
    expect(whole).toMatchObject({
      choices: [
        {
          message: { tool_calls: [{ function: { arguments: '{"command":"ls"}' } }] },
          finish_reason: "tool_calls",
        },
      ],
    });
    const echo = (await (await chat([user("hello")], false)).json()) as object;
    expect(echo).toMatchObject({ choices: [{ message: { content: "You said: hello" } }] });
    const system = { role: "system", content: "You are a title generator." };
    const title = (await (await chat([system, user("list")], false)).json()) as object;
    expect(title).toMatchObject({ choices: [{ message: { content: "A title" } }] });
    expect(model.requests()).toBe(2);
  });

  it("waits the set time between chunks", async () => {
    model.setChunkMs(40);
    const startedAt = performance.now();
    const count = (await events(await chat([user("x".repeat(60))], true))).length;
    expect(performance.now() - startedAt).toBeGreaterThan(count * 38);
  });
});

it("fails as often as the script says, telling how soon to come back, then answers", async () => {
  const failure = { status: 500, times: 2 };
  model.setTurns([
    { prompt: "twice", steps: [{ failure, text: "At last." }] },
    { prompt: "always", steps: [{ failure: { status: 400 } }] },
  ]);
  const post = (prompt: string) =>
    ask("/chat/completions", { model: "fake-1", messages: [user(prompt)] });
  const first = await post("twice");
  expect([first.status, first.headers.get("retry-after-ms")]).toEqual([500, "100"]);
  expect(await first.json()).toMatchObject({ error: { message: expect.any(String) as string } });
  const others = [await post("twice"), await post("twice"), await post("always")];
  expect(others.map(({ status }) => status)).toEqual([500, 200, 400]);
  expect((await post("always")).status).toBe(400);
  expect(await others[1]!.json()).toMatchObject({
    choices: [{ message: { content: "At last." } }],
  });
});

it("streams a step at the step's own pace", async () => {
  model.setTurns([{ prompt: "slow", steps: [{ text: "x".repeat(60), chunkMs: 40 }] }]);
  const startedAt = performance.now();
  const body = { model: "fake-1", messages: [user("slow")], stream: true };
  const count = (await events(await ask("/chat/completions", body))).length;
  expect(performance.now() - startedAt).toBeGreaterThan(count * 38);
});

describe("as Anthropic", () => {
  const messages = (list: object[], stream: boolean) =>
    ask("/messages", { model: "fake-1", messages: list, stream });

  interface Event {
    type: string;
    delta?: { thinking?: string; text?: string; partial_json?: string; stop_reason?: string };
    usage?: object;
  }

  it("streams thinking and a tool use, then answers the tool's result", async () => {
    const first = (await events(await messages([user("list it")], true))) as unknown as Event[];
    const all = (key: "thinking" | "text" | "partial_json", from = first) =>
      from.map(({ delta }) => delta?.[key] ?? "").join("");
    expect(all("thinking")).toBe("I will look – und prüfe.");
    expect(all("partial_json")).toBe('{"command":"ls"}');
    expect(first.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["message_start", "content_block_start", "message_stop"]),
    );
    expect(first.find(({ type }) => type === "message_delta")).toMatchObject({
      delta: { stop_reason: "tool_use" },
      usage: { output_tokens: 30 },
    });
    const history = [
      user("list it"),
      { role: "assistant", content: [{ type: "tool_use" }] },
      { role: "user", content: [{ type: "tool_result", content: "a" }] },
    ];
    const second = (await events(await messages(history, true))) as unknown as Event[];
    expect(all("text", second)).toBe("Two files: `a`, 日本語 😀.");
  });

  it("answers in one piece with the cached tokens apart", async () => {
    const whole = (await (await messages([user("list")], false)).json()) as object;
    expect(whole).toMatchObject({
      content: [
        { type: "thinking", thinking: "I will look – und prüfe." },
        { type: "tool_use", name: "bash", input: { command: "ls" } },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 40, cache_read_input_tokens: 60, output_tokens: 30 },
    });
  });
});

it("lets any page ask, lists its model, and says what it does not have", async () => {
  const preflight = await fetch(`${model.url}/messages`, { method: "OPTIONS" });
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  expect(await (await fetch(`${model.url}/models`)).json()).toMatchObject({
    data: [{ id: "fake-1" }],
  });
  expect((await ask("/embeddings", {})).status).toBe(404);
});

it("cuts text into pieces that make the whole again", () => {
  for (const { steps } of DEMO_TURNS) {
    for (const { text = "" } of steps) expect(pieces(text).join("")).toBe(text);
  }
  expect(pieces("")).toEqual([]);
  expect(pieces("😀😀😀", 2)).toEqual(["😀😀", "😀"]);
});
