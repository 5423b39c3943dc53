import fc from "fast-check";
import { expect, test } from "vitest";
import { api } from "./_generated/api";
import { message, openBackend, readMessages, session, signIn, text } from "./test.setup";

const KEYS = 6;

/** One reading of one message: how much of it had arrived, or all of it. */
type Reading = { key: number; version: number; isFinal: boolean };

const aReading: fc.Arbitrary<Reading> = fc.record({
  key: fc.nat(KEYS - 1),
  version: fc.nat(3),
  isFinal: fc.boolean(),
});

const sent = ({ key, version, isFinal }: Reading) =>
  message({
    key: `m${key}`,
    position: key,
    state: isFinal ? "final" : "partial",
    parts: text(isFinal ? `all of ${key}` : `part ${version} of ${key}`),
  });

/** Batches of readings in any order and number, then every final reading once more at any place among them. */
const aHistory = fc
  .tuple(
    fc.array(aReading, { maxLength: 30 }),
    fc.shuffledSubarray(
      Array.from({ length: KEYS }, (_, key) => ({ key, version: 0, isFinal: true })),
      { minLength: KEYS },
    ),
    fc.infiniteStream(fc.nat(1_000)),
    fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
  )
  .map(([readings, finals, places, sizes]) => {
    const all = [...readings];
    for (const final of finals) all.splice(places.next().value % (all.length + 1), 0, final);
    const batches: Reading[][] = [];
    while (all.length > 0) batches.push(all.splice(0, sizes.next().value));
    return batches;
  });

test("any interleaving of partial, final, repeated and reordered readings ends with the final ones, once", async () => {
  await fc.assert(
    fc.asyncProperty(aHistory, fc.boolean(), async (batches, areAtOnce) => {
      const ann = await signIn(openBackend());
      const calls = batches.map((batch) => async () => {
        const list = await Promise.all(batch.map(sent));
        return await ann.mutation(api.sessions.record, { session: session(), messages: list });
      });
      if (areAtOnce) await Promise.all(calls.map((call) => call()));
      else for (const call of calls) await call();
      const stored = await ann.query(api.sessions.getByKey, { agent: "opencode", key: "s1" });
      const rows = await readMessages(ann, stored!.id);
      expect(stored!.messageCount).toBe(KEYS);
      expect(rows.map(({ key, state, parts }) => ({ key, state, parts }))).toEqual(
        Array.from({ length: KEYS }, (_, key) => ({
          key: `m${key}`,
          state: "final",
          parts: text(`all of ${key}`),
        })),
      );
    }),
    { numRuns: 60 },
  );
}, 60_000);
