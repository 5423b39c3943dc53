/** Bodies as they should not be: cut, reordered, repeated, with garbage in them. A new agent needs no line here. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Agent, MessageReading, Observation, Reading } from "./agent";
import { agents } from "./index";
import { type Fixture, loadFixtures } from "./testing/fixtures";

const all = loadFixtures();

function tapOf(agent: Agent, fixture: Fixture) {
  return agent.taps.find((tap) => tap.id === fixture.observation.tap)!;
}

/** A body of the agent, cut anywhere, with something else in it, or no such body at all. */
function anyBody(bodies: string[]) {
  const body = fc.constantFrom(...bodies);
  return fc.oneof(
    fc.string(),
    fc.json(),
    body.chain((text) =>
      fc
        .tuple(fc.nat(text.length), fc.string({ maxLength: 3 }))
        .map(([at, extra]) => text.slice(0, at) + extra),
    ),
    body.chain((text) =>
      fc
        .tuple(fc.nat(text.length), fc.oneof(fc.string(), fc.json()))
        .map(([at, garbage]) => text.slice(0, at) + garbage + text.slice(at)),
    ),
    body.chain((text) =>
      fc
        .tuple(fc.nat(text.length), fc.json())
        .map(([at, json]) => text.slice(0, at).replace(/[^:]*$/, json) + text.slice(at)),
    ),
  );
}

/** The frames of a body, some of them missing, repeated, or in each other's place. */
function shuffledFrames(body: string) {
  const separator = body.includes("\n\n") ? "\n\n" : "\n";
  const frames = body.split(separator);
  const index = fc.nat(frames.length - 1);
  const change = fc.tuple(fc.constantFrom("drop", "repeat", "swap", "cut"), index);
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let next = frames;
    for (const [kind, at] of changes) {
      if (kind === "drop") next = next.toSpliced(at, 1);
      if (kind === "repeat") next = next.toSpliced(at, 0, next[at] ?? "");
      if (kind === "swap") next = next.toSpliced(at, 2, ...next.slice(at, at + 2).reverse());
      if (kind === "cut") next = next.slice(0, at);
    }
    return next.join(separator);
  });
}

/** What is stored after some readings: a final message is never replaced by a partial one. */
function storedAfter(readings: Reading[]): Map<string, MessageReading> {
  const stored = new Map<string, MessageReading>();
  for (const { session, messages } of readings) {
    for (const message of messages) {
      const id = `${session.key} ${message.key}`;
      if (message.state === "final" || stored.get(id)?.state !== "final") stored.set(id, message);
    }
  }
  return stored;
}

describe.each(agents.map((agent) => [agent.id, agent] as const))("%s", (id, agent) => {
  const own = all.filter((fixture) => fixture.agentId === id && tapOf(agent, fixture));
  const bodies = own.map((fixture) => fixture.observation.body);

  it("never throws, whatever comes", { timeout: 60_000 }, () => {
    if (own.length === 0) return;
    const anyUrl = fc.oneof(
      fc.webUrl(),
      fc.constantFrom(...own.map((fixture) => fixture.observation.url)),
    );
    const anyRequest = fc.option(anyBody(own.map((fixture) => fixture.observation.request ?? "")), {
      nil: undefined,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...agent.taps),
        anyBody(bodies),
        anyUrl,
        anyRequest,
        fc.boolean(),
        (tap, body, url, request, isTruncated) => {
          const head = { tap: tap.id, url, method: tap.method, status: 200, pageUrl: url };
          const observation: Observation = { ...head, body, request, isTruncated };
          for (const reading of tap.read(observation) ?? []) expect(reading.session.agent).toBe(id);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each(own.map((fixture) => [fixture.name, fixture] as const))(
    "ends in the right state after %s came damaged and then whole",
    { timeout: 60_000 },
    (_, fixture) => {
      const { observation } = fixture;
      const tap = tapOf(agent, fixture);
      const whole = tap.read(observation) ?? [];
      const sessions = new Set(whole.map(({ session }) => session.key));
      fc.assert(
        fc.property(shuffledFrames(observation.body), fc.boolean(), (body, isTruncated) => {
          const damaged = tap.read({ ...observation, body, isTruncated }) ?? [];
          if (sessions.size > 0) {
            for (const { session } of damaged) expect(sessions).toContain(session.key);
          }
          const stored = storedAfter([...damaged, ...whole]);
          for (const [key, message] of storedAfter(whole)) {
            if (message.state === "final") expect(stored.get(key)).toEqual(message);
          }
          // Nothing that the whole body does not have stays behind; on pages without ids a message is known by its words, and
          // words that were mixed up are another message (generic.test.ts holds that words which were cut are not).
          if (whole.length > 0 && agent.kind !== "any")
            expect([...stored.keys()].sort()).toEqual([...storedAfter(whole).keys()].sort());
        }),
        { numRuns: 50 },
      );
    },
  );
});
