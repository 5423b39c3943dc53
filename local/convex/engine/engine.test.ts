import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN, NOBODY, TestEngine } from "./testing.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.withFixture();
});
afterAll(() => engine.dispose());

async function groupSize(group: string): Promise<number> {
  const conditions = [{ type: "eq", field: "group", value: group }];
  const range = { index: "by_group", conditions };
  return ((await engine.query("items:list", { table: "items", range })) as unknown[]).length;
}

describe("functions", () => {
  test("what a mutation wrote, a query reads", async () => {
    const value = { group: "g", rank: 1 };
    const id = await engine.mutation("items:insert", { table: "items", value });
    expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{32}$/);
    const stored = await engine.query("items:get", { id });
    expect(stored).toEqual({ _id: id, _creationTime: expect.any(Number), ...value });
  });

  test("only the admin may call internal ones from outside", async () => {
    const refused = await engine.outcome("query", "items:hidden", {}, NOBODY);
    expect(refused).toMatchObject({ success: false });
    expect(JSON.stringify(refused)).toContain("Could not find public function for 'items:hidden'");
    expect(await engine.query("items:hidden", {}, ADMIN)).toBe("hidden");
    await expect(engine.query("items:nothing")).rejects.toThrow("Could not find public function");
    await expect(engine.query("items:insert", {})).rejects.toThrow("but it is defined as Mutation");
  });

  test("a path may name the module with or without .js", async () => {
    expect(await engine.query("items.js:hidden", {}, ADMIN)).toBe("hidden");
    expect(engine.engine.functionType("probes:act")).toBe("action");
    expect(engine.engine.functionType("items:list")).toBe("query");
    expect(engine.engine.functionType("items:nothing")).toBeNull();
  });

  test("arguments and return values must fit their validators, records too", async () => {
    await expect(engine.mutation("items:insert", { table: 5 })).rejects.toThrow(
      "ArgumentValidationError",
    );
    expect(await engine.query("probes:record", { counts: { a: 1 } })).toEqual({ a: 1 });
    await expect(engine.query("probes:record", { counts: { a: "1" } })).rejects.toThrow(
      /Path: \.counts\.a\nValue: a string/,
    );
    await expect(engine.query("probes:badReturn")).rejects.toThrow("ReturnsValidationError");
  });

  test("say who calls", async () => {
    const identity = { tokenIdentifier: "i|s", subject: "s", issuer: "i", email: "a@b.c" };
    expect(await engine.query("probes:identity", {}, { identity, isAdmin: false })).toEqual(
      identity,
    );
    expect(await engine.query("probes:identity")).toBeNull();
  });

  test("log lines come with the answer", async () => {
    expect((await engine.outcome("query", "probes:logs")).logLines).toEqual([
      "[LOG] 'hello' { a: 1 }",
      "[WARN] 'careful'",
    ]);
  });

  test("run their uninterrupted part first, whatever they call in it", async () => {
    expect(await engine.mutation("probes:order")).toEqual(["first part", "continuation"]);
  });

  test("can be called by a handle", async () => {
    expect(await engine.action("probes:handle")).toBe("hidden");
  });

  test("tell about themselves", async () => {
    const meta = (await engine.query("probes:meta")) as Record<string, unknown>;
    expect(meta.metadata).toMatchObject({
      name: "probes:meta",
      type: "query",
      visibility: "public",
    });
    expect(meta.metrics).toMatchObject({ documentsRead: { used: expect.any(Number) } });
    expect(typeof meta.ts).toBe("bigint");
  });
});

