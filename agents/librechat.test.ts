import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Observation } from "./agent";
import { librechat } from "./librechat";
import { sharedFixture } from "./testing/fixtures";

const ID = "5a1d2c3e-7b64-4f0a-9c51-2e8d90b1f4a7";
const FILES = ["librechat-export", "librechat-linear", "librechat-opts-nonr-branches"] as const;
const [nested, linear, branches] = FILES.map((name) => sharedFixture(`librechat/${name}.json`));

function readFile(path: string) {
  const [reading] = librechat.imports![0]!.read(JSON.parse(readFileSync(path, "utf8")), path)!;
  return reading!;
}

function answer(body: unknown): Observation {
  const url = "https://chat.example.org/api/convos?limit=50";
  const head = { tap: "list", url, method: "GET", status: 200, isTruncated: false, pageUrl: url };
  return { ...head, body: JSON.stringify(body) };
}

describe("LibreChat's exports", () => {
  // Real ones, beside the checkout: skipped where they are missing.
  it.skipIf(!nested)("reads the nested form", () => {
    const { session, messages } = readFile(nested!);
    expect(session.title).toBe("Conversation 1. Web Search");
    expect(session.activeLeafKey).toBe("645b925b-ef14-451f-9be3-814de55a5ae4");
    expect(messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
    expect(messages.slice(1).map(({ parentKey }) => parentKey)).toEqual(
      messages.slice(0, -1).map(({ key }) => key),
    );
  });

  it.skipIf(!linear)("keeps the order of messages of one time", () => {
    const { messages } = readFile(linear!);
    expect(messages[0]!.createdAt).toBe(messages[1]!.createdAt);
    expect(messages[0]!.position).toBeLessThan(messages[1]!.position);
    expect(messages[0]!.parentKey).toBeUndefined();
  });

  it.skipIf(!branches)("keeps every branch, tokens and how an answer ended", () => {
    const { messages, session } = readFile(branches!);
    const first = messages[0]!;
    expect(messages.filter(({ parentKey }) => parentKey === first.key)).toHaveLength(2);
    expect(messages.filter(({ parentKey }) => parentKey === undefined)).toHaveLength(2);
    expect(messages.map(({ tokens }) => tokens)).toEqual([
      { input: 9 },
      { output: 78 },
      undefined,
      { input: 9 },
      { output: 110 },
    ]);
    expect(messages.map(({ finish }) => finish)).toEqual([
      undefined,
      "incomplete",
      "unfinished",
      undefined,
      "incomplete",
    ]);
    expect(session.activeLeafKey).toBe("de9a4e7c-020d-4856-a5a6-ce6794efef99");
  });

  it("reads a session that is nested as deep as it is long", () => {
    let children: unknown[] = [];
    for (let index = 9999; index >= 0; index -= 1) {
      const parentMessageId = index === 0 ? null : `m${index - 1}`;
      const message = { messageId: `m${index}`, parentMessageId, text: `${index}`, children };
      children = [{ ...message, isCreatedByUser: index % 2 === 0 }];
    }
    const entry = { conversationId: ID, recursive: true, messages: children };
    const [reading] = librechat.imports![0]!.read(entry, "deep.json")!;
    expect(reading!.messages).toHaveLength(10_000);
    expect(reading!.session.activeLeafKey).toBe("m9999");
    const positions = reading!.messages.map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  it("leaves other files alone", () => {
    const { read } = librechat.imports![0]!;
    expect(read({ conversations: [] }, "a.json")).toBeNull();
    expect(read([], "a.json")).toBeNull();
    expect(read({ conversationId: ID, recursive: false, messages: [] }, "a.json")).toEqual([]);
  });
});

describe("LibreChat's history", () => {
  const { list, readList, load } = librechat.history!;

  it("pages by cursor", () => {
    const read = readList(
      answer({
        conversations: [{ conversationId: ID, updatedAt: "2026-10-01T09:04:05.000Z" }, {}],
        nextCursor: "2026-09-01T00:00:00.000Z",
      }),
    )!;
    expect(read.sessions).toEqual([{ key: ID, updatedAt: 1790845445000 }]);
    expect(list(null).path).toBe("/api/convos?sortBy=updatedAt&sortDirection=desc&limit=50");
    expect(list(read.next).path).toBe(`${list(null).path}&cursor=2026-09-01T00%3A00%3A00.000Z`);
  });

  it("pages by number on older servers, whose numbers may be strings", () => {
    const page = { conversations: [], pages: 3 };
    expect(readList(answer({ ...page, pageNumber: "2" }))!.next).toBe("pageNumber=3");
    expect(readList(answer({ ...page, pageNumber: 3 }))!.next).toBeNull();
    expect(readList(answer({ conversations: [], nextCursor: null }))!.next).toBeNull();
    expect(readList(answer({ message: "Unauthorized" }))).toBeNull();
  });

  it("loads the session's header, then its messages", () => {
    const first = load(ID, [])!;
    const second = load(ID, [answer({})])!;
    expect([first.path, first.tap]).toEqual([`/api/convos/${ID}`, "session"]);
    expect([second.path, second.tap]).toEqual([`/api/messages/${ID}`, "messages"]);
    expect(load(ID, [answer({}), answer([])])).toBeNull();
  });
});

describe("LibreChat's pages", () => {
  it("finds the session in the address", () => {
    const session = (path: string) => librechat.session(new URL(`https://c.example${path}`));
    expect(session(`/c/${ID}?a=1`)).toBe(ID);
    expect(session("/c/new")).toBeNull();
    expect(session("/share/abc")).toBeNull();
  });

  it("tells its configuration from that of others", () => {
    const { isRecognised } = librechat.selfHosted!;
    expect(isRecognised({ appTitle: "LibreChat", emailLoginEnabled: true })).toBe(true);
    expect(isRecognised({ status: true, name: "Open WebUI", version: "0.6.5" })).toBe(false);
    expect(isRecognised({ healthy: true, version: "1.0.0" })).toBe(false);
    expect(isRecognised("OK")).toBe(false);
  });
});
