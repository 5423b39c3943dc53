/** What opencode's own API says of a session against what Convex holds of it, field for field. */
import { expect } from "@playwright/test";
import type { Archive, ArchivedMessage } from "../../local/archive.ts";

type Fields = Record<string, unknown>;

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

/** Parts without a word of anybody's; a sub-agent that a prompt names (`agent`) is a piece of the prompt's text. */
const WORDLESS = new Set(["step-start", "step-finish", "patch", "snapshot", "agent"]);

function expectedTool(part: Fields): Fields[] {
  const state = part.state as Fields & {
    status: string;
    metadata?: { sessionId?: string };
    time: { start: number; end: number };
    attachments?: Fields[];
  };
  expect(["completed", "error"]).toContain(state.status);
  return [
    withoutUndefined({
      type: "tool-call",
      toolCallId: part.callID,
      toolName: part.tool,
      input: state.input,
      title: state.title,
      childKey: state.metadata?.sessionId,
      startedAt: state.time.start,
    }),
    withoutUndefined({
      type: "tool-result",
      toolCallId: part.callID,
      output: state.status === "error" ? state.error : state.output,
      isError: state.status === "error" || undefined,
      metadata: state.metadata,
      endedAt: state.time.end,
    }),
    ...(state.attachments ?? []).map(expectedFile),
  ];
}

/** A file's name, type and size: its bytes stay out of the archive, and so does a path on the person's machine. */
function expectedFile({ filename, mime, url }: Fields): Fields {
  const base64 = /^data:[^,]*;base64,(.*)$/s.exec(url as string)?.[1];
  const size = base64 === undefined ? undefined : Buffer.from(base64, "base64").length;
  return withoutUndefined({ type: "file", name: filename, mediaType: mime, size });
}

function expectedParts(part: Fields): Fields[] {
  const time = (part.time ?? {}) as { start?: number; end?: number };
  const times = { startedAt: time.start, endedAt: time.end };
  switch (part.type) {
    case "text":
    case "reasoning":
      return [withoutUndefined({ type: part.type, text: part.text, ...times })];
    case "tool":
      return expectedTool(part);
    case "file":
      return [expectedFile(part)];
    case "subtask":
      return [{ type: "text", text: `/${part.command as string}\n\n${part.prompt as string}` }];
    case "compaction":
      return [{ type: "text", text: `Session compacted${part.auto ? " automatically" : ""}` }];
    default:
      expect([...WORDLESS]).toContain(part.type);
      return [];
  }
}

/** Tokens as opencode counts them, in the archive's words. */
function expectedTokens(tokens: OpencodeMessage["info"]["tokens"]): Fields | undefined {
  return (
    tokens &&
    withoutUndefined({
      input: tokens.input,
      output: tokens.output,
      reasoning: tokens.reasoning,
      cacheRead: tokens.cache.read,
      cacheWrite: tokens.cache.write,
      total: tokens.total,
    })
  );
}

function expectedRow({ info, parts }: OpencodeMessage): Fields {
  const error = info.error as { name: string; data: { message: string } } | undefined;
  return withoutUndefined({
    key: info.id,
    role: info.role,
    parentKey: info.parentID,
    state: "final",
    model: info.modelID ?? info.model?.modelID,
    provider: info.providerID ?? info.model?.providerID,
    tokens: expectedTokens(info.tokens),
    cost: info.cost,
    createdAt: info.time.created,
    completedAt: info.time.completed,
    finish: info.finish,
    error: error && { name: error.name, message: error.data.message },
    parts: parts.flatMap(expectedParts),
  });
}

/** A row in the same terms: JSON texts as the values that they hold, and nothing that opencode does not have. */
function comparable(row: ArchivedMessage): Fields {
  const { id, position, hash, ...fields } = row as ArchivedMessage & Fields;
  expect([typeof id, typeof position, typeof hash]).toEqual(["string", "number", "string"]);
  const parts = row.parts.map((part: Fields) => {
    const texts = Object.entries(part).filter(([name]) => name === "input" || name === "metadata");
    const values = texts.map(([name, text]) => [name, JSON.parse(text as string) as unknown]);
    return { ...part, ...(Object.fromEntries(values) as Fields) };
  });
  return { ...fields, parts };
}

