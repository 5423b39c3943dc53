/** Eval-ready sessions as test cases of the tools that people evaluate agents with. */
import { type Infer, v } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";

/** Bytes of message rows that are read of one session; a query may read 16 MiB. */
const MAX_READ = 8 * 1024 * 1024;

export const vEvalFormat = v.union(
  v.literal("deepeval"),
  v.literal("openai"),
  v.literal("promptfoo"),
  v.literal("files"),
);

export type EvalFormat = Infer<typeof vEvalFormat>;

type ToolCall = { name: string; input: string };

/** One question of a session with its answer and what went before. */
export type EvalCase = {
  input: string;
  output: string;
  tools: ToolCall[];
  /** Earlier turns, oldest first. */
  context: { role: "user" | "assistant"; content: string }[];
  /** What the person says the answer should have been; of a session's last turn only. */
  expected?: string;
};

function textOf({ parts, text, large }: Doc<"messages">): string {
  if (large !== undefined) return text;
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}

function toolsOf({ parts }: Doc<"messages">): ToolCall[] {
  return parts.flatMap((part) =>
    part.type === "tool-call" ? [{ name: part.toolName, input: part.input }] : [],
  );
}

/** A session's turns: what the user said, and all that the assistant answered until the next question. */
export function casesOf(messages: Doc<"messages">[], expected: string | undefined): EvalCase[] {
  const cases: EvalCase[] = [];
  const context: EvalCase["context"] = [];
  for (const message of messages) {
    const content = textOf(message);
    const last = cases.at(-1);
    if (message.role === "user" && content !== "") {
      if (last !== undefined) {
        context.push({ role: "user", content: last.input });
        if (last.output !== "") context.push({ role: "assistant", content: last.output });
      }
      cases.push({ input: content, output: "", tools: [], context: [...context] });
    } else if (message.role === "assistant" && last !== undefined) {
      last.output = [last.output, content].filter((text) => text !== "").join("\n\n");
      last.tools.push(...toolsOf(message));
    }
  }
  const end = cases.at(-1);
  if (end !== undefined && expected !== undefined) end.expected = expected;
  return cases.filter(({ output, tools }) => output !== "" || tools.length > 0);
}

function about(session: Doc<"sessions">) {
  const { title, agent, model, evalStatus, evalTags, evalNotes } = session;
  return { title, agent, model, status: evalStatus, tags: evalTags, notes: evalNotes };
}

function toolInput(input: string): unknown {
  try {
    return JSON.parse(input) as unknown;
  } catch {
    return input;
  }
}

/** The `index`th case of a session as one JSON text of the format. */
function caseText(
  format: Exclude<EvalFormat, "files">,
  session: Doc<"sessions">,
  { input, output, tools, context, expected }: EvalCase,
  index: number,
): string {
  const metadata = about(session);
  switch (format) {
    case "deepeval":
      return JSON.stringify({
        name: `${session.title ?? session.key} #${index + 1}`,
        input,
        actual_output: output,
        expected_output: expected,
        context: context.map(({ role, content }) => `${role}: ${content}`),
        tools_called: tools.map(({ name, input }) => ({
          name,
          input_parameters: toolInput(input),
        })),
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
        description: `${session.title ?? session.key} #${index + 1}`,
        vars: { input, context, output },
        assert: [{ type: "similar", value: expected ?? output, threshold: 0.8 }],
        metadata,
      });
  }
}

function fileText(session: Doc<"sessions">, cases: EvalCase[]): string {
  // The row's id keeps two sessions with the same beginning of a key apart.
  const name = `${session.agent}-${session._id}.md`;
  const turns = cases.map(
    ({ input, output, expected }) =>
      `## User\n\n${input}\n\n## Assistant\n\n${output}${expected === undefined ? "" : `\n\n## Expected\n\n${expected}`}`,
  );
  const { notes, status, tags = [] } = about(session);
  const facts = [
    status && `Status: ${status}`,
    tags.length > 0 && `Tags: ${tags.join(", ")}`,
    notes,
  ];
  const content = [`# ${session.title ?? session.key}`, ...facts, ...turns].filter(Boolean);
  return JSON.stringify({ name, content: `${content.join("\n\n")}\n` });
}

/** What a session gives to an export: one JSON text per test case, or one `{ name, content }` with `files`. */
export async function evalItems(
  ctx: QueryCtx,
  session: Doc<"sessions">,
  format: EvalFormat,
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
  const cases = casesOf(messages, session.expectedOutput);
  if (format === "files") return cases.length > 0 ? [fileText(session, cases)] : [];
  return cases.map((one, index) => caseText(format, session, one, index));
}

/** The items of all pages as one file: JSON for DeepEval and `files`, a line per case (JSONL) for OpenAI evals and Promptfoo. */
export function joinEvals(format: EvalFormat, items: string[]): string {
  if (format === "openai" || format === "promptfoo")
    return items.map((item) => `${item}\n`).join("");
  const list = `[${items.join(",\n")}]`;
  return format === "files" ? `{"files":${list}}\n` : `${list}\n`;
}
