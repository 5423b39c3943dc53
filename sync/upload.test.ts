// @vitest-environment node
import "fake-indexeddb/auto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { IDBFactory } from "fake-indexeddb";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../convex/_generated/api";
import { startStack, type Stack } from "../local/stack";
import { createProvision, type Told } from "./account";
import { createCaller, type TokenAnswer } from "./convex-caller";
import { openDatabase, type SyncDatabase } from "./database";
import { checkDeployment } from "./deployment";
import { addCaptured, peekBatch } from "./outbox";
import { captured, message } from "./testing/readings";
import { createUpload } from "./upload";

// Under load a machine may take many times what this needs.
vi.setConfig({ testTimeout: 60_000 });

const ME = "user_ada";
const MB = 1024 * 1024;
const now = () => Date.now();

let folder: string;
let stack: Stack;
let database: SyncDatabase;
let told: Told;
/** Whether each token was asked for by force. */
let wishes: boolean[];
let requests: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "opensync-upload-"));
  stack = await startStack({ dataDir: folder });
}, 300_000);

afterAll(async () => {
  await stack?.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  database = await openDatabase();
  told = { user: "", agents: "" };
  wishes = [];
  requests = [];
});

const validToken = (person = ME): TokenAnswer => ({
  kind: "token",
  token: stack.authkit.control.tokenFor(person),
});

const counted: typeof fetch = (input, init) => {
  requests.push(new URL(String(input)).pathname);
  return fetch(input, init);
};

/** The upload as the background builds it, with the sign-in in the test's hands. */
function uploader(getToken: (isForced: boolean) => TokenAnswer = () => validToken()) {
  const call = createCaller({
    getToken: ({ forceRefresh }) => {
      wishes.push(forceRefresh);
      return Promise.resolve(getToken(forceRefresh));
    },
    fetch: counted,
    now,
  });
  const provision = createProvision({
    call,
    getProfile: () => Promise.resolve({ id: ME, email: "ada@example.com", name: "Ada" }),
    getEnabledAgents: () => Promise.resolve(["opencode"]),
    told: {
      getValue: () => Promise.resolve(told),
      setValue: (value) => Promise.resolve(void (told = value)),
    },
    now,
  });
  return createUpload({ call, provision, fetch: counted, now });
}

async function batchOf(session: string, ...texts: string[]) {
  const messages = texts.map((text, index) => message(`${session}-${index}`, text));
  const url = stack.convex.url;
  await addCaptured(database, ME, url, captured(session, messages, { title: `About ${session}` }));
  return (await peekBatch(database, ME))!;
}

function archive(): ConvexHttpClient {
  return new ConvexHttpClient(stack.convex.url, {
    auth: stack.authkit.control.tokenFor(ME),
    logger: false,
  });
}

async function storedMessages(session: string) {
  const found = await archive().query(api.sessions.getByKey, { agent: "opencode", key: session });
  return (
    await archive().query(api.messages.list, {
      sessionId: found!.id,
      paginationOpts: { numItems: 100, cursor: null },
    })
  ).page;
}

