/** Search where it really runs: ranking and tenants in the full text index, and search by meaning with a provider on this machine. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CostMeter } from "./cost.ts";
import { startStack, type Stack } from "./stack.ts";

interface Hit {
  sessionId: string;
  messageId: string;
  title?: string;
  snippet: { text: string; matches: { start: number; length: number }[] };
}
interface Page {
  page: Hit[];
  isDone: boolean;
  continueCursor: string;
}

const DIMENSIONS = 1536;
const MODEL = "test-embedding";

/** What the provider was asked. */
const asked: { authorization: string | undefined; model: string; input: string[] }[] = [];
let isProviderDown = false;

/** Words of one topic share a number, so texts about it lie near each other whatever the words are. */
const topics = [
  ["car", "automobile", "engine", "wheels"],
  ["bread", "oven", "flour", "bakery"],
];

function vectorOf(text: string): number[] {
  const vector = Array.from({ length: DIMENSIONS }, () => 0);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const topic = topics.findIndex((words) => words.includes(word));
    const digest = createHash("sha256").update(word).digest();
    if (topic >= 0) vector[topic]! += 5;
    else vector[2 + (digest.readUInt16BE(0) % (DIMENSIONS - 2))]! += 0.1;
  }
  return vector;
}

function startProvider(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      if (isProviderDown) {
        response.writeHead(503).end();
        return;
      }
      const { model, input } = JSON.parse(body) as { model: string; input: string[] };
      asked.push({ authorization: request.headers.authorization, model, input });
      // A provider may answer in any order.
      const data = input.map((text, index) => ({ index, embedding: vectorOf(text) })).reverse();
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ object: "list", data, usage: { total_tokens: 1 } }));
    });
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

let dataDir: string;
let stack: Stack;
let provider: Server;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "search-"));
  [stack, provider] = await Promise.all([startStack({ dataDir }), startProvider()]);
});
afterAll(async () => {
  await stack.close();
  await new Promise((done) => provider.close(done));
  rmSync(dataDir, { recursive: true });
});

async function signIn(personId: string) {
  const meter = new CostMeter(stack, personId);
  await meter.call("mutation", "users:getOrCreate", {});
  return {
    query: async <T>(path: string, args: object) =>
      (await meter.call<T>("query", path, args)).value,
    mutation: async <T>(path: string, args: object) =>
      (await meter.call<T>("mutation", path, args)).value,
    action: async <T>(path: string, args: object) =>
      (await meter.call<T>("action", path, args)).value,
  };
}
type Client = Awaited<ReturnType<typeof signIn>>;

const record = (client: Client, key: string, texts: string[], role = "user") =>
  client.mutation<{ sessionId: string }>("sessions:record", {
    session: { agent: "opencode", key, title: `About ${key}` },
    messages: texts.map((text, position) => ({
      ...{ key: `m${position}`, position, role, state: "final", hash: `${role} ${text}` },
      parts: [{ type: "text", text }],
    })),
  });

const search = (client: Client, text: string, cursor: string | null = null, numItems = 10) =>
  client.query<Page>("search:messages", {
    search: { text },
    paginationOpts: { numItems, cursor },
  });

