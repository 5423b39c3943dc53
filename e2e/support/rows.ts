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

/** A row in the same terms: tool input as the value that its JSON text holds, and nothing that opencode does not have. */
function comparable(row: ArchivedMessage): Fields {
  const { id, position, hash, ...fields } = row as ArchivedMessage & Fields;
  expect([typeof id, typeof position, typeof hash]).toEqual(["string", "number", "string"]);
  const parts = row.parts.map((part) => {
    if (part.type === "tool-call")
      return { ...part, input: JSON.parse(part.input ?? "") as unknown };
    if (part.type === "tool-result") return withoutUndefined({ ...part, metadata: undefined });
    return part;
  });
  return { ...fields, parts };
}

/** opencode's own word on a session. */
export async function opencodeMessages(url: string, key: string): Promise<OpencodeMessage[]> {
  const response = await fetch(`${url}/session/${key}/message`);
  return (await response.json()) as OpencodeMessage[];
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
