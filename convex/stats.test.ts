import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import { costOf } from "./model/prices";
import type { MessageReading, SessionReading } from "./validators";
import { type Client, message, openBackend, session, signIn, text } from "./test.setup";

const MODEL = "claude-sonnet-4-5";

async function record(
  client: Client,
  header: Partial<SessionReading>,
  readings: Partial<MessageReading>[],
) {
  const messages = readings.map((reading, position) =>
    message({ key: `m${position}`, position, model: MODEL, ...reading }),
  );
  return await client.mutation(api.sessions.record, {
    session: session(header),
    messages: await Promise.all(messages),
  });
}

const answer = (tokens: object): Partial<MessageReading> => ({ role: "assistant", tokens });

describe("the tokens of a session", () => {
  test("are its own figure and never that and its messages' (upstream counted both)", async () => {
    const ann = await signIn(openBackend());
    await record(ann, { tokens: { input: 100, output: 50 } }, [answer({ input: 90, output: 40 })]);
    const { tokens } = (await ann.query(api.stats.overview, {}))!;
    expect(tokens).toMatchObject({ input: 100, output: 50, total: 150, estimated: 0 });
  });

  test("are its messages' when only those have any, also when zeros are sent for the session", async () => {
    const ann = await signIn(openBackend());
    const zeros = { tokens: { input: 0, output: 0 }, cost: 0 };
    await record(ann, zeros, [{}, answer({ input: 90, output: 40, cacheRead: 5 })]);
    const { tokens } = (await ann.query(api.stats.overview, {}))!;
    expect(tokens).toMatchObject({ input: 90, output: 40, cacheRead: 5, total: 135, estimated: 0 });
  });

  test("are estimated, and marked so, where the agent gives none", async () => {
    const ann = await signIn(openBackend());
    const parts = text("The quick brown fox jumps over the lazy dog. ".repeat(20));
    await record(ann, {}, [{ parts }, { role: "assistant", parts }]);
    const { tokens, cost, estimatedCost } = (await ann.query(api.stats.overview, {}))!;
    expect(tokens.input).toBe(tokens.output);
    // Makers' tokenizers give ten tokens for the sentence.
    expect(tokens.input).toBeGreaterThan(170);
    expect(tokens.input).toBeLessThan(230);
    expect(tokens.estimated).toBe(tokens.total);
    expect(cost).toBe(estimatedCost);
    expect(cost).toBeCloseTo((tokens.input * 3 + tokens.output * 15) / 1e6, 9);
  });

  test("of a text that is kept in part are estimated from the size of the whole", async () => {
    const ann = await signIn(openBackend());
    await record(ann, { key: "short" }, [{ parts: text("word ".repeat(6_000)) }]);
    const short = (await ann.query(api.stats.overview, {}))!.tokens.total;
    await record(ann, { key: "long" }, [{ parts: text("word ".repeat(60_000)) }]);
    const both = (await ann.query(api.stats.overview, {}))!.tokens.total;
    expect((both - short) / short).toBeCloseTo(10, 0);
  });

  test("that are no counts count nothing", async () => {
    const ann = await signIn(openBackend());
    const odd = { input: -5, output: NaN, reasoning: Infinity };
    await record(ann, { cost: -1 }, [{ ...answer(odd), parts: [], cost: NaN }]);
    expect(await ann.query(api.stats.overview, {})).toMatchObject({
      tokens: { total: 0 },
      cost: 0,
      messages: 1,
    });
  });
});