describe("full text", () => {
  it("finds one's own message among 10,000 of others that fit better", async () => {
    const [ann, bob] = [await signIn("user_ann"), await signIn("user_bob")];
    await record(ann, "mine", ["a needle that Ann lost in a long story about other things"]);
    const theirs = Array.from({ length: 100 }, (_, at) => `needle needle needle ${at}`);
    for (let batch = 0; batch < 100; batch += 1) await record(bob, `theirs ${batch}`, theirs);
    const { page, isDone } = await search(ann, "needle");
    expect(isDone).toBe(true);
    expect(page.map(({ title }) => title)).toEqual(["About mine"]);
    const [{ text, matches }] = [page[0]!.snippet];
    expect(matches.map(({ start, length }) => text.slice(start, start + length))).toEqual([
      "needle",
    ]);
    expect((await search(bob, "Ann lost")).page).toEqual([]);
  }, 120_000);

  it("ranks more and rarer words first, and pages reach each hit once while others write", async () => {
    const ann = await signIn("user_ann");
    const many = Array.from({ length: 60 }, (_, at) => `walnut and ${at} words more`);
    await record(ann, "ranking", [...many, "walnut cake with walnut and pecan"]);
    const first = await search(ann, "walnut pecan");
    expect(first.page[0]!.snippet.text).toContain("pecan");
    const seen = first.page.map(({ messageId }) => messageId);
    for (let { isDone, continueCursor } = first; !isDone;) {
      await record(ann, `later ${continueCursor}`, ["walnut walnut pecan pecan walnut"]);
      const next = await search(ann, "walnut pecan", continueCursor);
      seen.push(...next.page.map(({ messageId }) => messageId));
      ({ isDone, continueCursor } = next);
    }
    expect(seen).toHaveLength(61);
    expect(new Set(seen).size).toBe(61);
  });

  it("of the largest messages in the largest sessions stays within what a query may read", async () => {
    const ann = await signIn("user_ann");
    const finish = "f".repeat(30_000);
    const words = "macadamia ".repeat(6_000);
    for (let at = 0; at < 150; at += 1) {
      await ann.mutation("sessions:record", {
        session: {
          agent: "claude",
          key: `large ${at}`,
          title: "Nuts",
          projectPath: "p".repeat(30_000),
        },
        messages: [
          {
            ...{ key: "m", position: 0, role: "user", state: "final", hash: "h", finish },
            parts: [{ type: "text", text: words }],
          },
        ],
      });
    }
    const { page } = await search(ann, "macadamia", null, 50);
    expect(page.length).toBeGreaterThan(20);
    const asked = { search: { text: "macadamia" }, paginationOpts: { numItems: 50, cursor: null } };
    expect((await ann.query<Page>("search:sessions", asked)).page.length).toBeGreaterThan(20);
    const context = { search: { text: "macadamia" }, limit: 20 };
    expect(await ann.query<unknown[]>("search:context", context)).toHaveLength(20);
  });

  it("finds sessions without a title too", async () => {
    const ann = await signIn("user_ann");
    await ann.mutation("sessions:record", {
      session: { agent: "claude", key: "untitled" },
      messages: [
        {
          key: "m",
          position: 0,
          role: "user",
          state: "final",
          hash: "h",
          parts: [{ type: "text", text: "hazelnut" }],
        },
      ],
    });
    const asked = { search: { text: "hazelnut" }, paginationOpts: { numItems: 5, cursor: null } };
    const found = await ann.query<{ page: { session: { key: string } }[] }>(
      "search:sessions",
      asked,
    );
    expect(found.page.map(({ session }) => session.key)).toEqual(["untitled"]);
  });
});

