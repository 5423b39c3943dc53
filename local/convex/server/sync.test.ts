import { BaseConvexClient, ConvexClient, ConvexHttpClient } from "convex/browser";
import { ConvexReactClient } from "convex/react";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually, Fixture, notes, type RawSocket } from "./testing.ts";

let fixture: Fixture;
let patient: RawSocket;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  fixture = await Fixture.pushed();
  patient = await fixture.socket();
  patient.connect("patient");
}, 120_000);
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});
afterAll(() => fixture.close());

const options = { logger: false, unsavedChangesWarning: false } as const;
const http = () => new ConvexHttpClient(fixture.convex.url, { logger: false });

function live(extra: ConstructorParameters<typeof ConvexClient>[1] = {}): ConvexClient {
  const client = new ConvexClient(fixture.convex.url, { ...options, ...extra });
  closers.push(() => client.close());
  return client;
}

async function raw(): Promise<RawSocket> {
  const socket = await fixture.socket();
  closers.push(async () => socket.close());
  return socket;
}

/** All results that a live query has given. */
function watch<T = string[]>(
  client: ConvexClient,
  query: Parameters<ConvexClient["onUpdate"]>[0],
  args: object,
) {
  const seen: T[] = [];
  const errors: Error[] = [];
  client.onUpdate(
    query,
    args,
    (value) => seen.push(value as T),
    (error) => errors.push(error),
  );
  return { seen, errors };
}

const note = (room: string, text: string, order = 1) => ({ room, text, order });

describe("ConvexClient", () => {
  it("sees what others write, and its own writes before its mutation resolves", async () => {
    const client = live();
    const { seen } = watch(client, notes.list, { room: "live" });
    await eventually(() => seen).toEqual([[]]);
    await http().mutation(notes.add, note("live", "other's"));
    await eventually(() => seen).toEqual([[], ["other's"]]);
    await client.mutation(notes.add, note("live", "own", 2));
    expect(seen.at(-1)).toEqual(["other's", "own"]);
  });

  it("runs mutations in the order in which they were called", async () => {
    const client = live();
    const texts = Array.from({ length: 30 }, (_, index) => `${index}`);
    const calls = texts.map((text) => client.mutation(notes.add, note("order", text)));
    await Promise.all(calls);
    expect(await http().query(notes.list, { room: "order" })).toEqual(texts);
  });

  it("runs actions, and hears of errors with their data", async () => {
    const client = live();
    expect(await client.action(notes.addTwice, note("action", "x"))).toHaveLength(2);
    await expect(client.mutation(notes.refuse, { room: "action" })).rejects.toMatchObject({
      data: { code: "refused", count: 7n },
    });
    const { errors } = watch(client, notes.list, { wrong: true });
    await eventually(() => errors).toHaveLength(1);
  });

  it("pages without gap or duplicate while someone inserts into the first page", async () => {
    const all = ["b", "c", "d", "e"];
    for (const [order, text] of all.entries()) {
      await http().mutation(notes.add, note("pages", text, order));
    }
    const client = live();
    type Pages = { results: { text: string }[]; status: string; loadMore(count: number): boolean };
    const seen: Pages[] = [];
    client.onPaginatedUpdate_experimental(
      notes.page,
      { room: "pages" },
      { initialNumItems: 2 },
      (value) => seen.push(value as unknown as Pages),
      (error) => expect.unreachable(error.message),
    );
    const texts = () => seen.at(-1)?.results.map(({ text }) => text);
    await eventually(texts).toEqual(["b", "c"]);
    seen.at(-1)?.loadMore(2);
    await eventually(texts).toEqual(all);
    await http().mutation(notes.add, note("pages", "a", -1));
    await eventually(texts).toEqual(["a", ...all]);
    await http().mutation(notes.add, note("pages", "b½", 0.5));
    await eventually(texts).toEqual(["a", "b", "b½", "c", "d", "e"]);
  });

  it("gets results above 5 MB in parts", async () => {
    const length = 6_000_000;
    const { seen } = watch<string>(live(), notes.large, { length });
    await eventually(() => seen[0]?.length).toBe(length);
    const socket = await raw();
    socket.connect("chunks", { path: "notes:large", args: { length } });
    expect(await socket.next()).toMatchObject({
      type: "TransitionChunk",
      partNumber: 0,
      totalParts: 2,
    });
    expect(await socket.next()).toMatchObject({ type: "TransitionChunk", partNumber: 1 });
  });

  it("is told that arguments above 16 MiB are too large, and stays connected", async () => {
    const client = live();
    const text = "x".repeat(17 * 1024 * 1024);
    await expect(client.mutation(notes.add, note("large", text))).rejects.toThrow(
      /larger than 16 MiB/,
    );
    await client.mutation(notes.add, note("large", "small"));
  });

  it("runs live queries again when the environment changes", async () => {
    const { seen } = watch<string | null>(live(), notes.secret, {});
    await eventually(() => seen).toEqual([null]);
    const { code } = await fixture.cli(["env", "set", "SECRET", "42"]);
    expect(code).toBe(0);
    await eventually(() => seen).toEqual([null, "42"]);
  });
});

