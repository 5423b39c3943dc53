/** A session's turns as test cases: which of them, and with what left out. */
import { type Infer, v } from "convex/values";
import type { Doc } from "../_generated/dataModel";
import { anonymous } from "./anonymous";

/** Deepest nesting of a tool's arguments; what is nested deeper stays a text, which every JSON reader takes. */
const MAX_DEPTH = 64;

export const vTurnMode = v.union(
  /** A case for each question, with what went before as its context. */
  v.literal("per_turn"),
  /** One case of all questions and all answers. */
  v.literal("full"),
  /** The last question that has an answer. */
  v.literal("final_only"),
);

/** What an export holds of each session; an absent option is as in OpenSync. */
export const evalOptionFields = {
  /** Title, agent, model, status, tags and notes; on by default. */
  includeMetadata: v.optional(v.boolean()),
  /** Without the names of home directories and without e-mail addresses; on by default. */
  anonymize: v.optional(v.boolean()),
  /** `per_turn` by default. */
  turnMode: v.optional(vTurnMode),
};

export const vEvalOptions = v.object(evalOptionFields);

export type EvalOptions = Infer<typeof vEvalOptions>;

/** What is done to every text on its way into an export. */
export type Change = (text: string) => string;

type ToolCall = { name: string; input: unknown };

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

/** The change that the options ask for. */
export function changeOf({ anonymize = true }: EvalOptions): Change {
  return anonymize ? anonymous : (text) => text;
}

function textOf({ parts, text, large }: Doc<"messages">): string {
  if (large !== undefined) return text;
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}

/** The JSON value with every text in it changed, names too. */
function changed(value: unknown, change: Change, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new RangeError("nested too deep");
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => changed(item, change, depth + 1));
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, inner]) => [change(name), changed(inner, change, depth + 1)]),
  );
}

function toolInput(input: string, change: Change): unknown {
  try {
    return changed(JSON.parse(input), change);
  } catch {
    return change(input);
  }
}

function toolsOf({ parts }: Doc<"messages">, change: Change): ToolCall[] {
  return parts.flatMap((part) =>
    part.type === "tool-call"
      ? [{ name: part.toolName, input: toolInput(part.input, change) }]
      : [],
  );
}

function joined(texts: string[]): string {
  return texts.filter((text) => text !== "").join("\n\n");
}

/** A session's turns: what the user said, and all that the assistant answered until the next question. */
function turnsOf(
  messages: Doc<"messages">[],
  expected: string | undefined,
  change: Change,
): EvalCase[] {
  const cases: EvalCase[] = [];
  const context: EvalCase["context"] = [];
  for (const message of messages) {
    const content = change(textOf(message));
    const last = cases.at(-1);
    if (message.role === "user" && content !== "") {
      if (last !== undefined) {
        context.push({ role: "user", content: last.input });
        if (last.output !== "") context.push({ role: "assistant", content: last.output });
      }
      cases.push({ input: content, output: "", tools: [], context: [...context] });
    } else if (message.role === "assistant" && last !== undefined) {
      last.output = joined([last.output, content]);
      last.tools.push(...toolsOf(message, change));
    }
  }
  const end = cases.at(-1);
  if (end !== undefined && expected !== undefined) end.expected = change(expected);
  return cases.filter(({ output, tools }) => output !== "" || tools.length > 0);
}

/** A session's test cases as the options ask for them. */
export function casesOf(
  messages: Doc<"messages">[],
  expected: string | undefined,
  options: EvalOptions,
): EvalCase[] {
  const turns = turnsOf(messages, expected, changeOf(options));
  const end = turns.at(-1);
  if (end === undefined || options.turnMode === undefined) return turns;
  switch (options.turnMode) {
    case "per_turn":
      return turns;
    case "final_only":
      return [end];
    case "full":
      return [
        {
          ...end,
          input: joined(turns.map(({ input }) => input)),
          output: joined(turns.map(({ output }) => output)),
          tools: turns.flatMap(({ tools }) => tools),
          context: [],
        },
      ];
  }
}
