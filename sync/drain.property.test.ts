// @vitest-environment node
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { openDatabase, type SyncDatabase } from "./database";
import type { Drain } from "./drain";
import { addCaptured, type Batch, countOutbox } from "./outbox";
import { unparkAll } from "./settle";
import { captured, message } from "./testing/readings";
import { MemoryServer } from "./testing/server";
import { World } from "./testing/worker";
import { trouble } from "./troubles";
import type { Outcome } from "./upload";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });

const people = ["user_me", "user_you"] as const;
const sessions = ["s1", "s2"] as const;
const keys = ["1", "2", "3"] as const;

/**
 * How one call to Convex goes. `overtaken`: a newer version is captured while it is on its way. `lost`: it arrives, and the answer does
 * not. `dies…`: the worker is killed in the middle.
 */
const calls = ["works", "overtaken", "fails", "lost", "diesBefore", "diesAfter", "breaks"] as const;
type Call = (typeof calls)[number];

type Action =
  | { kind: "add"; owner: string; session: string; key: string; state: "partial" | "final" }
  | { kind: "drain"; calls: Call[] }
  | { kind: "signIn"; person: string | null }
  | { kind: "refuse"; keys: string[] }
  | { kind: "retryRefused" };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      owner: fc.constantFrom(...people),
      session: fc.constantFrom(...sessions),
      key: fc.constantFrom(...keys),
      state: fc.constantFrom("partial" as const, "final" as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("drain" as const),
      calls: fc.array(fc.constantFrom(...calls), { maxLength: 4 }),
    }),
  },
  fc.record({
    kind: fc.constant("signIn" as const),
    person: fc.constantFrom(...people, null),
  }),
  fc.record({ kind: fc.constant("refuse" as const), keys: fc.subarray([...keys]) }),
  fc.constant({ kind: "retryRefused" as const }),
);

const later = (isFunctionError: boolean): Outcome => ({
  kind: "later",
  trouble: trouble("unexpected", 0),
  isFunctionError,
});

/** The extension and Convex, with everything that may go wrong between them in the test's hands. */
class Run {
  readonly world = new World();
  readonly server = new MemoryServer();
  /** What Convex must end with. */
  readonly expected = new Map<string, { text: string; state: string }>();
  /** Ids of messages in the order in which each first waited. */
  readonly order: string[] = [];
  #calls: Call[] = [];
  #versions = 0;
  #die: () => void = () => undefined;

  constructor(
    public database: SyncDatabase,
    public drain: Drain | null = null,
  ) {
    this.#start();
  }

  #start(): void {
    this.drain = this.world.startWorker(
      () => Promise.resolve(this.database),
      (_url, batch) => this.#upload(batch),
    );
  }

  async #upload(batch: Batch): Promise<Outcome> {
    expect(batch.owner).toBe(this.world.person);
    const call = this.#calls.shift() ?? "works";
    if (call === "fails" || call === "breaks") return later(call === "breaks");
    if (call === "diesBefore") return this.#dead();
    const results = this.server.record(batch);
    if (call === "diesAfter") return this.#dead();
    if (call === "lost") return later(false);
    const { owner, session, rows } = batch;
    if (call === "overtaken" && rows[0]) {
      await this.add({ kind: "add", owner, session, key: rows[0].key, state: "final" });
    }
    return { kind: "stored", results };
  }

  #dead(): Promise<never> {
    this.#die();
    return new Promise(() => undefined);
  }

  /** Lets a worker drain until it is done or killed; then the next one starts. */
  async drainOnce(upcoming: Call[]): Promise<void> {
    this.#calls = [...upcoming];
    this.world.now += 60 * 60_000;
    const death = new Promise<"dead">((resolve) => (this.#die = () => resolve("dead")));
    const end = await Promise.race([this.drain!.wake(), death]);
    if (end !== "dead") return;
    this.database = await openDatabase();
    this.#start();
  }

  async add({ owner, session, key, state }: Extract<Action, { kind: "add" }>): Promise<void> {
    const text = `version ${(this.#versions += 1)}`;
    const id = `${owner}/${session}/${key}`;
    const known = this.expected.get(id);
    if (!known) this.order.push(id);
    if (known?.state !== "final" || state === "final") this.expected.set(id, { text, state });
    const reading = captured(session, [message(key, text, state)], { title: text });
    await addCaptured(this.database, owner, this.world.deployment, reading);
  }

  async act(next: Action): Promise<void> {
    if (next.kind === "add") return this.add(next);
    if (next.kind === "drain") return this.drainOnce(next.calls);
    if (next.kind === "signIn") this.world.person = next.person;
    if (next.kind === "retryRefused" && this.world.person) {
      await unparkAll(this.database, this.world.person);
    }
    if (next.kind !== "refuse") return;
    this.server.refuses.clear();
    for (const key of next.keys) this.server.refuses.add(key);
  }

  /** Everything works again, and each person comes back. */
  async settle(): Promise<void> {
    this.server.refuses.clear();
    for (const person of people) {
      this.world.person = person;
      await unparkAll(this.database, person);
      await this.drainOnce([]);
    }
  }
}

async function start(): Promise<Run> {
  globalThis.indexedDB = new IDBFactory();
  return new Run(await openDatabase());
}

describe("whatever happens between capture and Convex", () => {
  it("loses nothing, and never sends in another person's name", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const run = await start();
        for (const next of actions) await run.act(next);
        await run.settle();
        const stored = [...run.server.messages].map(([id, { text, state }]) => [
          id,
          { text, state },
        ]);
        expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(run.expected));
        expect(await countOutbox(run.database, null)).toMatchObject({ waitingForOthers: 0 });
      }),
      { numRuns: 150 },
    );
  });

  it("sends each session's messages in the order in which they came", async () => {
    const orderly = action.filter(({ kind }) => kind === "add" || kind === "drain");
    const reliable: Call[] = ["works", "overtaken", "fails", "lost", "diesBefore", "diesAfter"];
    await fc.assert(
      fc.asyncProperty(fc.array(orderly, { maxLength: 40 }), async (actions) => {
        const run = await start();
        for (const next of actions) {
          if (next.kind === "drain") {
            await run.drainOnce(next.calls.filter((call) => reliable.includes(call)));
          } else await run.act(next);
        }
        await run.settle();
        const first = [...new Set(run.server.arrivals)];
        for (const owner of people) {
          for (const session of sessions) {
            const ofSession = (id: string) => id.startsWith(`${owner}/${session}/`);
            expect(first.filter(ofSession)).toEqual(run.order.filter(ofSession));
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
