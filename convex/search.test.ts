/** Pages, filters and provenance; what ranks how is Convex's, and tested where Convex's search really runs. */
import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import type { Search } from "./model/search";
import { findMatches, snippetOf, termsOf } from "./model/searchText";
import type { MessageReading, SessionReading } from "./validators";
import { type Client, message, openBackend, session, signIn, text } from "./test.setup";

async function record(
  client: Client,
  header: Partial<SessionReading>,
  readings: Partial<MessageReading>[],
) {
  const messages = readings.map((reading, position) =>
    message({ key: `m${position}`, position, ...reading }),
  );
  const { sessionId } = await client.mutation(api.sessions.record, {
    session: session(header),
    messages: await Promise.all(messages),
  });
  return sessionId;
}

async function textsOf(client: Client, search: Search): Promise<string[]> {
  const paginationOpts = { numItems: 50, cursor: null };
  const { page } = await client.query(api.search.messages, { search, paginationOpts });
  return page.map(({ snippet }) => snippet.text);
}

describe("a snippet", () => {
  test("has the places of every word, whatever its case and accents, in UTF-16 units", () => {
    const { text, matches } = snippetOf("😀 Größe and GROSSE größe; gross", termsOf("grosse GRO"));
    const words = matches.map(({ start, length }) => text.slice(start, start + length));
    expect(words).toEqual(["Größe", "GROSSE", "größe", "gross"]);
    expect(findMatches("mark & <mark>", termsOf("mark"))).toEqual([
      { start: 0, length: 4 },
      { start: 8, length: 4 },
    ]);
  });

  test("is the piece with most matches, cut between characters and marked as cut", () => {
    const long = `needle ${"😀".repeat(500)} needle in a needle stack ${"😀".repeat(500)}`;
    for (let pad = 0; pad < 4; pad += 1) {
      const { text, matches } = snippetOf("x".repeat(pad) + long, termsOf("needle"));
      expect(() => encodeURIComponent(text)).not.toThrow();
      expect(text).toMatch(/^…😀+ needle in a needle stack 😀+…$/u);
      expect(text.length).toBeLessThan(250);
      expect(matches.map(({ start, length }) => text.slice(start, start + length))).toEqual([
        "needle",
        "needle",
      ]);
    }
  });

  test("of a text without the words is its beginning", () => {
    expect(snippetOf("short", ["other"])).toEqual({ text: "short", matches: [] });
  });
});