/** The header's fields that come from the site; what the archive adds to them is left out. */
const HEADER_FIELDS = [
  ...["agent", "key", "title", "url", "parentKey", "activeLeafKey", "account", "certainty"],
  ...["projectPath", "projectName", "model", "provider", "tokens", "cost", "durationMs"],
  ...["siteCreatedAt", "siteUpdatedAt"],
];

interface OpencodeSession extends Fields {
  id: string;
  time: { created: number; updated: number };
  model?: { id: string; providerID: string };
  tokens?: OpencodeMessage["info"]["tokens"];
}

function expectedHeader(url: string, info: OpencodeSession, leafKey: string | undefined): Fields {
  const server = Buffer.from(url).toString("base64url");
  return withoutUndefined({
    agent: "opencode",
    key: info.id,
    title: info.title,
    url: `${url}/server/${server}/session/${info.id}`,
    parentKey: info.parentID,
    activeLeafKey: leafKey,
    projectPath: info.directory,
    model: info.model?.id,
    provider: info.model?.providerID,
    tokens: expectedTokens(info.tokens),
    cost: info.cost,
    siteCreatedAt: info.time.created,
    siteUpdatedAt: info.time.updated,
  });
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url);
  return (await response.json()) as T;
}

/** opencode's own word on a session. */
export async function opencodeMessages(url: string, key: string): Promise<OpencodeMessage[]> {
  return await ask(`${url}/session/${key}/message`);
}

/** Keys of the sessions of sub-agents that a session started. */
export async function opencodeChildren(url: string, key: string): Promise<string[]> {
  const children = await ask<OpencodeSession[]>(`${url}/session/${key}/children`);
  return children.map(({ id }) => id);
}

/** Every archived message of a session by the site's own id; none while the session is not there. */
export async function archivedMessages(archive: Archive, key: string): Promise<ArchivedMessage[]> {
  const sessions = await archive.sessions();
  const session = sessions.find((candidate) => candidate.key === key);
  return session ? await archive.messages(session.id) : [];
}

/** Waits until the archive equals opencode's own list of the session's messages: each once, in order, every field. */
export async function expectArchived(
  archive: Archive,
  opencodeUrl: string,
  key: string,
  timeout = 30_000,
): Promise<void> {
  await expect(async () => {
    const said = await opencodeMessages(opencodeUrl, key);
    expect(said.length).toBeGreaterThan(0);
    const rows = await archivedMessages(archive, key);
    expect(rows.map(comparable)).toEqual(said.map(expectedRow));
  }).toPass({ timeout, intervals: [250] });
}

/** What opencode has deleted and the archive keeps, by the message's key. */
export type Kept = ReadonlyMap<string, ArchivedMessage>;

/**
 * Waits until the archive equals opencode's own word on a session and on every session that it started: headers, messages, parts, each
 * once. `kept`: messages that opencode has deleted since; the archive holds them as they were.
 */
export async function expectWholeSession(
  archive: Archive,
  opencodeUrl: string,
  key: string,
  { kept = new Map(), timeout = 45_000 }: { kept?: Kept; timeout?: number } = {},
): Promise<void> {
  await expect(async () => {
    const said = await opencodeMessages(opencodeUrl, key);
    const info = await ask<OpencodeSession>(`${opencodeUrl}/session/${key}`);
    const sessions = (await archive.sessions()).filter((session) => session.key === key);
    expect(sessions).toHaveLength(1);
    const rows = await archive.messages(sessions[0]!.id);
    const [deleted, live] = [true, false].map((is) => rows.filter((r) => kept.has(r.key) === is));
    expect(live!.map(comparable)).toEqual(said.map(expectedRow));
    expect(deleted).toEqual([...kept.values()]);
    expect(sessions[0]!.messageCount).toBe(rows.length);
    const header = Object.entries(sessions[0]!).filter(([name]) => HEADER_FIELDS.includes(name));
    expect(Object.fromEntries(header)).toEqual(
      expectedHeader(opencodeUrl, info, said.at(-1)?.info.id),
    );
  }).toPass({ timeout, intervals: [250] });
  for (const child of await opencodeChildren(opencodeUrl, key)) {
    await expectWholeSession(archive, opencodeUrl, child, { timeout });
  }
}
