import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alike, createAsks, ownAddress, secondsOf, type Asks, type Sent } from "./asks";
import type { Body } from "./pieces";
import type { Ask } from "./seal";

const ORIGIN = "https://chat.example";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an address", () => {
  const cookies = "a=1; org=x%2Fy; odd=100%; lastOrg=abc";

  it.each([
    ["/api/list?limit=1", "/api/list?limit=1"],
    ["/api/{lastOrg}/list", "/api/abc/list"],
    ["/api/{org}/{a}", "/api/x%2Fy/1"],
    ["/api/{odd}", "/api/100%25"],
  ])("%s is on the page's own origin", (path, expected) => {
    expect(ownAddress(path, ORIGIN, cookies)).toBe(ORIGIN + expected);
  });

  it.each(["/api/{missing}", "//other.example/x", "https://other.example/", "javascript:alert(1)"])(
    "%s is not asked",
    (path) => {
      expect(ownAddress(path, ORIGIN, cookies)).toBeNull();
    },
  );
});

it("replaces everywhere in address and body, and never the host", () => {
  const sent: Sent = { url: `${ORIGIN}/rpc?id=1&x=id=1`, method: "POST", body: '["id=1"]' };
  expect(alike(sent, [{ pattern: "id=(\\d)", with: "id=2$1" }])).toEqual({
    url: `${ORIGIN}/rpc?id=21&x=id=21`,
    method: "POST",
    body: '["id=21"]',
  });
  expect(alike(sent, [{ pattern: "chat\\.example", with: "evil.example" }])).toBeNull();
  expect(alike(sent, [{ pattern: "^https://", with: "not an address " }])).toBeNull();
});

it.each([
  ["7", 7],
  ["Sat, 21 Nov 2026 12:01:30 GMT", 90],
  ["Sat, 21 Nov 2026 11:00:00 GMT", 0],
  ["soon", null],
  [null, null],
])("reads the Retry-After %s as %s seconds", (header, seconds) => {
  expect(secondsOf(header, Date.UTC(2026, 10, 21, 12))).toBe(seconds);
});

describe("asking", () => {
  let posted: Ask[];
  let hasTap: boolean;
  let asks: Asks;

  beforeEach(() => {
    posted = [];
    hasTap = true;
    asks = createAsks({
      lastOf: () => undefined,
      post: (ask) => hasTap && posted.push(ask) > 0,
      cookies: () => "",
      origin: ORIGIN,
      now: () => 0,
    });
  });

  function answerTo(ask: number, text: string, status = 200): Body {
    const head = { rules: [], url: `${ORIGIN}/x`, method: "GET", status, request: 0, ask };
    return { head, texts: [text], chars: text.length, isTruncated: false };
  }

  const wish = (path: string) => ({ agent: "a", method: "GET" as const, path });

  it("sends one at a time", async () => {
    const answers = [asks.page(wish("/one")), asks.page(wish("/two"))];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(posted.map(({ url }) => url)).toEqual([`${ORIGIN}/one`]);
    asks.answer(answerTo(posted[0]!.ask, "first"));
    await vi.advanceTimersByTimeAsync(0);
    asks.answer(answerTo(posted[1]!.ask, "second"));
    expect((await Promise.all(answers)).map((answer) => answer?.body)).toEqual(["first", "second"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("answers nothing after a minute, when nobody answers, and without a tap", async () => {
    const answers = [asks.page(wish("/one")), asks.page(wish("/two"))];
    await vi.advanceTimersByTimeAsync(66_000);
    asks.answer(answerTo(posted[1]!.ask, "", 0));
    hasTap = false;
    expect(await Promise.all([...answers, asks.page(wish("/three"))])).toEqual([null, null, null]);
    asks.answer(answerTo(posted[0]!.ask, "too late"));
    expect(posted).toHaveLength(2);
  });
});
