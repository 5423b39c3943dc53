/** Exports of one session, and of those that are ready for evaluations, with OpenSync's parameters. */
import type { PaginationResult } from "convex/server";
import { type Infer, v } from "convex/values";
import { internal } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { ActionCtx } from "../_generated/server";
import { type EvalOptions, vTurnMode } from "../model/evalCases";
import { type EvalFormat, joinEvals } from "../model/evals";
import { messageMarkdown, sessionHead } from "../model/exportText";
import type { vMessageRow, vSessionRow } from "../model/wireRows";
import { type EvalStatus, type Part, type Role, vEvalStatus } from "../validators";
import { findSession, partsOfRow, textOf } from "./archive";
import { Problem } from "./problem";
import { defineRoute, type Route } from "./route";
import { agentOf } from "./wireShapes";

const MESSAGES_PER_QUERY = 50;

/** A response may have 20 MiB; the whole archive's export has no limit. */
const MAX_BYTES = 8 * 1024 * 1024;

type SessionRow = Infer<typeof vSessionRow>;
type MessageRow = Infer<typeof vMessageRow>;
type WholeMessage = { row: MessageRow; parts: Part[] };

function tooLarge(): Problem {
  return new Problem(
    413,
    "The export is too large for one answer. Export the whole archive instead: /api/export/archive has no limit.",
  );
}

async function allMessages(
  ctx: ActionCtx,
  userId: Id<"users">,
  session: SessionRow,
): Promise<WholeMessage[]> {
  const messages: WholeMessage[] = [];
  let bytes = 0;
  for (let cursor: string | null = null; ;) {
    const paginationOpts = { numItems: MESSAGES_PER_QUERY, cursor };
    const args = { userId, sessionId: session.id, paginationOpts };
    const result: PaginationResult<MessageRow> = await ctx.runQuery(internal.wire.messages, args);
    for (const row of result.page) {
      const parts = await partsOfRow(ctx, userId, row);
      bytes += JSON.stringify(parts).length;
      if (parts === null || bytes > MAX_BYTES) throw tooLarge();
      messages.push({ row, parts });
    }
    if (result.isDone) return messages;
    cursor = result.continueCursor;
  }
}

/** A name that every file system and every header takes. */
function fileName(title: string | undefined, extension: string): string {
  const name =
    (title ?? "")
      .replace(/[^A-Za-z0-9._ -]+/g, "_")
      .trim()
      .slice(0, 80) || "session";
  return `${name}.${extension}`;
}

function attachment(body: string, type: string, name: string, more = {}): Response {
  const headers = {
    ...{ "Content-Type": `${type}; charset=utf-8`, ...more },
    "Content-Disposition": `attachment; filename="${name}"`,
    "Content-Length": String(new TextEncoder().encode(body).length),
  };
  return new Response(body, { headers });
}

function markdown(session: SessionRow, messages: WholeMessage[]): Response {
  const { source, title, model, url, projectName, createdAt, updatedAt } = session;
  const header = { agent: source, key: session.externalId, title, model, url, projectName };
  const head = sessionHead({ ...header, createdAt, storedAt: updatedAt });
  const turns = messages.map(({ row, parts }, position) => {
    const { externalId, role, model, createdAt } = row;
    const shown = { key: externalId, role, model, createdAt, position, parts };
    return messageMarkdown({ ...shown, state: "final", hash: "" });
  });
  return attachment([head, ...turns].join(""), "text/markdown", fileName(title, "md"));
}

const vContent = v.object({ role: v.string(), content: v.string() });

function spoken(messages: WholeMessage[]): { role: Role; content: string }[] {
  return messages.map(({ row, parts }) => ({ role: row.role, content: textOf(parts) ?? "" }));
}

const exportSession: Route = defineRoute({
  method: "GET",
  path: "/api/export",
  access: "read",
  summary: "One session as JSON, as lines of JSON, or as a Markdown file.",
  query: v.object({
    id: v.optional(v.string()),
    format: v.optional(v.string()),
  }),
  returns: v.union(
    v.object({
      session: v.object({
        id: v.string(),
        title: v.optional(v.string()),
        model: v.optional(v.string()),
      }),
      messages: v.array(vContent),
    }),
    v.object({ content: v.string(), filename: v.string() }),
  ),
  files: ["text/markdown"],
  handle: async (ctx, { userId, query: { id, format } }) => {
    const session = await findSession(ctx, userId, id);
    const messages = await allMessages(ctx, userId, session);
    if (format === "markdown") return markdown(session, messages);
    if (format === "jsonl") {
      const content = spoken(messages).map((message) => `${JSON.stringify(message)}\n`);
      return { content: content.join(""), filename: fileName(session.title, "jsonl") };
    }
    const { title, model } = session;
    return { session: { id: session.id, title, model }, messages: spoken(messages) };
  },
});

