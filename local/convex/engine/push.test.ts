import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Push } from "../types.ts";
import { fixturePush, pushOf, TestEngine } from "./testing.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await TestEngine.create();
});
afterEach(() => engine.dispose());

/** A module with one query, written as `convex/server` registers it. */
function queryModule(body: string, head = ""): string {
  return `${head}
export const run = Object.assign(async () => null, {
  isQuery: true, isPublic: true,
  exportArgs: () => '{"type":"any"}', exportReturns: () => "null",
  invokeQuery: async () => JSON.stringify(await (async () => { ${body} })()),
});`;
}

const schemaOf = (...tables: object[]) =>
  `export default { export: () => ${JSON.stringify(
    JSON.stringify({ schemaValidation: true, tables }),
  )} };`;
const table = (tableName: string, fields: object, indexes: object[] = []) => ({
  tableName,
  indexes,
  searchIndexes: [],
  vectorIndexes: [],
  documentType: { type: "object", value: fields },
});
const string = { fieldType: { type: "string" }, optional: false };
const optional = { fieldType: { type: "string" }, optional: true };

describe("evaluating", () => {
  test("tells every function with its kind, visibility and validators", async () => {
    const { analysis, schema } = await engine.engine.evaluatePush(await fixturePush());
    const items = analysis["items.js"] as { functions: { name: string }[] };
    expect(items.functions.find(({ name }) => name === "hidden")).toMatchObject({
      udfType: "Query",
      visibility: { kind: "internal" },
      args: '{"type":"object","value":{}}',
    });
    expect(analysis["http.js"]).toMatchObject({
      httpRoutes: [{ route: { path: "/echo", method: "POST" } }],
    });
    expect(analysis["crons.js"]).toMatchObject({
      cronSpecs: { "every hour": { name: "items:hiddenInsert" } },
    });
    expect(Object.keys(analysis).filter((path) => path.startsWith("_deps"))).toEqual([]);
    expect(schema).toMatchObject({ schemaValidation: true });
  });

  test.for<[string, string, string]>([
    ["a Node.js built-in", 'import "node:fs";', "a Node.js built-in"],
    ["an unknown package", 'import "left-pad";', "a package"],
    ['"use node"', '"use node";\nexport const a = 1;', 'begins with "use node"'],
    ["a syntax error", "export const = 1;", "could not be loaded"],
    ["an error while loading", 'throw new Error("at load");', "Uncaught Error: at load"],
  ])("refuses %s and changes nothing", async ([, source, message]) => {
    await engine.push(pushOf({ "a.js": queryModule("return 1") }));
    await expect(engine.push(pushOf({ "a.js": source }))).rejects.toThrow(message);
    expect(await engine.query("a:run")).toBe(1);
  });

  test("finds neither Node's globals nor the machine's environment", async () => {
    await engine.push(
      pushOf({
        "a.js": queryModule(
          "return [typeof require, typeof process.exit, typeof Buffer, process.env.PATH === undefined, typeof window].join()",
        ),
      }),
    );
    expect(await engine.query("a:run")).toBe("undefined,undefined,undefined,true,undefined");
  });
});

describe("going live", () => {
  test("survives a restart, with the environment", async () => {
    await engine.engine.setEnvironment({ NAME: "set" });
    await engine.push(pushOf({ "a.js": queryModule("return process.env.NAME ?? null") }));
    expect(await engine.query("a:run")).toBe("set");
    const { ts } = await engine.engine.runQueries([], { identity: null, isAdmin: true });
    await engine.restart();
    expect(await engine.query("a:run")).toBe("set");
    expect(engine.engine.now()).toBe(ts);
    expect(engine.engine.analysis()).toHaveProperty(["a.js"]);
    await engine.engine.setEnvironment({ NAME: null });
    expect(await engine.query("a:run")).toBeNull();
  });

  test("gives functions the addresses of the deployment", async () => {
    engine.engine.setOrigins({ api: "http://127.0.0.1:1", site: "http://127.0.0.1:2" });
    const body = "return process.env.CONVEX_CLOUD_URL + ' ' + process.env.CONVEX_SITE_URL";
    await engine.push(pushOf({ "a.js": queryModule(body) }));
    expect(await engine.query("a:run")).toBe("http://127.0.0.1:1 http://127.0.0.1:2");
    engine.engine.setOrigins({ api: "http://127.0.0.1:3", site: "http://127.0.0.1:4" });
    expect(await engine.query("a:run")).toBe("http://127.0.0.1:3 http://127.0.0.1:4");
    expect(engine.engine.environment()).toEqual({});
  });

  test("re-runs every query", async () => {
    await engine.push(pushOf({ "a.js": queryModule("return 1") }));
    const { reads } = await engine.engine.runQuery("a:run", {}, { identity: null, isAdmin: false });
    const overlapping: boolean[] = [];
    engine.engine.onCommit(({ writes }) => overlapping.push(reads.overlaps(writes)));
    await engine.push(pushOf({ "a.js": queryModule("return 2") }));
    await engine.engine.setEnvironment({ A: "1" });
    expect(overlapping).toEqual([true, true]);
  });
});

