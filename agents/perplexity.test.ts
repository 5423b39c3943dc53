import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Observation } from "./agent";
import { perplexity } from "./perplexity";
import { applyPatch } from "./shared/perplexity-patch";
import { sharedFixture } from "./testing/fixtures";

const folder = join(import.meta.dirname, "fixtures", "perplexity");
const SLUG = "why-is-the-sky-blue-SzvqWM32Q5isAeHIAqdrpg";

interface Stored extends Omit<Observation, "body" | "request"> {
  body: unknown;
  request?: unknown;
}

function stored(name: string): Stored {
  return JSON.parse(readFileSync(join(folder, `${name}.observation.json`), "utf8")) as Stored;
}

function observe({ body, request, ...head }: Stored): Observation {
  return {
    ...head,
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(request === undefined ? {} : { request: JSON.stringify(request) }),
  };
}

function read(observation: Observation) {
  return perplexity.taps.find(({ id }) => id === observation.tap)!.read(observation);
}

it("knows the session that a page shows", () => {
  const session = (path: string) => perplexity.session(new URL(path, "https://www.perplexity.ai"));
  expect(session(`/search/${SLUG}?login-source=x`)).toBe(SLUG);
  expect(session(`/fr/search/${SLUG}/`)).toBe(SLUG);
  expect(session("/search/new/f92fec9b-0000-4000-8000-000000000001")).toBeNull();
  expect(session("/spaces/trips-abc")).toBeNull();
  expect(session("/search/%E0%A4%A")).toBe("%E0%A4%A");
});

it("reads an answer while it is written exactly as a later load does", () => {
  const [live] = read(observe(stored("ask")))!;
  const [whole] = read(observe(stored("thread")))!;
  expect(live!.messages).toEqual(whole!.messages.slice(0, 2));
  expect(live!.session.key).toBe(whole!.session.key);
});

it("never keeps what lets others write to a thread, nor the signatures of files", () => {
  for (const name of ["thread", "ask"]) {
    const observation = observe(stored(name));
    expect(observation.body).toContain("rw-secret");
    expect(observation.body).toMatch(/sig|Signature/);
    expect(JSON.stringify(read(observation))).not.toMatch(/rw-secret|sig=|Signature|token/);
  }
});

it("takes a running answer as whole only after its end mark", () => {
  const ask = observe(stored("ask"));
  expect(read({ ...ask, isTruncated: true })![0]!.messages[1]!.state).toBe("final");
  const frames = ask.body.split("\r\n\r\n");
  for (let count = 1; count < frames.length - 2; count += 1) {
    const [cut] = read({ ...ask, body: frames.slice(0, count).join("\r\n\r\n") })!;
    expect(cut!.messages[1]!.state).toBe("partial");
  }
});

it("puts an answer whose time is not told behind all that have one", () => {
  const ask = observe(stored("ask"));
  const undated = ask.body.replaceAll(/"entry_created_datetime": "[^"]*", /g, "");
  expect(undated).not.toContain("entry_created_datetime");
  const [live] = read({ ...ask, body: undated })!;
  const [whole] = read(observe(stored("thread")))!;
  const newest = Math.max(...whole!.messages.map(({ position }) => position));
  expect(live!.messages[0]!.position).toBeGreaterThan(newest);
  expect(live!.messages[1]!.position).toBeGreaterThan(live!.messages[0]!.position);
});

it("gives nothing while the thread has no name yet", () => {
  const ask = observe(stored("ask"));
  const nameless = ask.body.replaceAll(SLUG, "");
  expect(read({ ...ask, body: nameless })).toEqual([]);
  expect(read({ ...ask, body: "<html>" })).toBeNull();
});