describe("errors", () => {
  test("what a failed mutation wrote is gone", async () => {
    await expect(engine.mutation("probes:throws")).rejects.toThrow("Uncaught Error: as asked");
    expect(await groupSize("thrown")).toBe(0);
  });

  test("a ConvexError keeps its data", async () => {
    const outcome = await engine.outcome("mutation", "probes:throwsData");
    expect(outcome).toMatchObject({
      success: false,
      errorData: { code: "nope", big: { $integer: "BQAAAAAAAAA=" } },
    });
    expect(await engine.action("probes:actThrows")).toEqual({ code: "nope", big: 5n });
  });

  test("stacks name the project's files, not the machine's", async () => {
    const outcome = await engine.outcome("mutation", "probes:throws");
    const message = outcome.success ? "" : outcome.errorMessage;
    expect(message).toContain("../convex/probes.js");
    expect(message).not.toMatch(/node_modules|file:\/\//);
  });
});

describe("determinism", () => {
  test("time stands still in a query and moves in an action", async () => {
    const clock = (await engine.query("probes:clock")) as { isFrozen: boolean; now: number };
    expect(clock).toMatchObject({ isFrozen: true, year: 1970 });
    expect(Math.abs(clock.now - Date.now())).toBeLessThan(5000);
    expect(await engine.action("probes:act", { group: "act" })).toEqual({
      group: "act",
      hasMoved: true,
    });
  });

  test("every call draws its own random numbers", async () => {
    const [first, second] = (await engine.query("probes:random")) as number[];
    expect(first).not.toBe(second);
    expect(await engine.query("probes:random")).not.toEqual([first, second]);
  });

  test("no fetch and no timers in queries and mutations", async () => {
    await expect(engine.query("probes:fetches")).rejects.toThrow("Can't use fetch()");
    await expect(engine.mutation("probes:waits")).rejects.toThrow("Can't use setTimeout()");
  });

  test("crypto works, and its bytes are bytes to the function", async () => {
    const { digest, uuid, isBuffer } = (await engine.query("probes:crypto_", { text: "x" })) as {
      digest: ArrayBuffer;
      uuid: string;
      isBuffer: boolean;
    };
    expect(isBuffer).toBe(true);
    expect(Buffer.from(digest)).toEqual(createHash("sha256").update("x").digest());
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("the watchdog", () => {
  let watched: TestEngine;
  beforeAll(async () => {
    watched = await TestEngine.withFixture({ functionTimeoutMs: 1000 });
  });
  afterAll(() => watched.dispose());

  test.for([
    ["mutation", "probes:spins", "an endless loop"],
    ["query", "probes:spinsLater", "an endless chain of promises"],
    ["query", "probes:neverSettles", "a promise that never settles"],
  ] as const)("%s %s: stops %s, and the next call runs", async ([kind, path]) => {
    const outcome = await watched.outcome(kind, path);
    expect(JSON.stringify(outcome)).toContain("did not finish within 1 seconds");
    const range = { conditions: [] };
    expect(await watched.query("items:list", { table: "items", range })).toEqual([]);
  });
});

describe("transactions", () => {
  test("a caller's own writes stay when a call beside them fails", async () => {
    expect(await engine.mutation("probes:parallel")).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(await groupSize("beside")).toBe(2);
    expect(await groupSize("thrown")).toBe(0);
  });

  test("a function that goes on after it has answered can no longer write", async () => {
    await engine.mutation("probes:leaks");
    // Time for the promise that it left behind to settle; it goes on with the next function.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await engine.query("items:hidden", {}, ADMIN);
    expect(await groupSize("leaked")).toBe(0);
  });

  test("creation times rise, and ids belong to their table", async () => {
    const values = Array.from({ length: 50 }, (_, rank) => ({ group: "many", rank }));
    await engine.mutation("items:insertMany", { table: "items", values });
    const conditions = [{ type: "eq", field: "group", value: "many" }];
    const range = { index: "by_group", conditions };
    const rows = (await engine.query("items:list", { table: "items", range })) as {
      _id: string;
      _creationTime: number;
      rank: number;
    }[];
    expect(rows.map((row) => row.rank)).toEqual(values.map((value) => value.rank));
    const times = rows.map((row) => row._creationTime);
    expect(new Set(times).size).toBe(50);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    const { _id: id } = rows[0]!;
    expect(await engine.query("probes:normalize", { table: "items", id })).toBe(id);
    expect(await engine.query("probes:normalize", { table: "texts", id })).toBeNull();
    expect(await engine.query("probes:normalize", { table: "items", id: "x" })).toBeNull();
  });

  test("concurrent mutations run one after another", async () => {
    const adds = Array.from({ length: 20 }, (_, rank) =>
      engine.mutation("items:insert", { table: "items", value: { group: "race", rank } }),
    );
    expect(new Set(await Promise.all(adds)).size).toBe(20);
    expect(await groupSize("race")).toBe(20);
  });

  test("a loop over a query sees what the function has written since", async () => {
    expect(await engine.mutation("probes:changesWhileReading")).toEqual([0, 1, 30, 4, 5]);
  });

  test("one paginated query per function", async () => {
    await expect(engine.query("probes:twoPages")).rejects.toThrow(
      "only supports a single paginated",
    );
  });
});

describe("what it does not host", () => {
  test.for([
    ["probes:stale", "does not host `useStaleSnapshot`"],
    ["probes:component", "does not host components"],
    ["probes:commitTs", "does not host `db.vars.commitTs`"],
  ] as const)("%s is refused: %s", async ([path, message]) => {
    await expect(engine.mutation(path)).rejects.toThrow(message);
  });

  test("an unknown call is refused by name", async () => {
    await expect(engine.query("probes:unknownCall")).rejects.toThrow(
      'does not host the call "1.0/signJwt"',
    );
  });
});

describe("HTTP actions", () => {
  const call = (path: string, method = "POST") => ({
    method,
    url: `http://127.0.0.1:3211${path}`,
    headers: [["x-sent", "yes"]] as [string, string][],
    body: Buffer.from("posted"),
  });

  test("get the request and the identity, and answer with any response", async () => {
    const identity = { tokenIdentifier: "i|s", subject: "s", issuer: "i" };
    const answer = await engine.engine.runHttpAction(call("/echo"), identity);
    expect(answer).toMatchObject({ status: 201 });
    expect(Object.fromEntries(answer!.headers)).toMatchObject({ "x-seen": "yes" });
    const body = JSON.parse(Buffer.from(answer!.body).toString()) as { id: string };
    expect(body).toMatchObject({ group: "posted", subject: "s" });
    expect(await engine.query("items:get", { id: body.id })).toMatchObject({ group: "posted" });
  });

  test("null where no route matches", async () => {
    expect(await engine.engine.runHttpAction(call("/none"), null)).toBeNull();
    expect(await engine.engine.runHttpAction(call("/echo", "GET"), null)).toBeNull();
  });
});