describe("a changed schema", () => {
  const fixture = async (change: (schema: string) => string): Promise<Push> => {
    const push = await fixturePush();
    return { ...push, schema: { ...push.schema!, source: change(push.schema!.source) } };
  };

  beforeEach(async () => {
    await engine.push(await fixturePush());
  });

  test("that stored data does not fit is refused, naming table, document and field", async () => {
    const value = { group: "stored", rank: 1 };
    const id = await engine.mutation("items:insert", { table: "items", value });
    const push = {
      ...(await fixturePush()),
      schema: { path: "schema.js", source: schemaOf(table("items", { group: string })) },
    };
    await expect(engine.push(push)).rejects.toMatchObject({
      code: "SchemaMismatch",
      message: expect.stringMatching(new RegExp(`"${String(id)}" in table "items" .* at \\.rank`)),
    });
    expect(await engine.mutation("items:insert", { table: "items", value })).toBeTypeOf("string");
  });

  test("builds new indexes over what is stored, and drops the others", async () => {
    await engine.mutation("items:insertMany", {
      table: "texts",
      values: Array.from({ length: 1200 }, (_, at) => ({
        body: `text ${at}`,
        owner: `o${at % 3}`,
      })),
    });
    await engine.push(
      await fixture((source) =>
        source.replace('"search_body"', '"search_other"').replace('"by_owner"', '"by_owner_2"'),
      ),
    );
    const by = (index: string) => {
      const conditions = [{ type: "eq", field: "owner", value: "o1" }];
      return engine.query("items:list", { table: "texts", range: { index, conditions } });
    };
    expect(await by("by_owner_2")).toHaveLength(400);
    await expect(by("by_owner")).rejects.toThrow("Index texts.by_owner not found");
    await expect(engine.query("items:search", { text: "text" })).rejects.toThrow("not found");
    await engine.push(await fixturePush());
    expect(await by("by_owner")).toHaveLength(400);
    expect(await engine.query("items:search", { text: "1199" })).toHaveLength(1);
    expect(await by("by_owner")).toHaveLength(400);
  });

  test("whose fields became optional is taken over", async () => {
    await engine.mutation("items:insert", { table: "texts", value: { body: "b", owner: "o" } });
    const push = pushOf(
      { "a.js": queryModule("return 1") },
      schemaOf(table("texts", { body: optional, owner: optional, flag: optional })),
    );
    await engine.push(push);
    expect(await engine.query("a:run")).toBe(1);
  });
});

describe("auth.config.ts", () => {
  const authPush = (source: string): Push => ({
    ...pushOf({ "a.js": queryModule("return 1") }),
    authConfig: { path: "auth.config.js", source },
  });
  const provider = `{ type: "customJwt", issuer: "https://i/" + process.env.CLIENT, jwks: "https://i/jwks", algorithm: "RS256", applicationID: process.env.CLIENT }`;
  const source = `export default { providers: [${provider}] };`;

  test("gives the providers, with environment variables in them", async () => {
    await engine.engine.setEnvironment({ CLIENT: "c1" });
    await engine.push(authPush(source));
    const expected = {
      type: "customJwt",
      issuer: "https://i/c1",
      jwks: "https://i/jwks",
      algorithm: "RS256",
      applicationID: "c1",
    };
    expect(engine.engine.authProviders()).toEqual([expected]);
    await engine.restart();
    expect(engine.engine.authProviders()).toEqual([expected]);
    await engine.engine.setEnvironment({ CLIENT: "c2" });
    expect(engine.engine.authProviders()[0]).toMatchObject({ issuer: "https://i/c2" });
  });

  test("that reads a variable which is not set is refused, also with a default", async () => {
    const withDefault = source.replaceAll("process.env.CLIENT", '(process.env.CLIENT ?? "x")');
    await expect(engine.push(authPush(withDefault))).rejects.toMatchObject({
      code: "AuthConfigMissingEnvironmentVariable",
      message: expect.stringContaining("npx convex env set CLIENT"),
    });
  });

  test("keeps its variables from being removed", async () => {
    await engine.engine.setEnvironment({ CLIENT: "c1" });
    await engine.push(authPush(source));
    await expect(engine.engine.setEnvironment({ CLIENT: null })).rejects.toThrow("CLIENT");
    expect(engine.engine.environment()).toEqual({ CLIENT: "c1" });
  });

  test("with another kind of provider is refused", async () => {
    const oidc = 'export default { providers: [{ domain: "https://d", applicationID: "a" }] };';
    await expect(engine.push(authPush(oidc))).rejects.toMatchObject({ code: "InvalidAuthConfig" });
  });
});
