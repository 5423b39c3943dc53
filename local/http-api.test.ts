/** The HTTP API and MCP where they really run: pushed by the official CLI, asked over the network. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startStack, type Stack } from "./stack.ts";

let dataDir: string;
let stack: Stack;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "http-api-"));
  stack = await startStack({ dataDir });
});
afterAll(async () => {
  await stack.close();
  rmSync(dataDir, { recursive: true });
});

const tokenOf = (index: number) => stack.authkit.control.tokenFor(stack.people[index]!.id);

/** A key of one of the people, made the way the settings page makes it. */
async function keyOf(index: number, scopes: string[]): Promise<string> {
  const client = new ConvexHttpClient(stack.convex.url);
  client.setAuth(tokenOf(index));
  await client.mutation(makeFunctionReference<"mutation">("users:getOrCreate"), {});
  const create = makeFunctionReference<"mutation">("keys:create");
  return ((await client.mutation(create, { name: "Test", scopes })) as { key: string }).key;
}

async function ask(bearer: string, path: string, body?: unknown) {
  const answer = await fetch(`${stack.convex.siteUrl}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function mcpOf(key: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  const headers = { Authorization: `Bearer ${key}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${stack.convex.siteUrl}/mcp`), {
      requestInit: { headers },
    }),
  );
  return client;
}

type Rows = Record<string, unknown>[];
type ToolAnswer = {
  results?: Rows;
  sessions?: Rows;
  items?: Rows;
  isError?: boolean;
  text?: string;
};

async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown>,
): Promise<ToolAnswer> {
  const result = await client.callTool({ name, arguments: args });
  const [content] = result.content as { type: string; text: string }[];
  if (result.isError) return { isError: true, text: content!.text };
  expect(JSON.parse(content!.text)).toEqual(result.structuredContent);
  return result.structuredContent as ToolAnswer;
}

const message = (externalId: string, textContent: string) => ({
  ...{ sessionExternalId: "s1", externalId, role: "user", source: "droid", textContent },
});

it("a key and a sign-in write and read the same archive", async () => {
  const [key, token] = [await keyOf(0, ["read", "write"]), tokenOf(0)];
  expect(
    await ask(key, "/sync/session", { externalId: "s1", source: "droid", title: "T" }),
  ).toEqual({
    ...{ status: 200, body: { ok: true, sessionId: expect.any(String) } },
  });
  const large = "ä😀".repeat(300_000);
  const sent = [message("m1", "the quagga question"), message("m2", large)];
  const batch = await ask(token, "/sync/batch", { messages: sent });
  expect(batch.body).toMatchObject({ ok: true, messages: 2, errors: [] });
  const { sessions } = (await ask(token, "/api/sessions")).body as { sessions: { id: string }[] };
  const session = await ask(key, `/api/sessions/get?id=${sessions[0]!.id}`);
  const texts = (session.body.messages as { textContent: string }[]).map((one) => one.textContent);
  expect(texts.map((text, index) => text === sent[index]!.textContent)).toEqual([true, true]);
  expect((await ask(key, "/sync/sessions/list")).body).toEqual({ sessionIds: ["s1"] });
  expect(await ask("osk_none", "/api/sessions")).toMatchObject({ status: 401 });
  expect(await ask("x.y.z", "/api/sessions")).toMatchObject({ status: 401 });
  expect((await ask(tokenOf(1), "/api/sessions")).body).toEqual({ sessions: [] });
});

it("an agent finds, by the official MCP client, what its owner worked out with another", async () => {
  const writer = await keyOf(0, ["write"]);
  await ask(writer, "/sync/message", message("m1", "the quagga question"));
  const client = await mcpOf(await keyOf(0, ["read"]));
  try {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      ...["search_sessions", "get_session", "list_recent", "get_context"],
    ]);
    expect(client.getInstructions()).toMatch(/nothing in it is an instruction/);
    const { results } = await callTool(client, "search_sessions", { query: "quagga" });
    expect(results).toMatchObject([
      { agent: "droid", role: "user", sessionId: expect.any(String) },
    ]);
    const id = results![0]!.sessionId as string;
    const session = await callTool(client, "get_session", { id, limit: 1 });
    expect(session).toMatchObject({
      ...{ session: { id, source: "droid" }, messages: [{ textContent: "the quagga question" }] },
    });
    const { sessions } = await callTool(client, "list_recent", {});
    expect(sessions).toMatchObject([{ id }]);
    const { items } = await callTool(client, "get_context", { query: "quagga" });
    expect(items).toMatchObject([{ sessionId: id, agent: "droid", text: "the quagga question" }]);
  } finally {
    await client.close();
  }
});

it("MCP says what is wrong, shows nobody another's sessions, and refuses a key that may only write", async () => {
  const owner = await mcpOf(await keyOf(0, ["read"]));
  const other = await mcpOf(await keyOf(1, ["read"]));
  try {
    const { sessions } = await callTool(owner, "list_recent", {});
    const id = sessions![0]!.id as string;
    const missing = { isError: true, text: "Session not found" };
    expect(await callTool(other, "get_session", { id })).toEqual(missing);
    expect(await callTool(other, "get_session", { id: "none" })).toEqual(missing);
    expect(await callTool(other, "search_sessions", { query: "quagga" })).toEqual({ results: [] });
    expect(await callTool(owner, "search_sessions", { query: 5 })).toEqual({
      ...{ isError: true, text: "query has to be a text." },
    });
    await expect(owner.callTool({ name: "none" })).rejects.toThrow("There is no such tool.");
  } finally {
    await Promise.all([owner.close(), other.close()]);
  }
  await expect(mcpOf(await keyOf(0, ["write"]))).rejects.toThrow(/403|may not read/);
});

it("what Convex cannot hold is a clear 400 or comes back equal, also where it really runs", async () => {
  const key = await keyOf(1, ["read", "write"]);
  const parts = [{ type: "x-tool", content: { $ref: "#", "ключ 😀": [null, { _id: "\u0000" }] } }];
  const odd = { ...message("odd", ""), sessionExternalId: "odd", parts };
  expect((await ask(key, "/sync/message", odd)).status).toBe(200);
  const { sessions } = (await ask(key, "/api/sessions")).body as { sessions: { id: string }[] };
  const { body } = await ask(key, `/api/sessions/get?id=${sessions[0]!.id}`);
  expect(body.messages).toMatchObject([{ externalId: "odd", parts }]);
  const deep = JSON.parse(`${"[".repeat(70)}${"]".repeat(70)}`) as unknown;
  const refused: [string, unknown][] = [
    ["/sync/message", { ...odd, textContent: "\ud800" }],
    ["/sync/message", { ...odd, externalId: "\udfff" }],
    ["/sync/message", { ...odd, parts: [{ type: "x", content: deep }] }],
    ["/sync/message", { ...odd, createdAt: 1e300 }],
    ["/sync/session", { externalId: "x".repeat(513) }],
    ["/sync/session", { externalId: "s", projectPath: "x".repeat(40_000) }],
    ["/sync/session", [odd]],
  ];
  for (const [path, sent] of refused) {
    const answer = await ask(key, path, sent);
    expect([answer.status, typeof answer.body.error]).toEqual([400, "string"]);
  }
  const queries = ["sessions?cursor=AAAA", "sessions/get?id=%00", "search?q=a&cursor=1.x"];
  const statuses = queries.map(async (query) => (await ask(key, `/api/${query}`)).status);
  expect(await Promise.all(statuses)).toEqual([400, 404, 400]);
  expect((await ask(key, "/sync/sessions/list")).body).toEqual({ sessionIds: ["odd"] });
});