const formats = new Map<string, EvalFormat>([
  ...(["deepeval", "openai", "promptfoo", "files"] as const).map((name) => [name, name] as const),
  ["filesystem", "files"],
]);

function dayOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw new Problem(400, `${name} has to be a day such as 2026-01-31, or Unix ms.`);
}

type EvalPage = PaginationResult<{ sessionId: Id<"sessions">; items: string[] }>;

const vEvalQuery = v.object({
  format: v.optional(v.string()),
  tool: v.optional(v.string()),
  model: v.optional(v.string()),
  date_from: v.optional(v.string()),
  date_to: v.optional(v.string()),
  tags: v.optional(v.string()),
  status: v.optional(v.string()),
  min_tokens: v.optional(v.number()),
  include_metadata: v.optional(v.boolean()),
  anonymize: v.optional(v.boolean()),
  turn_mode: v.optional(vTurnMode),
});

const exportEvals: Route = defineRoute({
  method: "GET",
  path: "/api/export/evals",
  access: "read",
  summary: "The sessions that are marked as ready for evaluations, as test cases.",
  query: vEvalQuery,
  returns: v.any(),
  files: ["application/x-ndjson"],
  handle: async (ctx, { userId, query }) => {
    const format = formats.get(query.format ?? "deepeval");
    if (format === undefined) {
      throw new Problem(400, `format has to be one of ${[...formats.keys()].join(", ")}.`);
    }
    const { include_metadata: includeMetadata, anonymize, turn_mode: turnMode } = query;
    const options = { includeMetadata, anonymize, turnMode };
    const { items, sessions } = await evalItems(ctx, userId, format, filterOf(query), options);
    if (items.length === 0) throw new Problem(404, "No sessions found matching the filters");
    const isLines = format === "openai" || format === "promptfoo";
    const counts = {
      "X-Export-Sessions": String(sessions),
      "X-Export-TestCases": String(items.length),
    };
    const type = isLines ? "application/x-ndjson" : "application/json";
    const name = `evals-${format}.${isLines ? "jsonl" : "json"}`;
    return attachment(joinEvals(format, items), type, name, counts);
  },
});

/** OpenSync writes the states with underscores. */
function statusOf(text: string | undefined): EvalStatus | undefined {
  if (text === undefined) return undefined;
  const known = vEvalStatus.members.map(({ value }) => value);
  const status = known.find((value) => value === text.replaceAll("_", "-"));
  if (status !== undefined) return status;
  throw new Problem(400, `status has to be one of ${known.join(", ")}.`);
}

type EvalFilter = {
  agent?: string;
  model?: string;
  status?: EvalStatus;
  tags?: string[];
  minTokens?: number;
  from?: number;
  to?: number;
};

function filterOf(query: Infer<typeof vEvalQuery>): EvalFilter {
  const { min_tokens: minTokens } = query;
  if (minTokens !== undefined && !(Number.isInteger(minTokens) && minTokens >= 0)) {
    throw new Problem(400, "min_tokens has to be a whole number of 0 or more.");
  }
  const tags = query.tags?.split(",").filter((tag) => tag !== "") ?? [];
  return {
    ...{ agent: agentOf(query.tool), model: query.model, status: statusOf(query.status) },
    ...{ tags: tags.length === 0 ? undefined : tags, minTokens },
    from: dayOf("date_from", query.date_from),
    to: dayOf("date_to", query.date_to),
  };
}

async function evalItems(
  ctx: ActionCtx,
  userId: Id<"users">,
  format: EvalFormat,
  filter: EvalFilter,
  options: EvalOptions,
): Promise<{ items: string[]; sessions: number }> {
  const all: string[] = [];
  let sessions = 0;
  let bytes = 0;
  for (let cursor: string | null = null; ;) {
    const result: EvalPage = await ctx.runQuery(internal.evals.pageFor, {
      ...{ userId, format, filter, options },
      paginationOpts: { numItems: 1, cursor },
    });
    for (const { items } of result.page) {
      bytes += items.join("").length;
      if (bytes > MAX_BYTES) throw tooLarge();
      if (items.length > 0) sessions += 1;
      all.push(...items);
    }
    if (result.isDone) return { items: all, sessions };
    cursor = result.continueCursor;
  }
}

/** The routes of this file. */
export const exportRoutes: Route[] = [exportSession, exportEvals];
