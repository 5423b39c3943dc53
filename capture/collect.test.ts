import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { ObservationChunk } from "../utils/messages";
import { createCollector, type Collector } from "./collect";
import { MAX_PIECE_CHARS } from "./limits";

const ORIGIN = "http://127.0.0.1:4096";
const sender = { tabId: 1, origin: ORIGIN };
const head = {
  tap: "opencode/messages",
  url: `${ORIGIN}/session/ses_1/message`,
  method: "GET",
  status: 200,
  isTruncated: false,
  request: 0,
  pageUrl: `${ORIGIN}/`,
};

const hostsOf = (tap: string) => (tap === "opencode/elsewhere" ? "^api\\.example$" : undefined);
const { request: none, ...told } = head;
expect(none).toBe(0);

let clock = 0;
let collector: Collector;
beforeEach(() => {
  clock = 1_000_000;
  collector = createCollector({ now: () => clock, hostsOf });
});

function chunk(index: number, count: number, text: string, id = "observation-1"): ObservationChunk {
  return { id, index, isLast: index === count - 1, text, ...(index === 0 ? { head } : {}) };
}

it("puts chunks together", () => {
  expect(collector.add(sender, chunk(0, 3, "a"))).toEqual({ kind: "waiting" });
  expect(collector.add(sender, chunk(1, 3, "b"))).toEqual({ kind: "waiting" });
  expect(collector.add(sender, chunk(2, 3, "c"))).toEqual({
    kind: "complete",
    observation: { ...told, body: "abc" },
  });
});

it("parts the request's body from the answer's", () => {
  collector.add(sender, { ...chunk(0, 2, "asked ans"), head: { ...head, request: 6 } });
  expect(collector.add(sender, chunk(1, 2, "wered"))).toEqual({
    kind: "complete",
    observation: { ...told, request: "asked ", body: "answered" },
  });
});

it("takes from another host what each of its taps names, and nothing else", () => {
  const from = (tap: string, url: string) =>
    collector.add(sender, { ...chunk(0, 1, "a"), head: { ...head, tap, url } }).kind;
  expect(from("opencode/elsewhere", "https://api.example/x")).toBe("complete");
  expect(from("opencode/elsewhere", "https://other.example/x")).toBe("refused");
  expect(from("opencode/messages", "https://api.example/x")).toBe("refused");
  expect(from("opencode/elsewhere opencode/messages", "https://api.example/x")).toBe("refused");
});

it("keeps tabs, origins and observations apart", () => {
  const other = { tabId: 2, origin: ORIGIN };
  collector.add(sender, chunk(0, 2, "a"));
  collector.add(other, chunk(0, 2, "x"));
  collector.add(sender, chunk(0, 2, "1", "observation-2"));
  expect(collector.add(other, chunk(1, 2, "y"))).toMatchObject({ observation: { body: "xy" } });
  expect(collector.add(sender, chunk(1, 2, "2", "observation-2"))).toMatchObject({
    observation: { body: "12" },
  });
  expect(collector.add(sender, chunk(1, 2, "b"))).toMatchObject({ observation: { body: "ab" } });
});

it("gives whole bodies only, whatever order and repetition a dying worker makes", () => {
  const body = ["first ", "second ", "third ", "fourth"];
  const sends = fc.array(fc.oneof(fc.nat(3), fc.constant("restart" as const)), { maxLength: 60 });
  fc.assert(
    fc.property(sends, (steps) => {
      let live = createCollector({ now: () => 0, hostsOf });
      for (const step of [...steps, 0, 1, 2, 3]) {
        if (step === "restart") {
          live = createCollector({ now: () => 0, hostsOf });
          continue;
        }
        const collected = live.add(sender, chunk(step, 4, body[step]!));
        if (collected.kind === "complete") expect(collected.observation.body).toBe(body.join(""));
      }
      for (const index of [0, 1, 2]) live.add(sender, chunk(index, 4, body[index]!));
      expect(live.add(sender, chunk(3, 4, body[3]!)).kind).toBe("complete");
    }),
  );
});

describe("refuses what no content script of ours sends", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["text", "chunk"],
    ["a chunk without an id", { ...chunk(0, 1, "a"), id: "" }],
    ["a first chunk without a head", { ...chunk(0, 1, "a"), head: undefined }],
    ["a head in a later chunk", { ...chunk(1, 2, "a"), head }],
    ["a negative index", { ...chunk(0, 1, "a"), index: -1 }],
    ["a text that is too long", chunk(0, 1, "x".repeat(MAX_PIECE_CHARS + 1))],
    ["a field too many", { ...chunk(0, 1, "a"), owner: "user_2" }],
    [
      "an address of another origin",
      { ...chunk(0, 1, "a"), head: { ...head, url: "https://chat.example/session" } },
    ],
    [
      "an address with another port",
      { ...chunk(0, 1, "a"), head: { ...head, url: "http://127.0.0.1:4097/session" } },
    ],
    [
      "a page of another origin",
      { ...chunk(0, 1, "a"), head: { ...head, pageUrl: "https://chat.example/" } },
    ],
    ["an address that is none", { ...chunk(0, 1, "a"), head: { ...head, url: "session" } }],
  ])("%s", (_, value) => {
    expect(collector.add(sender, value)).toEqual({ kind: "refused" });
  });

  it("whatever it is", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(collector.add(sender, value)).toEqual({ kind: "refused" });
      }),
    );
  });
});

describe("budgets", () => {
  const large = "x".repeat(MAX_PIECE_CHARS);

  it("end an observation longer than the cap", () => {
    const kinds = Array.from(
      { length: 140 },
      (_, index) => collector.add(sender, chunk(index, 200, large)).kind,
    );
    expect(kinds.slice(0, 128)).not.toContain("incomplete");
    expect(kinds.at(-1)).toBe("incomplete");
  });

  it("hold how much an origin begins, and not what others do", () => {
    const kinds = Array.from(
      { length: 100 },
      (_, at) => collector.add(sender, chunk(0, 2, "a", `observation-${at}`)).kind,
    );
    expect(kinds.filter((kind) => kind === "waiting").length).toBeLessThan(70);
    expect(
      collector.add(
        { tabId: 9, origin: "http://localhost:1" },
        {
          ...chunk(0, 2, "a"),
          head: { ...head, url: "http://localhost:1/", pageUrl: "http://localhost:1/" },
        },
      ).kind,
    ).toBe("waiting");
  });

  it("hold how much an origin sends in a minute", () => {
    let accepted = 0;
    for (let at = 0; at < 4_000; at += 1) {
      if (collector.add(sender, chunk(0, 1, large, `observation-${at}`)).kind === "complete")
        accepted += 1;
    }
    expect(accepted).toBe(2_048);
    clock += 60_000;
    expect(collector.add(sender, chunk(0, 1, large)).kind).toBe("complete");
  });

  it("forget what is not finished within a minute", () => {
    collector.add(sender, chunk(0, 2, "a"));
    clock += 60_001;
    expect(collector.add(sender, chunk(1, 2, "b"))).toEqual({ kind: "incomplete" });
  });
});