describe("a batch that goes through", () => {
  it("makes the user, tells the agents, and stores every message once", async () => {
    const batch = await batchOf("first", "one", "two");
    expect(await uploader()(stack.convex.url, batch)).toEqual({
      kind: "stored",
      results: [
        { key: "first-0", outcome: "stored" },
        { key: "first-1", outcome: "stored" },
      ],
    });
    expect(await archive().query(api.users.me, {})).toMatchObject({
      workosId: ME,
      name: "Ada",
      enabledAgents: ["opencode"],
    });
    expect(await uploader()(stack.convex.url, batch)).toMatchObject({
      results: [{ outcome: "same" }, { outcome: "same" }],
    });
    expect(await storedMessages("first")).toHaveLength(2);
  });

  it("tells who the person is only once", async () => {
    const upload = uploader();
    await upload(stack.convex.url, await batchOf("second", "one"));
    requests = [];
    await upload(stack.convex.url, await batchOf("second", "one", "two"));
    expect(requests).toEqual(["/api/mutation"]);
  });

  it("makes the user again when the deployment does not know the person any more", async () => {
    const upload = uploader(() => validToken("user_grace"));
    const batch = { ...(await batchOf("third", "one")), owner: "user_grace" };
    const forgetful = createUpload({
      call: createCaller({
        getToken: () => Promise.resolve(validToken("user_grace")),
        fetch: counted,
        now,
      }),
      provision: async (url, owner, isForced) => {
        if (!isForced) return { kind: "done", value: null };
        const call = createCaller({
          getToken: () => Promise.resolve(validToken("user_grace")),
          fetch: counted,
          now,
        });
        const made = await call(url, owner, (client) => client.mutation(api.users.getOrCreate, {}));
        return made.kind === "done" ? { kind: "done", value: null } : { kind: "signed-out" };
      },
      fetch: counted,
      now,
    });
    expect(await upload(stack.convex.url, batch)).toEqual({ kind: "signed-out" });
    expect(await forgetful(stack.convex.url, batch)).toMatchObject({ kind: "stored" });
  });

  it.each([0.9, 1.0, 1.1, 5])("brings a message of %d MB over byte for byte", async (size) => {
    const key = `large-${size}`;
    const text = "Größe 🎈 ".repeat((size * MB) / 14);
    const batch = await batchOf(key, text);
    expect(await uploader()(stack.convex.url, batch)).toMatchObject({
      results: [{ outcome: "stored" }],
    });
    const [row] = await storedMessages(key);
    expect(row!.parts).toEqual([]);
    let json = "";
    if (row!.large!.storageUrl) json = await (await fetch(row!.large!.storageUrl)).text();
    for (let index = 0; index < row!.large!.chunks; index += 1) {
      const chunk = await archive().query(api.messages.chunk, { messageId: row!.id, index });
      json += chunk!.text;
    }
    expect(JSON.parse(json)).toEqual([{ type: "text", text }]);
  });
});

describe("the sign-in", () => {
  it("is refreshed once when Convex refuses the token", async () => {
    const batch = await batchOf("refreshed", "one");
    const [head, body] = stack.authkit.control.tokenFor(ME).split(".");
    const upload = uploader((isForced) =>
      isForced ? validToken() : { kind: "token", token: `${head}.${body}.c2lnbmF0dXJl` },
    );
    expect(await upload(stack.convex.url, batch)).toMatchObject({ kind: "stored" });
    expect(wishes.slice(0, 2)).toEqual([false, true]);
  });

  it("that is refused again is told as such, and everything waits", async () => {
    const batch = await batchOf("refused", "one");
    const [head, body] = stack.authkit.control.tokenFor(ME).split(".");
    const upload = uploader(() => ({ kind: "token", token: `${head}.${body}.c2lnbmF0dXJl` }));
    expect(await upload(stack.convex.url, batch)).toMatchObject({
      kind: "later",
      trouble: { code: "token-refused" },
    });
  });

  it("of another person sends not a byte", async () => {
    const batch = await batchOf("theirs", "one");
    const upload = uploader(() => validToken("user_grace"));
    expect(await upload(stack.convex.url, batch)).toEqual({ kind: "signed-out" });
    expect(requests).toEqual([]);
  });

  it("that is over or cannot be renewed now sends not a byte", async () => {
    const batch = await batchOf("over", "one");
    expect(await uploader(() => ({ kind: "signed-out" }))(stack.convex.url, batch)).toEqual({
      kind: "signed-out",
    });
    const away = uploader(() => ({ kind: "unavailable", after: 7_000 }));
    expect(await away(stack.convex.url, batch)).toMatchObject({
      kind: "later",
      after: 7_000,
      trouble: { code: "sign-in-unreachable" },
    });
    expect(requests).toEqual([]);
  });
});

describe("what the deployment will not take", () => {
  it("is refused with its reason: one message", async () => {
    const batch = await batchOf("long", "one");
    batch.rows[0]!.message.parentKey = "k".repeat(600);
    expect(await uploader()(stack.convex.url, batch)).toMatchObject({
      kind: "stored",
      results: [{ outcome: "refused", reason: expect.stringContaining("512") as string }],
    });
  });

  it("is refused with its reason: a session", async () => {
    const batch = await batchOf("s".repeat(600), "one");
    expect(await uploader()(stack.convex.url, batch)).toMatchObject({
      kind: "refused",
      isSession: true,
    });
  });

  it("is refused: content of a shape that it does not know", async () => {
    const batch = await batchOf("odd", "one");
    Object.assign(batch.rows[0]!.message, { mood: "new" });
    expect(await uploader()(stack.convex.url, batch)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("older than this extension") as string,
    });
  });
});

describe("checkDeployment", () => {
  it("says that the embedded deployment is fine", async () => {
    expect(await checkDeployment(`${stack.convex.url}/`, { fetch, now })).toMatchObject({
      ok: true,
    });
  });
});