describe("the cost", () => {
  test("is what the agent says, else computed with the price table and marked as estimated", async () => {
    const ann = await signIn(openBackend());
    const tokens = { input: 1_000_000, output: 100_000, cacheRead: 1_000_000 };
    await record(ann, { key: "said", cost: 2 }, [{ ...answer(tokens), cost: 1.5 }]);
    expect(await ann.query(api.stats.overview, {})).toMatchObject({ cost: 2, estimatedCost: 0 });
    await record(ann, { key: "computed" }, [answer(tokens)]);
    expect(await ann.query(api.stats.overview, {})).toMatchObject({
      cost: 2 + 4.8,
      estimatedCost: 4.8,
    });
  });

  test("of a model that is not in the table is not guessed from a similar name", () => {
    const tokens = { input: 1e6, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
    expect(costOf("gpt-5", tokens)).toBe(1.25e9);
    expect(costOf("openai/gpt-5-2025-08-07", tokens)).toBe(1.25e9);
    expect(costOf("anthropic/claude-opus-4.5", tokens)).toBe(5e9);
    expect(costOf("claude-opus-4-20250514", tokens)).toBe(15e9);
    expect(costOf("gpt-5-9", tokens)).toBeUndefined();
    expect(costOf("gpt-5-pro", tokens)).toBeUndefined();
    expect(costOf("my-gpt-5", tokens)).toBeUndefined();
  });
});

describe("days", () => {
  const late = Date.UTC(2026, 10, 20, 23, 45);

  test("are those of the person's time zone, to the quarter of an hour, and UTC's without one", async () => {
    const ann = await signIn(openBackend());
    await record(ann, { createdAt: late }, [{ createdAt: late }, { createdAt: late + 900_000 }]);
    const messagesOf = async (timeZone?: string, from = "2026-11-20", to = "2026-11-21") => {
      const range = { from, to, timeZone };
      const days = await ann.query(api.stats.daily, { range });
      return days.map(({ day, messages }) => `${day}: ${messages}`);
    };
    expect(await messagesOf()).toEqual(["2026-11-20: 1", "2026-11-21: 1"]);
    expect(await messagesOf("Europe/Berlin")).toEqual(["2026-11-21: 2"]);
    expect(await messagesOf("America/New_York")).toEqual(["2026-11-20: 2"]);
    // The zone's day reaches into UTC's day before, or after.
    const berlin = await messagesOf("Europe/Berlin", "2026-11-21", "2026-11-21");
    expect(berlin).toEqual(["2026-11-21: 2"]);
    const newYork = await messagesOf("America/New_York", "2026-11-20", "2026-11-20");
    expect(newYork).toEqual(["2026-11-20: 2"]);
    // UTC+5:45 and UTC-9:30 have days that begin in the middle of an hour.
    expect(await messagesOf("Asia/Kathmandu")).toEqual(["2026-11-21: 2"]);
    expect(await messagesOf("Pacific/Marquesas")).toEqual(["2026-11-20: 2"]);
  });

  test("move with a message whose time becomes known", async () => {
    const ann = await signIn(openBackend());
    await record(ann, { createdAt: late }, [{ state: "partial" }]);
    await record(ann, { createdAt: late }, [{ state: "final", createdAt: late }]);
    const range = { from: "2026-11-20", to: "2026-11-20" };
    expect(await ann.query(api.stats.daily, { range })).toMatchObject([
      { day: "2026-11-20", agent: "opencode", messages: 1, sessions: 1 },
    ]);
  });

  test.each([
    { from: "2026-11-02", to: "2026-11-01" },
    { from: "2026-02-30", to: "2026-03-01" },
    { from: "2026-01-01", to: "2026-12-31" },
    { from: "2026-1-1", to: "2026-01-02" },
    { from: "2026-01-01", to: "2026-01-02", timeZone: "Mars/Olympus" },
  ])("that are none are refused: $from to $to $timeZone", async (range) => {
    const ann = await signIn(openBackend());
    await expect(ann.query(api.stats.daily, { range })).rejects.toMatchObject({
      data: { code: "invalid-range" },
    });
  });
});

test("a session's header says what it comes to, from its messages when only those have figures", async () => {
  const ann = await signIn(openBackend());
  const { sessionId } = await record(ann, {}, [
    {},
    { ...answer({ input: 90, output: 40 }), cost: 0.25 },
  ]);
  const header = await ann.query(api.sessions.get, { sessionId });
  expect(header?.usage).toMatchObject({
    ...{ sessions: 1, messages: 2, cost: 0.25, estimatedCost: 0 },
    tokens: { input: 90, output: 40, total: 130, estimated: 0 },
  });
  expect(header).not.toHaveProperty("counted");
  expect(header).not.toHaveProperty("totals");
});

test("rows per agent and per model add up to the whole, and another user has none of it", async () => {
  const backend = openBackend();
  const ann = await signIn(backend);
  await record(ann, { agent: "claude" }, [
    answer({ input: 5 }),
    { ...answer({ input: 7 }), model: undefined },
  ]);
  await record(ann, { agent: "opencode" }, [answer({ input: 11 })]);
  const agents = await ann.query(api.stats.byAgent, {});
  const models = await ann.query(api.stats.byModel, {});
  expect(agents.map(({ agent, tokens }) => [agent, tokens.input])).toEqual([
    ["claude", 12],
    ["opencode", 11],
  ]);
  expect(models.map(({ model, tokens }) => [model, tokens.input])).toEqual([
    [MODEL, 16],
    ["unknown", 7],
  ]);
  const bob = await signIn(backend, "user_bob");
  expect(await bob.query(api.stats.byAgent, {})).toEqual([]);
});

test("removing a session takes away exactly what it brought", async () => {
  const ann = await signIn(openBackend());
  await record(ann, { key: "kept" }, [answer({ input: 5 })]);
  const before = await ann.query(api.stats.byModel, {});
  const { sessionId } = await record(ann, { key: "gone", cost: 0.1 }, [{}, answer({ input: 7 })]);
  await ann.mutation(api.sessions.remove, { sessionId });
  expect(await ann.query(api.stats.byModel, {})).toEqual(before);
});