describe("a search of messages", () => {
  test("filters by agent, role, model and time", async () => {
    const ann = await signIn(openBackend());
    await record(ann, { agent: "claude" }, [
      { parts: text("apple one"), createdAt: 1_700_000_000_000, model: "opus" },
      { parts: text("apple two"), createdAt: 1_700_000_100_000, role: "assistant" },
    ]);
    await record(ann, { agent: "opencode" }, [{ parts: text("apple three") }]);
    expect(await textsOf(ann, { text: "apple" })).toHaveLength(3);
    expect(await textsOf(ann, { text: "apple", agent: "opencode" })).toEqual(["apple three"]);
    expect(await textsOf(ann, { text: "apple", role: "assistant" })).toEqual(["apple two"]);
    expect(await textsOf(ann, { text: "apple", model: "opus" })).toEqual(["apple one"]);
    const range = { from: 1_700_000_000_000, to: 1_700_000_100_000 };
    expect(await textsOf(ann, { text: "apple", ...range })).toEqual(["apple one"]);
  });

  test("gives pages that neither repeat nor skip, also when messages come in between", async () => {
    const ann = await signIn(openBackend());
    const readings = Array.from({ length: 45 }, (_, at) => ({ parts: text(`pear ${at}`) }));
    await record(ann, { key: "before" }, readings);
    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const paginationOpts = { numItems: 10, cursor };
      const search = { text: "pear" };
      const page: typeof api.search.messages._returnType = await ann.query(api.search.messages, {
        ...{ search, paginationOpts },
      });
      seen.push(...page.page.map(({ snippet }) => snippet.text));
      if (page.isDone) break;
      cursor = page.continueCursor;
      await new Promise((resolve) => setTimeout(resolve, 2));
      await record(ann, { key: `after ${seen.length}` }, [{ parts: text("pear pear pear") }]);
    }
    expect(seen.sort()).toEqual(
      readings.map(({ parts }) => (parts[0] as { text: string }).text).sort(),
    );
  });

  test("without words finds nothing, and a cursor that is none is refused", async () => {
    const ann = await signIn(openBackend());
    await record(ann, {}, [{ parts: text("plum") }]);
    expect(await textsOf(ann, { text: " \t--- " })).toEqual([]);
    const paginationOpts = { numItems: 10, cursor: "elsewhere" };
    const asked = ann.query(api.search.messages, { search: { text: "plum" }, paginationOpts });
    await expect(asked).rejects.toMatchObject({ data: { code: "invalid-search" } });
  });

  test("finds what a message says now, once, and not what it said before", async () => {
    const ann = await signIn(openBackend());
    await record(ann, {}, [{ parts: text("quince and plum") }]);
    await record(ann, {}, [{ parts: text("medlar and plum") }]);
    expect(await textsOf(ann, { text: "quince" })).toEqual([]);
    expect(await textsOf(ann, { text: "plum" })).toEqual(["medlar and plum"]);
  });

  test("never gives messages of a session that is gone", async () => {
    const ann = await signIn(openBackend());
    const readings = Array.from({ length: 90 }, (_, at) => ({ parts: text(`fig ${at}`) }));
    const sessionId = await record(ann, {}, readings);
    await ann.mutation(api.sessions.remove, { sessionId });
    expect(await textsOf(ann, { text: "fig" })).toEqual([]);
  });
});

test("a search of sessions finds titles and messages, and each session once", async () => {
  const ann = await signIn(openBackend());
  await record(ann, { key: "title", title: "Cherry pie" }, [{ parts: text("baking") }]);
  await record(ann, { key: "both", title: "A cherry" }, [
    { parts: text("cherry one") },
    { parts: text("cherry two") },
  ]);
  await record(ann, { key: "message", title: "Fruit" }, [{ parts: text("sour cherry") }]);
  await record(ann, { key: "other", title: "Stone" }, [{ parts: text("rock") }]);
  const paginationOpts = { numItems: 10, cursor: null };
  const search = { text: "cherry" };
  const { page, isDone } = await ann.query(api.search.sessions, { search, paginationOpts });
  expect(isDone).toBe(true);
  expect(page.map(({ session }) => session.key).sort()).toEqual(["both", "message", "title"]);
  expect(page[0]).toMatchObject({
    session: { key: "both" },
    titleMatches: [{ start: 2, length: 6 }],
    messageHits: 2,
    best: { snippet: { text: "cherry one", matches: [{ start: 0, length: 6 }] } },
  });
});

test("context gives pieces with their provenance, at most as many as asked for", async () => {
  const ann = await signIn(openBackend());
  const long = `${"before ".repeat(1_000)} quince ${"after ".repeat(1_000)}`;
  const url = "https://claude.ai/chat/1";
  const header = { agent: "claude", title: "Jam", url };
  const sessionId = await record(ann, header, [
    { parts: text(long), role: "assistant", model: "opus", createdAt: 1_700_000_000_000 },
    { parts: text("quince again") },
  ]);
  const [first, ...rest] = await ann.query(api.search.context, {
    ...{ search: { text: "quince" }, limit: 1 },
  });
  expect(rest).toEqual([]);
  expect(first).toMatchObject({
    ...{ sessionId, agent: "claude", title: "Jam", url, role: "assistant", model: "opus" },
    ...{ time: 1_700_000_000_000, position: 0, text: expect.stringContaining(" quince ") },
  });
  expect(first!.text.length).toBeLessThanOrEqual(4_002);
  const all = await ann.query(api.search.context, { search: { text: "quince" }, limit: 1e9 });
  expect(all).toHaveLength(2);
});
