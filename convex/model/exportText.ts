/** A session as text: Markdown for people, JSON and JSONL for programs, CSV for tables. Pure; what it gets is what it writes. */
import { omit } from "convex-helpers";
import { type Infer, v } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import {
  type Message,
  messageFields,
  organisedFields,
  type Part,
  vPart,
  vSessionReading,
} from "../validators";

/** A session's header in an export: what the readers said, what the person says, and when it was last written here. */
export const vExportedSession = v.object({
  ...vSessionReading.fields,
  ...organisedFields,
  /** Unix ms, the server's clock. */
  storedAt: v.number(),
});

/** A message in an export. Of one whose parts are in a file, `parts` is empty and `file` says where they are. */
export const vExportedMessage = v.object({
  ...messageFields,
  hash: v.string(),
  parts: v.array(vPart),
  /** A path in the ZIP, or a URL; the file is the JSON of the parts. */
  file: v.optional(v.string()),
});

export type ExportedSession = Infer<typeof vExportedSession>;
export type ExportedMessage = Infer<typeof vExportedMessage>;

/** The header as it is exported. */
export function exportedSession(session: Doc<"sessions">): ExportedSession {
  const { siteCreatedAt, siteUpdatedAt, updatedAt, ...row } = session;
  const fields = omit(row, [
    ...(["_id", "_creationTime", "userId", "messageCount"] as const),
    ...(["isAgentAssumed", "totals", "counted"] as const),
  ]);
  return { ...fields, createdAt: siteCreatedAt, updatedAt: siteUpdatedAt, storedAt: updatedAt };
}

/** The message as it is exported, with its parts from wherever they lie. */
export function exportedMessage(
  message: Pick<Doc<"messages">, keyof typeof messageFields | "hash">,
  parts: Part[],
  file?: string,
): ExportedMessage {
  const names = [
    ...(Object.keys(messageFields) as (keyof typeof messageFields)[]),
    "hash",
  ] as const;
  const known = names.filter((name) => message[name] !== undefined);
  const fields = Object.fromEntries(known.map((name) => [name, message[name]]));
  return { ...(fields as Omit<Message, "parts">), parts, ...(file !== undefined && { file }) };
}

/** The header's line of a JSONL export: the first one. */
export function sessionLine(session: ExportedSession): string {
  return `${JSON.stringify({ type: "session", ...session })}\n`;
}

/** A message's line of a JSONL export. */
export function messageLine(message: ExportedMessage): string {
  return `${JSON.stringify({ type: "message", ...message })}\n`;
}

/** A fenced code block that no line of the text can end. */
function fence(text: string, language = ""): string {
  const longest = (text.match(/`{3,}/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${text.replace(/\n$/, "")}\n${ticks}`;
}

function partMarkdown(part: Part): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "reasoning":
      return `Reasoning:\n\n${part.text}`.replace(/^/gm, "> ");
    case "tool-call":
      return `**Tool: ${[part.toolName, part.title].filter(Boolean).join(": ")}**\n\n${fence(part.input, "json")}`;
    case "tool-result":
      return `**${part.isError ? "Output (failed)" : "Output"}:**\n\n${fence(part.output)}`;
    case "file":
      return `File: ${[part.name ?? "unnamed", part.mediaType, part.url].filter(Boolean).join(", ")}`;
    case "source":
      return `Source: ${[part.title, part.url].filter(Boolean).join(", ")}`;
    case "unknown":
      return `${part.kind}:\n\n${fence(part.json, "json")}`;
  }
}

const roles = {
  ...{ user: "User", assistant: "Assistant", system: "System", tool: "Tool", unknown: "Unknown" },
};

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined || !(Math.abs(ms) < 8.64e15) ? undefined : new Date(ms).toISOString();
}

/** The beginning of a Markdown export. */
export function sessionHead(session: ExportedSession): string {
  const { title, agent, model, url, account, projectName, createdAt } = session;
  const facts = [
    `Agent: ${agent}`,
    model && `Model: ${model}`,
    account && `Account: ${account}`,
    projectName && `Project: ${projectName}`,
    url && `URL: ${url}`,
    isoTime(createdAt) && `Created: ${isoTime(createdAt)}`,
  ].filter(Boolean);
  const heading = (title ?? "").replace(/\s+/g, " ").trim() || "Untitled";
  return `# ${heading}\n\n${facts.map((fact) => `- ${fact}`).join("\n")}\n`;
}

/** A message of a Markdown export. */
export function messageMarkdown({ role, model, createdAt, parts, file }: ExportedMessage): string {
  const about = [model, isoTime(createdAt)].filter(Boolean).join(", ");
  const kept = file === undefined ? [] : [`The message is very large; its parts are in ${file}.`];
  const blocks = [
    `## ${roles[role]}${about && ` (${about})`}`,
    ...parts.map(partMarkdown),
    ...kept,
  ];
  return `\n${blocks.join("\n\n")}\n`;
}

/** A whole session as one Markdown document. */
export function sessionAsMarkdown(session: ExportedSession, messages: ExportedMessage[]): string {
  return `${sessionHead(session)}${messages.map(messageMarkdown).join("")}`;
}

/** A whole session as JSONL: its header, then its messages. */
export function sessionAsJsonl(session: ExportedSession, messages: ExportedMessage[]): string {
  return `${sessionLine(session)}${messages.map(messageLine).join("")}`;
}

/** A whole session as JSON. */
export function sessionAsJson(session: ExportedSession, messages: ExportedMessage[]): string {
  return `${JSON.stringify({ session, messages }, null, 2)}\n`;
}

const csvColumns = [
  ...["agent", "key", "title", "url", "projectName", "projectPath", "model", "provider"],
  ...["messageCount", "inputTokens", "outputTokens", "totalTokens", "cost", "durationMs"],
  ...["createdAt", "updatedAt", "tags", "isStarred", "isArchived", "evalStatus"],
];

/**
 * A cell that no spreadsheet takes for a formula: a text that begins like one gets an apostrophe before it, also behind spaces, which
 * some programs skip.
 */
function cell(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}

/** The names of the columns, as the first line. */
export const csvHead = `${csvColumns.join(",")}\r\n`;

/** A session's line of a CSV file (RFC 4180). */
export function csvLine(session: Doc<"sessions">): string {
  const { tokens, tags, siteCreatedAt, siteUpdatedAt } = session;
  const derived: Record<string, string | number | undefined> = {
    inputTokens: tokens?.input,
    outputTokens: tokens?.output,
    totalTokens: tokens?.total,
    createdAt: isoTime(siteCreatedAt),
    updatedAt: isoTime(siteUpdatedAt),
    tags: tags?.join("; "),
    isStarred: session.isStarred ? "yes" : undefined,
    isArchived: session.isArchived ? "yes" : undefined,
  };
  const row = session as unknown as Record<string, string | number | undefined>;
  const cells = csvColumns.map((name) => cell(name in derived ? derived[name] : row[name]));
  return `${cells.join(",")}\r\n`;
}