describe("by meaning", () => {
  interface Near {
    hits: Hit[];
    meaning: string;
  }
  interface Status {
    isAvailable: boolean;
    isOn: boolean;
    waiting: number;
  }
  const near = (client: Client, text: string, mode: "semantic" | "hybrid" = "semantic") =>
    client.action<Near>("search:byMeaning", { search: { text }, mode });
  const textsOf = ({ hits }: Near) => hits.map(({ snippet }) => snippet.text);

  const inputs = () => asked.flatMap(({ input }) => input);

  /** When the provider was asked for these texts and nothing waits any more. */
  async function settled(client: Client, ...texts: string[]): Promise<void> {
    for (;;) {
      const { waiting } = await client.query<Status>("embeddings:status", {});
      if (waiting === 0 && texts.every((text) => inputs().includes(text))) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  const overHttp = (personId: string, path: string) =>
    fetch(`${stack.convex.siteUrl}${path}`, {
      headers: { Authorization: `Bearer ${stack.authkit.control.tokenFor(personId)}` },
    });

  async function setProvider(): Promise<void> {
    const { port } = provider.address() as AddressInfo;
    const settings = {
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      EMBEDDING_MODEL: MODEL,
    };
    const response = await fetch(`${stack.convex.url}/api/update_environment_variables`, {
      method: "POST",
      headers: {
        Authorization: `Convex ${stack.convex.adminKey}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({
        changes: Object.entries(settings).map(([name, value]) => ({ name, value })),
      }),
    });
    expect(response.ok).toBe(true);
  }

  it("is off without a provider and without consent, and then nothing leaves the deployment", async () => {
    const cy = await signIn("user_cy");
    await record(cy, "garage", ["my automobile does not start"]);
    await expect(cy.mutation("embeddings:setOn", { isOn: true })).rejects.toThrow(
      "no-embedding-provider",
    );
    await setProvider();
    expect(await near(cy, "automobile")).toMatchObject({ meaning: "off", hits: [{}] });
    await record(cy, "garage 2", ["new wheels"]);
    expect(asked).toEqual([]);
  });

  it("finds what was stored before and after it was switched on, each text sent once, only one's own", async () => {
    const [bob, cy] = [await signIn("user_bob"), await signIn("user_cy")];
    await record(bob, "bob's", ["an automobile of Bob's"]);
    await cy.mutation("embeddings:setOn", { isOn: true });
    await cy.mutation("embeddings:setOn", { isOn: true });
    await record(cy, "kitchen", ["flour for the bakery", "the oven is cold"]);
    await record(cy, "tools", ["engine engine engine"], "tool");
    const texts = ["flour for the bakery", "my automobile does not start", "new wheels"];
    await settled(cy, ...texts, "the oven is cold");
    expect(inputs().sort()).toEqual([...texts, "the oven is cold"]);
    expect(asked[0]).toMatchObject({ authorization: "Bearer sk-test", model: MODEL });
    const cars = await near(cy, "car");
    expect(cars.meaning).toBe("used");
    expect(textsOf(cars).slice(0, 2).sort()).toEqual([
      ...["my automobile does not start", "new wheels"],
    ]);
    expect(textsOf(await near(cy, "bread"))[0]).toMatch(/oven|flour/);
    expect(JSON.stringify(cars)).not.toContain("Bob");
    expect(textsOf(await near(cy, "cold bread", "hybrid"))[0]).toBe("the oven is cold");
    const answer = await overHttp("user_cy", "/api/search?type=semantic&q=car");
    const { results } = (await answer.json()) as { results: { title: string }[] };
    expect(
      results
        .map(({ title }) => title)
        .slice(0, 2)
        .sort(),
    ).toEqual([...["About garage", "About garage 2"]]);
  });

  it("sends a changed text again and an unchanged one not, and forgets what is removed", async () => {
    const cy = await signIn("user_cy");
    asked.length = 0;
    const { sessionId } = await record(cy, "kitchen", ["flour for the bakery", "car wheels"]);
    await record(cy, "garage", ["my automobile does not start"], "user");
    await settled(cy, "car wheels");
    expect(inputs()).toEqual(["car wheels"]);
    expect(textsOf(await near(cy, "automobile"))[0]).toMatch(/car wheels|automobile/);
    await cy.mutation("sessions:remove", { sessionId });
    expect(textsOf(await near(cy, "bread"))).not.toContain("flour for the bakery");
  });

  it("answers by words while the provider is down, and forgets all vectors when it is switched off", async () => {
    const cy = await signIn("user_cy");
    isProviderDown = true;
    const down = await near(cy, "automobile");
    isProviderDown = false;
    expect(down).toMatchObject({ meaning: "unavailable" });
    expect(textsOf(down)).toEqual(["my automobile does not start"]);
    asked.length = 0;
    await cy.mutation("embeddings:setOn", { isOn: false });
    expect(await near(cy, "car")).toEqual({ meaning: "off", hits: [] });
    await cy.mutation("embeddings:setOn", { isOn: true });
    // All vectors were gone, so all texts are sent again.
    await settled(cy, "my automobile does not start", "new wheels");
    expect(textsOf(await near(cy, "car"))).toHaveLength(2);
  });
});
