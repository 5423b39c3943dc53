import { describe, expect, test } from "vitest";
import { api } from "./_generated/api";
import { everything, openBackend, signIn, tokenOf, WORKOS_ISSUER } from "./test.setup";

describe("the first sign-in", () => {
  test("creates the user with what the sign-in knows", async () => {
    const backend = openBackend();
    const ann = tokenOf(backend, "user_ann");
    expect(await ann.query(api.users.me, {})).toBeNull();
    const created = await ann.mutation(api.users.getOrCreate, {
      email: "ann@example.com",
      name: "Ann",
      avatarUrl: "https://example.com/ann.png",
    });
    expect(created).toEqual({
      id: expect.any(String),
      workosId: "user_ann",
      email: "ann@example.com",
      name: "Ann",
      avatarUrl: "https://example.com/ann.png",
      enabledAgents: [],
      createdAt: expect.any(Number),
    });
    expect(await ann.query(api.users.me, {})).toEqual(created);
  });

  test("creates one user, however often and from however many pages at once", async () => {
    const backend = openBackend();
    const ann = tokenOf(backend, "user_ann");
    const created = await Promise.all(
      Array.from({ length: 5 }, () => ann.mutation(api.users.getOrCreate, { name: "Ann" })),
    );
    expect(new Set(created.map(({ id }) => id)).size).toBe(1);
    expect((await everything(backend)).users).toHaveLength(1);
  });
});

describe("a later sign-in", () => {
  test("brings changed fields up to date and blanks none", async () => {
    const ann = tokenOf(openBackend(), "user_ann");
    await ann.mutation(api.users.getOrCreate, { email: "ann@example.com", name: "Ann" });
    await ann.mutation(api.users.getOrCreate, { name: "Ann Lee", email: " ", avatarUrl: "" });
    await ann.mutation(api.users.getOrCreate, { avatarUrl: `https://${"a".repeat(3_000)}` });
    await ann.mutation(api.users.getOrCreate, {});
    const me = await ann.query(api.users.me, {});
    expect(me).toMatchObject({ email: "ann@example.com", name: "Ann Lee" });
    expect(me?.avatarUrl).toBeUndefined();
  });

  test("writes nothing when nothing changed", async () => {
    const backend = openBackend();
    const ann = tokenOf(backend, "user_ann");
    await ann.mutation(api.users.getOrCreate, { name: "Ann" });
    const written = await ann.mutation(async (ctx) => {
      await ctx.runMutation(api.users.getOrCreate, { name: "Ann" });
      return (await ctx.meta.getTransactionMetrics()).documentsWritten.used;
    });
    expect(written).toBe(0);
  });

  test("believes the e-mail in the token before the one in the call", async () => {
    const backend = openBackend();
    const identity = { subject: "user_ann", issuer: WORKOS_ISSUER, email: "ann@work.example" };
    const ann = backend.withIdentity(identity);
    const user = await ann.mutation(api.users.getOrCreate, { email: "boss@work.example" });
    expect(user.email).toBe("ann@work.example");
  });
});

describe("who a token speaks for", () => {
  test("both WorkOS issuers of a client speak for the same person", async () => {
    const backend = openBackend();
    const first = await tokenOf(backend, "user_ann", WORKOS_ISSUER).mutation(
      api.users.getOrCreate,
      {},
    );
    const sso = tokenOf(backend, "user_ann", "https://api.workos.com/");
    expect((await sso.query(api.users.me, {}))?.id).toBe(first.id);
  });

  test("the emulator speaks for the same person on any port", async () => {
    const backend = openBackend();
    const before = tokenOf(backend, "user_ann", "http://127.0.0.1:4100/user_management/client_01");
    const user = await before.mutation(api.users.getOrCreate, {});
    const after = tokenOf(backend, "user_ann", "http://localhost:5200/user_management/client_01");
    expect((await after.query(api.users.me, {}))?.id).toBe(user.id);
  });

  test.each([
    ["another issuer", "https://login.example.com"],
    ["a look-alike of WorkOS", "https://api.workos.com.example.com/user_management/client_01"],
    ["a look-alike of loopback", "http://localhost.example.com/user_management/client_01"],
  ])("the same subject of %s is another person", async (_name, issuer) => {
    const backend = openBackend();
    const ids = [];
    for (const known of [WORKOS_ISSUER, "http://localhost:4100", issuer]) {
      const client = tokenOf(backend, "user_ann", known);
      ids.push((await client.mutation(api.users.getOrCreate, {})).id);
    }
    expect(new Set(ids).size).toBe(3);
  });
});

describe("the agents that are switched on", () => {
  test("are replaced by the new list, each once", async () => {
    const ann = await signIn(openBackend());
    await ann.mutation(api.users.setEnabledAgents, { enabledAgents: ["claude", "opencode"] });
    await ann.mutation(api.users.setEnabledAgents, { enabledAgents: ["opencode", "opencode"] });
    expect((await ann.query(api.users.me, {}))?.enabledAgents).toEqual(["opencode"]);
  });

  test.each([
    ["an id with a capital", ["Claude"]],
    ["an empty id", [""]],
    ["an id of 65 characters", ["a".repeat(65)]],
    ["101 ids", Array.from({ length: 101 }, (_, index) => `agent-${index}`)],
  ])("are not changed by %s", async (_name, enabledAgents) => {
    const ann = await signIn(openBackend());
    await ann.mutation(api.users.setEnabledAgents, { enabledAgents: ["opencode"] });
    const refused = ann.mutation(api.users.setEnabledAgents, { enabledAgents });
    await expect(refused).rejects.toMatchObject({ data: { code: "invalid-agents" } });
    expect((await ann.query(api.users.me, {}))?.enabledAgents).toEqual(["opencode"]);
  });
});