describe("patches", () => {
  const apply = (target: unknown, op: string, path: string, value?: unknown) =>
    applyPatch(target, { op, path, value });

  it("add, replace and remove, at the top, in objects and in lists", () => {
    expect(apply(undefined, "replace", "", { a: 1 })).toEqual({ a: 1 });
    expect(apply({ a: { b: 1 } }, "replace", "/a/b", 2)).toEqual({ a: { b: 2 } });
    expect(apply({ a: ["x"] }, "add", "/a/1", "y")).toEqual({ a: ["x", "y"] });
    expect(apply({ a: ["x", "z"] }, "add", "/a/1", "y")).toEqual({ a: ["x", "y", "z"] });
    expect(apply({ a: ["x"] }, "add", "/a/-", "y")).toEqual({ a: ["x", "y"] });
    expect(apply({ a: ["x", "y"] }, "replace", "/a/0", "z")).toEqual({ a: ["z", "y"] });
    expect(apply({ a: ["x", "y"] }, "remove", "/a/0")).toEqual({ a: ["y"] });
    expect(apply({ a: 1, b: 2 }, "remove", "/a")).toEqual({ b: 2 });
    expect(apply({ "a/b": { "~": 1 } }, "replace", "/a~1b/~0", 2)).toEqual({ "a/b": { "~": 2 } });
  });

  it("keep what came after a patch that was lost, and change nothing where they do not fit", () => {
    expect(apply({ a: ["x"] }, "add", "/a/5", "y")).toEqual({ a: ["x", "y"] });
    expect(apply({ a: ["x"] }, "add", "/b/0", "y")).toEqual({ a: ["x"] });
    expect(apply({ a: ["x"] }, "add", "/a/-1", "y")).toEqual({ a: ["x"] });
    expect(apply({ a: 1 }, "move", "/a", 2)).toEqual({ a: 1 });
    expect(apply({ a: 1 }, "replace", "a", 2)).toEqual({ a: 1 });
    expect(applyPatch({ a: 1 }, null)).toEqual({ a: 1 });
  });

  it("reach no object that is not theirs", () => {
    apply({ a: 1 }, "add", "/__proto__/polluted", true);
    apply({ a: 1 }, "add", "/constructor/prototype/polluted", true);
    apply({ a: 1 }, "add", "/__proto__", { polluted: true });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("history", () => {
  const history = perplexity.history!;
  const list = (offset: number, rows: unknown) =>
    history.readList(
      observe({
        tap: "list",
        url: `https://www.perplexity.ai${history.list(String(offset)).path}`,
        method: "POST",
        status: 200,
        body: rows,
        isTruncated: false,
        pageUrl: "https://www.perplexity.ai/library",
      }),
    );
  const row = (slug: string, total?: number) => ({
    slug,
    uuid: "u",
    title: "T",
    last_query_datetime: "2026-11-01T10:00:00.000000",
    read_write_token: "rw-secret",
    ...(total === undefined ? {} : { total_threads: total }),
  });

  it("lists page by page up to the number that the site tells", () => {
    expect(JSON.parse(history.list("50").body!)).toMatchObject({ limit: 50, offset: 50 });
    expect(list(0, [row("a", 3), row("b", 3)])).toEqual({
      sessions: [
        { key: "a", updatedAt: Date.parse("2026-11-01T10:00:00Z") },
        { key: "b", updatedAt: Date.parse("2026-11-01T10:00:00Z") },
      ],
      next: "2",
      total: 3,
    });
    expect(list(2, [row("c", 3)])?.next).toBeNull();
    expect(list(3, [])?.next).toBeNull();
    expect(list(0, [row("a")])?.next).toBeNull();
    expect(list(0, { status: "error" })).toBeNull();
  });

  it("loads a thread page by page, all of which its tap reads, and ends", () => {
    const tap = perplexity.taps.find(({ id }) => id === "thread")!;
    const bodies = [stored("thread-first").body, stored("thread-next").body];
    const answers: Observation[] = [];
    const keys: string[] = [];
    for (;;) {
      const request = history.load(SLUG, answers);
      if (!request) break;
      expect(request.path).toMatch(new RegExp(tap.path));
      const url = `https://www.perplexity.ai${request.path}`;
      answers.push(observe({ ...stored("thread"), url, body: bodies[answers.length] }));
      keys.push(...tap.read(answers.at(-1)!)![0]!.messages.map(({ key }) => key));
    }
    expect(answers).toHaveLength(2);
    const [whole] = read(observe(stored("thread")))!;
    expect(keys).toEqual(whole!.messages.map(({ key }) => key));
    // A site that gives the same cursor again must not be asked for ever.
    const stuck = { ...answers[1]!, body: JSON.stringify({ entries: [], next_cursor: "cur-2" }) };
    expect(history.load(SLUG, [answers[0]!, stuck])).toBeNull();
  });
});

const sample = sharedFixture("synthetic/perplexity-ask.sse");
it.skipIf(!sample)("reads the sample stream (skipped where it is missing)", () => {
  const [live] = read(observe({ ...stored("ask"), body: readFileSync(sample!, "utf8") }))!;
  expect(live!.session).toMatchObject({ key: "what-is-x-abc", title: "what is x" });
  expect(live!.messages[1]).toMatchObject({
    key: "b1",
    state: "final",
    parts: [
      { type: "reasoning", text: "Searching" },
      { type: "tool-call", toolName: "SEARCH_WEB" },
      { type: "text", text: "X is y[1]." },
      { type: "source", url: "https://example.org/x", title: "X", snippet: "x is y" },
    ],
  });
});