describe("ConvexReactClient", () => {
  it("never shows an optimistic update beside its own result", async () => {
    const client = new ConvexReactClient(fixture.convex.url, options);
    closers.push(() => client.close());
    const room = "optimistic";
    const query = client.watchQuery(notes.list, { room });
    const seen: string[][] = [];
    const stop = query.onUpdate(() => seen.push(query.localQueryResult() as string[]));
    closers.push(async () => stop());
    await eventually(() => seen).toEqual([[]]);
    const add = (text: string) =>
      client.mutation(notes.add, note(room, text), {
        optimisticUpdate: (store, args) => {
          const list = store.getQuery(notes.list, { room }) as string[] | undefined;
          store.setQuery(notes.list, { room }, [...(list ?? []), (args as { text: string }).text]);
        },
      });
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    await Promise.all(texts.map(add));
    expect(seen.at(-1)).toEqual(texts);
    for (const list of seen) expect(list).toEqual(texts.slice(0, list.length));
    const lengths = seen.map(({ length }) => length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  });
});

describe("a Transition", () => {
  it("shows all queries at one snapshot while others write", async () => {
    const room = "snapshot";
    const watchers = [0, 1, 2, 3, 4];
    const seen: (number | undefined)[][] = [];
    const result = (watcher: number) =>
      client.localQueryResult("notes:count", { room, watcher }) as number | undefined;
    const client = new BaseConvexClient(
      fixture.convex.url,
      () => seen.push(watchers.map(result)),
      options,
    );
    closers.push(() => client.close());
    for (const watcher of watchers) client.subscribe("notes:count", { room, watcher });
    const writers = [1, 2, 3].map(http);
    await Promise.all(
      writers.map(async (writer) => {
        for (let order = 0; order < 15; order++) await writer.mutation(notes.add, note(room, "x"));
      }),
    );
    await eventually(() => seen.at(-1)).toEqual(watchers.map(() => 45));
    const whole = seen.filter((results) => !results.includes(undefined));
    for (const results of whole) expect(new Set(results).size).toBe(1);
    expect(whole.length).toBeGreaterThan(3);
  });

  it("follows every response, and leaves out results that did not change", async () => {
    const socket = await raw();
    socket.connect("quiet", { path: "notes:list", args: { room: "quiet" } });
    const first = await socket.next();
    expect(first).toMatchObject({ type: "Transition", modifications: [{ type: "QueryUpdated" }] });
    socket.send({
      type: "Mutation",
      requestId: 1,
      udfPath: "notes:add",
      args: [note("loud", "x")],
    });
    const response = await socket.next();
    expect(response).toMatchObject({ type: "MutationResponse", success: true, requestId: 1 });
    const second = await socket.next();
    expect(second).toMatchObject({ type: "Transition", modifications: [] });
    expect(second.startVersion).toEqual(first.endVersion);
    const { ts } = second.endVersion as { ts: string };
    expect(nanoseconds(ts)).toBeGreaterThanOrEqual(nanoseconds(response.ts as string));
  });

  it("drops a query that is no longer wanted", async () => {
    const socket = await raw();
    socket.connect("drop", { path: "notes:list", args: { room: "drop" } });
    await socket.next();
    const modifications = [{ type: "Remove", queryId: 0 }];
    socket.send({ type: "ModifyQuerySet", baseVersion: 1, newVersion: 2, modifications });
    expect(await socket.next()).toMatchObject({
      modifications: [{ type: "QueryRemoved", queryId: 0 }],
      endVersion: { querySet: 2 },
    });
  });
});

describe("a resent mutation", () => {
  it("runs once and gets the same answer, also on another socket", async () => {
    const message = {
      type: "Mutation",
      requestId: 7,
      udfPath: "notes:add",
      args: [note("resent", "once")],
    };
    const answers: unknown[] = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      const socket = await raw();
      socket.connect("resending-session");
      await socket.next();
      socket.send(message);
      answers.push((await socket.next()).result);
      socket.close();
      await socket.closed;
    }
    expect(answers[1]).toBe(answers[0]);
    expect(await http().query(notes.list, { room: "resent" })).toEqual(["once"]);
  });
});

