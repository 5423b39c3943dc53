import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PageMessage } from "../../agents/shared/page-reading";
import { Gathering } from "./gather";

const long = (at: number) => `message ${at} of a chat`;

function session(length: number, hasIds: boolean): PageMessage[] {
  return Array.from({ length }, (_, at) => ({
    role: at % 2 === 0 ? "user" : "assistant",
    text: long(at),
    ...(hasIds ? { id: `id-${at}` } : {}),
  }));
}

function look(messages: PageMessage[], side: "above" | "below" = "above", isLastRough = false) {
  return { messages, side, isLastRough };
}

const textsOf = (gathering: Gathering) => gathering.messages.map(({ text }) => text);

describe.each([
  ["with ids", true],
  ["without ids", false],
])("gathering a session %s", (_, hasIds) => {
  const all = session(12, hasIds);

  it("puts what is mounted above and below around what it has", () => {
    const gathering = new Gathering();
    gathering.take(look(all.slice(5, 8)));
    gathering.take(look(all.slice(3, 6)));
    gathering.take(look(all.slice(7, 10)));
    expect(gathering.messages).toEqual(all.slice(3, 10));
  });

  it("says that nothing is new when nothing is", () => {
    const gathering = new Gathering();
    expect(gathering.take(look(all.slice(0, 4)))).toBe(true);
    expect(gathering.take(look(all.slice(1, 3)))).toBe(false);
    expect(gathering.take(look([...all.slice(0, 4)].map((message) => ({ ...message }))))).toBe(
      false,
    );
    expect(gathering.take(look([]))).toBe(false);
  });

  it("fills what a jump left out", () => {
    const gathering = new Gathering();
    gathering.take(look(all.slice(8)));
    gathering.take(look(all.slice(0, 3), "above"));
    gathering.take(look(all.slice(2, 6), "below"));
    gathering.take(look(all.slice(5, 9), "below"));
    expect(gathering.messages).toEqual(all);
  });

  it("never replaces a fuller text by a poorer one", () => {
    const gathering = new Gathering();
    gathering.take(look(all));
    const poorer = all.map((message) => ({ ...message, text: message.text.slice(0, -4) }));
    expect(gathering.take(look(poorer))).toBe(false);
    expect(gathering.messages).toEqual(all);
  });

  it("takes the settled text of an answer, shorter or not, for the one that was being written", () => {
    const gathering = new Gathering();
    const [prompt, answer] = all as [PageMessage, PageMessage];
    gathering.take(look([prompt, { ...answer, text: `${answer.text} and more` }], "below", true));
    expect(gathering.take(look([prompt, answer]))).toBe(true);
    expect(textsOf(gathering)).toEqual([prompt.text, answer.text]);
  });

  it("follows the page to another branch", () => {
    const gathering = new Gathering();
    gathering.take(look(all.slice(0, 6)));
    const other: PageMessage = { role: "user", text: "Something else", ...(hasIds && { id: "x" }) };
    gathering.take(look([all[0]!, all[1]!, other]));
    expect(textsOf(gathering)).toEqual([long(0), long(1), "Something else"]);
  });

  it("ends in the page's order whichever windows come, each of which overlaps the last", () => {
    const window = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 4, max: 6 }));
    fc.assert(
      fc.property(fc.nat(8), fc.array(window, { maxLength: 20 }), (start, steps) => {
        const gathering = new Gathering();
        let [top, low, high] = [start, start, Math.min(12, start + 4)];
        gathering.take(look(all.slice(top, top + 4)));
        for (const [step, size] of steps) {
          const next = Math.max(0, Math.min(8, top + step));
          gathering.take(look(all.slice(next, next + size), next < top ? "above" : "below"));
          top = next;
          [low, high] = [Math.min(low, next), Math.max(high, Math.min(12, next + size))];
        }
        expect(gathering.messages).toEqual(all.slice(low, high));
      }),
    );
  });
});

it("tells equal prompts apart by what stands around them", () => {
  const gathering = new Gathering();
  const again = (at: number): PageMessage[] => [
    { role: "user", text: "go on" },
    { role: "assistant", text: long(at) },
  ];
  const all = [1, 2, 3, 4].flatMap(again);
  gathering.take(look(all.slice(4)));
  gathering.take(look(all.slice(1, 6)));
  gathering.take(look(all.slice(0, 3)));
  expect(gathering.messages).toEqual(all);
});
