/** Eval-ready sessions as test cases of the tools that people evaluate agents with. */
import { type Infer, v } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { type Change, type EvalCase, type EvalOptions, casesOf, changeOf } from "./evalCases";

/** Bytes of message rows that are read of one session; a query may read 16 MiB. */
const MAX_READ = 8 * 1024 * 1024;

export const vEvalFormat = v.union(
  v.literal("deepeval"),
  v.literal("openai"),
  v.literal("promptfoo"),
  v.literal("files"),
);

export type EvalFormat = Infer<typeof vEvalFormat>;

/** What an export says of a session besides its turns. */
type About = { name: string; metadata?: Metadata };

type Metadata = {
  title?: string;
  agent: string;
  model?: string;
  status?: string;
  tags?: string[];
  notes?: string;
};

function about(
  session: Doc<"sessions">,
  { includeMetadata = true }: EvalOptions,
  change: Change,
): About {
  const { key, title, agent, model, evalStatus, evalTags, evalNotes } = session;
  const name = change(title ?? key);
  if (!includeMetadata) return { name };
  const tags = evalTags?.map(change);
  const notes = evalNotes && change(evalNotes);
  return {
    name,
    metadata: { title: title && name, agent, model, status: evalStatus, tags, notes },
  };
}

/** The `index`th case of a session as one JSON text of the format. */
function caseText(
  format: Exclude<EvalFormat, "files">,
  { name, metadata }: About,
  { input, output, tools, context, expected }: EvalCase,
  index: number,
): string {
  switch (format) {
    case "deepeval":
      return JSON.stringify({
        name: `${name} #${index + 1}`,
        input,
        actual_output: output,
        expected_output: expected,
        context: context.map(({ role, content }) => `${role}: ${content}`),
        tools_called: tools.map(({ name, input }) => ({ name, input_parameters: input })),
        additional_metadata: metadata,
      });
    case "openai":
      return JSON.stringify({
        input: [...context, { role: "user", content: input }],
        ideal: expected ?? output,
        metadata,
      });
    case "promptfoo":
      return JSON.stringify({
        description: `${name} #${index + 1}`,
        vars: { input, context, output },
        assert: [{ type: "similar", value: expected ?? output, threshold: 0.8 }],
        metadata,
      });
  }
}

function fileText(session: Doc<"sessions">, { name, metadata }: About, cases: EvalCase[]): string {
  const turns = cases.map(
    ({ input, output, expected }) =>
      `## User\n\n${input}\n\n## Assistant\n\n${output}${expected === undefined ? "" : `\n\n## Expected\n\n${expected}`}`,
  );
  const { notes, status, tags = [] } = metadata ?? {};
  const facts = [
    status && `Status: ${status}`,
    tags.length > 0 && `Tags: ${tags.join(", ")}`,
    notes,
  ];
  const content = `${[`# ${name}`, ...facts, ...turns].filter(Boolean).join("\n\n")}\n`;
  // The row's id keeps two sessions with the same beginning of a key apart.
  return JSON.stringify({ name: `${session.agent}-${session._id}.md`, content });
}

/** What a session gives to an export: one JSON text per test case, or one `{ name, content }` with `files`. */
export async function evalItems(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  format: EvalFormat,
  options: EvalOptions,
): Promise<string[]> {
  const rows = ctx.db
    .query("messages")
    .withIndex("by_user_session_position", (q) =>
      q.eq("userId", session.userId).eq("sessionId", session._id),
    );
  const messages: Doc<"messages">[] = [];
  let read = 0;
  for await (const row of rows) {
    read += row.text.length + JSON.stringify(row.parts).length;
    if (read > MAX_READ) break;
    messages.push(row);
  }
  const known = about(session, options, changeOf(options));
  if (format === "files") {
    // A file holds a whole conversation turn by turn.
    const turnMode = options.turnMode === "full" ? "per_turn" : options.turnMode;
    const cases = casesOf(messages, session.expectedOutput, { ...options, turnMode });
    return cases.length > 0 ? [fileText(session, known, cases)] : [];
  }
  const cases = casesOf(messages, session.expectedOutput, options);
  return cases.map((one, index) => caseText(format, known, one, index));
}

/** The items of all pages as one file: JSON for DeepEval and `files`, a line per case (JSONL) for OpenAI evals and Promptfoo. */
export function joinEvals(format: EvalFormat, items: string[]): string {
  if (format === "openai" || format === "promptfoo")
    return items.map((item) => `${item}\n`).join("");
  const list = `[${items.join(",\n")}]`;
  return format === "files" ? `{"files":${list}}\n` : `${list}\n`;
}
