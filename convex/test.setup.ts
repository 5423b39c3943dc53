/** What the tests of this folder share. The two dots in the file's name keep it out of what is pushed. */
import { convexTest, type TestConvex } from "convex-test";
import { api } from "./_generated/api";
import { contentHash } from "./contentHash";
import schema from "./schema";
import type { Message, MessageReading, Part, SessionReading } from "./validators";

/** The modules that a push would carry. */
export const modules = import.meta.glob([
  "./**/*.ts",
  "./_generated/*.js",
  "!./**/*.*.ts",
  "./auth.config.ts",
]);

export type Backend = TestConvex<typeof schema>;
export type Client = ReturnType<Backend["withIdentity"]>;

export const WORKOS_ISSUER = "https://api.workos.com/user_management/client_01";

/** An empty backend that enforces Convex's limits per transaction. */
export function openBackend(): Backend {
  return convexTest({ schema, modules, transactionLimits: true });
}

/** A client with a token of this person, before any call. */
export function tokenOf(backend: Backend, subject: string, issuer = WORKOS_ISSUER): Client {
  return backend.withIdentity({ subject, issuer, tokenIdentifier: `${issuer}|${subject}` });
}

/** A client of a signed-in person whose user exists. */
export async function signIn(backend: Backend, subject = "user_ann"): Promise<Client> {
  const client = tokenOf(backend, subject);
  await client.mutation(api.users.getOrCreate, { name: subject });
  return client;
}

export const text = (content: string): Part[] => [{ type: "text", text: content }];

/** A message ready to send: the given fields over sensible ones, with its real content hash. */
export async function message(fields: Partial<MessageReading> = {}): Promise<Message> {
  const reading: MessageReading = {
    key: "m1",
    role: "user",
    position: 0,
    state: "final",
    parts: text("hello"),
    ...fields,
  };
  return { ...reading, hash: await contentHash(reading) };
}

/** `count` different messages from `first` on, in order. */
export async function messages(count: number, first = 0): Promise<Message[]> {
  const positions = Array.from({ length: count }, (_, index) => first + index);
  return await Promise.all(
    positions.map((position) =>
      message({ key: `m${position}`, position, parts: text(`message ${position}`) }),
    ),
  );
}

/** A session's header: the given fields over sensible ones. */
export function session(fields: Partial<SessionReading> = {}): SessionReading {
  return { agent: "opencode", key: "s1", title: "Fix the bug", ...fields };
}

/** Every page of a session's messages. */
export async function readMessages(client: Client, sessionId: string, numItems = 100) {
  const rows = [];
  for (let cursor: string | null = null; ;) {
    const page: typeof api.messages.list._returnType = await client.query(api.messages.list, {
      sessionId: sessionId as never,
      paginationOpts: { numItems, cursor },
    });
    rows.push(...page.page);
    if (page.isDone) return rows;
    cursor = page.continueCursor;
  }
}

/** The parts of a large message, assembled the way a client does it. */
export async function readChunks(client: Client, row: { id: string; large?: { chunks: number } }) {
  const pieces = Array.from({ length: row.large?.chunks ?? 0 }, (_, index) =>
    client.query(api.messages.chunk, { messageId: row.id as never, index }),
  );
  return (await Promise.all(pieces)).map((piece) => piece?.text).join("");
}

/** Every row of every table, so that two moments can be compared. */
export async function everything(backend: Backend): Promise<Record<string, unknown[]>> {
  return await backend.run(async (ctx) => {
    const tables = Object.keys(schema.tables) as (keyof typeof schema.tables)[];
    const rows = await Promise.all(tables.map((table) => ctx.db.query(table).collect()));
    const files = await ctx.db.system.query("_storage").collect();
    return Object.fromEntries([
      ...tables.map((table, index) => [table, rows[index] ?? []]),
      ["_storage", files],
    ]);
  });
}

/** What one `sessions.record` costs: documents written and index ranges read. */
export async function recordCost(
  client: Client,
  args: { session: SessionReading; messages: Message[] },
) {
  return await client.mutation(async (ctx) => {
    const answer = await ctx.runMutation(api.sessions.record, args);
    const metrics = await ctx.meta.getTransactionMetrics();
    return {
      ...answer,
      written: metrics.documentsWritten.used,
      ranges: metrics.databaseQueries.used,
      bytesRead: metrics.bytesRead.used,
    };
  });
}
