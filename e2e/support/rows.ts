/** What opencode's own API says of a session against what Convex holds of it, field for field. */
import { expect } from "@playwright/test";
import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";

type Fields = Record<string, unknown>;

export interface Row extends Fields {
  key: string;
  role: string;
  state: string;
  parts: Fields[];
}

/** A session's header as `sessions.list` gives it. */
export interface Header extends Fields {
  id: string;
  key: string;
  title?: string;
  messageCount: number;
  updatedAt: number;
}

/** Reads a person's archive as any of their own programs would: the official client, with their access token. */
export class Archive {
  readonly #client: ConvexHttpClient;
  readonly #token: () => Promise<string>;

  constructor(convexUrl: string, token: () => Promise<string>) {
    this.#client = new ConvexHttpClient(convexUrl);
    this.#token = token;
  }

  async sessions(): Promise<Header[]> {
    this.#client.setAuth(await this.#token());
    const paginationOpts = { numItems: 200, cursor: null };
    const { page } = await this.#client.query(anyApi.sessions!.list!, { paginationOpts });
    return page as Header[];
  }

  /** Every message of a session, in the order in which the archive gives them; none when the session is not there. */
  async messages(key: string): Promise<Row[]> {
    const header = (await this.sessions()).find((session) => session.key === key);
    if (!header) return [];
    const rows: Row[] = [];
    let cursor: string | null = null;
    for (let isDone = false; !isDone;) {
      const result: { page: Row[]; isDone: boolean; continueCursor: string } =
        await this.#client.query(anyApi.messages!.list!, {
          sessionId: header.id,
          paginationOpts: { numItems: 100, cursor },
        });
      rows.push(...result.page);
      ({ isDone, continueCursor: cursor } = result);
    }
    return rows;
  }
}

interface OpencodeMessage {
  info: Fields & {
    id: string;
    role: string;
    time: { created: number; completed?: number };
    tokens?: { cache: Fields } & Fields;
    model?: { modelID: string; providerID: string };
  };
  parts: (Fields & { type: string })[];
}

function withoutUndefined<T extends Fields>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function expectedParts(part: Fields): Fields[] {
  const time = (part.time ?? {}) as { start?: number; end?: number };
  const times = { startedAt: time.start, endedAt: time.end };
  if (part.type === "text" || part.type === "reasoning") {
    return [withoutUndefined({ type: part.type, text: part.text, ...times })];
  }
  if (part.type !== "tool") return [];
  const state = part.state as Fields & { time: { start: number; end: number } };
  return [
    withoutUndefined({
      type: "tool-call",
      toolCallId: part.callID,
      toolName: part.tool,
      input: state.input,
      title: state.title,
      startedAt: state.time.start,
    }),
    withoutUndefined({
      type: "tool-result",
      toolCallId: part.callID,
      output: state.output,
      endedAt: state.time.end,
    }),
  ];
}

function expectedRow({ info, parts }: OpencodeMessage): Fields {
  const { tokens } = info;
  return withoutUndefined({
    key: info.id,
    role: info.role,
    parentKey: info.parentID,
    state: "final",
    model: info.modelID ?? info.model?.modelID,
    provider: info.providerID ?? info.model?.providerID,
    tokens: tokens && {
      input: tokens.input,
      output: tokens.output,
      reasoning: tokens.reasoning,
      cacheRead: tokens.cache.read,
      cacheWrite: tokens.cache.write,
      total: tokens.total,
    },
    cost: info.cost,
    createdAt: info.time.created,
    completedAt: info.time.completed,
    finish: info.finish,
    parts: parts.flatMap(expectedParts),
  });
}

/** A row in the same terms: tool input as the value that its JSON text holds. */
function comparable(row: Row): Fields {
  const { key, role, parentKey, state, model, provider, tokens, cost } = row;
  const { createdAt, completedAt, finish } = row;
  const parts = row.parts.map((part) => {
    if (part.type === "tool-call") return { ...part, input: JSON.parse(String(part.input)) };
    if (part.type === "tool-result") return { ...part, metadata: undefined };
    return part;
  });
  return withoutUndefined({
    ...{ key, role, parentKey, state, model, provider, tokens, cost },
    ...{ createdAt, completedAt, finish },
    parts: parts.map(withoutUndefined),
  });
}

/** opencode's own word on a session. */
export async function opencodeMessages(url: string, key: string): Promise<OpencodeMessage[]> {
  const response = await fetch(`${url}/session/${key}/message`);
  return (await response.json()) as OpencodeMessage[];
}

/** Waits until the archive equals opencode's own list of the session's messages: each once, in order, every field. */
export async function expectArchived(
  archive: Archive,
  opencodeUrl: string,
  key: string,
  timeout = 30_000,
): Promise<Row[]> {
  let rows: Row[] = [];
  await expect(async () => {
    const said = await opencodeMessages(opencodeUrl, key);
    rows = await archive.messages(key);
    expect(said.length).toBeGreaterThan(0);
    expect(rows.map(comparable)).toEqual(said.map(expectedRow));
  }).toPass({ timeout, intervals: [250] });
  return rows;
}