describe("sign-in on a live connection", () => {
  it("shows who it is, and nobody after signing out", async () => {
    const socket = await raw();
    socket.connect("sign-in", { path: "notes:whoAmI", args: {} });
    expect(await socket.next()).toMatchObject({ modifications: [{ value: null }] });
    const value = await fixture.token("ada");
    socket.send({ type: "Authenticate", tokenType: "User", value, baseVersion: 0 });
    expect(await socket.next()).toMatchObject({
      modifications: [{ value: { subject: "ada" } }],
      endVersion: { identity: 1 },
    });
    socket.send({ type: "Authenticate", tokenType: "None", baseVersion: 1 });
    expect(await socket.next()).toMatchObject({
      modifications: [{ value: null }],
      endVersion: { identity: 2 },
    });
  });

  it("stays signed in over tokens that live for seconds", async () => {
    const client = live({ authRefreshTokenLeewaySeconds: 3 });
    let fetches = 0;
    const changes: boolean[] = [];
    client.setAuth(
      () => {
        fetches += 1;
        return fixture.token("ada", 4);
      },
      (isAuthenticated) => changes.push(isAuthenticated),
    );
    const { seen } = watch<{ subject: string } | null>(client, notes.whoAmI, {});
    await eventually(() => fetches).toBeGreaterThan(5);
    expect(new Set(changes)).toEqual(new Set([true]));
    expect(seen.every((identity) => identity?.subject === "ada")).toBe(true);
  });

  it("ends when the token expires and no new one comes", async () => {
    const socket = await raw();
    socket.connect("expiring");
    await socket.next();
    // Within the tolerance of five seconds, so that there are about four left.
    const value = await fixture.token("ada", -1);
    socket.send({ type: "Authenticate", tokenType: "User", value, baseVersion: 0 });
    expect(await socket.next()).toMatchObject({ endVersion: { identity: 1 } });
    expect(await socket.next()).toMatchObject({
      type: "AuthError",
      baseVersion: 1,
      authUpdateAttempted: false,
    });
    await socket.closed;
  });

  it("is refused with a forged token, and the client says so", async () => {
    const client = live();
    const changes: boolean[] = [];
    client.setAuth(
      async () => "forged",
      (isAuthenticated) => changes.push(isAuthenticated),
    );
    const { seen } = watch(client, notes.whoAmI, {});
    await eventually(() => changes).toContain(false);
    expect(changes).not.toContain(true);
    await eventually(() => seen).toEqual([null]);
  });

  it("answers a forged token with an AuthError of the attempt", async () => {
    const socket = await raw();
    socket.connect("forged");
    await socket.next();
    socket.send({ type: "Authenticate", tokenType: "User", value: "forged", baseVersion: 0 });
    expect(await socket.next()).toMatchObject({
      type: "AuthError",
      baseVersion: 0,
      authUpdateAttempted: true,
    });
    await socket.closed;
  });

  it("takes the admin key, and lets it act as someone", async () => {
    const socket = await raw();
    socket.connect("admin", { path: "notes:whoAmI", args: {} });
    await socket.next();
    const claims = { subject: "grace", issuer: "test" };
    const admin = { type: "Authenticate", tokenType: "Admin", impersonating: claims };
    socket.send({ ...admin, value: fixture.convex.adminKey, baseVersion: 0 });
    expect(await socket.next()).toMatchObject({ modifications: [{ value: claims }] });
    socket.send({ ...admin, value: "wrong", baseVersion: 1 });
    expect(await socket.next()).toMatchObject({ type: "AuthError" });
  });
});

describe("a client that breaks the protocol", () => {
  const version = { baseVersion: 5, newVersion: 6, modifications: [] };
  it.each([
    ["no JSON", "nonsense"],
    ["an unknown type", { type: "Surprise" }],
    ["another version of the query set", { type: "ModifyQuerySet", ...version }],
    [
      "another version of the identity",
      { type: "Authenticate", tokenType: "None", baseVersion: 5 },
    ],
    ["a second Connect", { type: "Connect", sessionId: "x" }],
    [
      "a component",
      { type: "Mutation", requestId: 0, udfPath: "a:b", args: [{}], componentPath: "workflow" },
    ],
  ])("is told and cut off: %s", async (_name, message) => {
    const socket = await raw();
    socket.connect("breaking");
    await socket.next();
    socket.send(message as object);
    expect(await socket.next()).toMatchObject({ type: "FatalError", error: expect.any(String) });
    await socket.closed;
  });

  it("is told when it has seen newer data than there can be", async () => {
    const socket = await raw();
    const future = Buffer.alloc(8);
    future.writeBigUInt64LE(BigInt(Date.now() + 3_600_000) * 1_000_000n);
    socket.send({
      type: "Connect",
      sessionId: "x",
      maxObservedTimestamp: future.toString("base64"),
    });
    expect(await socket.next()).toMatchObject({
      type: "FatalError",
      error: expect.stringMatching(/clock/),
    });
  });
});

it("pings a silent client within its patience", async () => {
  const pings = () => patient.frames.filter(({ type }) => type === "Ping").length;
  await eventually(pings).toBeGreaterThan(0);
});

function nanoseconds(encoded: string): bigint {
  return Buffer.from(encoded, "base64").readBigUInt64LE();
}
