/** The blocks of an entry of Perplexity: the answer, its sources, what was done to find it, images. */
import type { Part } from "../agent";
import { asRecord, asString, compact, parseJson, toJson } from "./json";
import { filePart, sourcePart, textParts, unknownPart } from "./parts";
import { withoutSignatures } from "./unsigned";

type Json = Record<string, unknown>;

/** Blocks that only arrange on the page what other blocks hold, or offer what could be asked next. */
const BOOKKEEPING =
  /^(?:answer_tabs|answer_modes|image_answer_mode|video_answer_mode|pending_followups|refinement_filters|related_queries|in_context_suggestions|placeholder_cards)/;

function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(asRecord).filter((record) => record !== undefined) : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The text of a `markdown_block`. While it is written there are only the chunks. */
function markdownOf(value: unknown): string {
  const block = asRecord(value);
  return asString(block?.answer) || strings(block?.chunks).join("");
}

/** The answer: whole in `ask_text`, and once more in pieces where something stands between them. */
function answerOf(blocks: readonly Json[]): string {
  const whole = blocks.find(({ intended_usage: usage }) => usage === "ask_text");
  const text = markdownOf(whole?.markdown_block);
  if (text !== "") return text;
  return blocks
    .filter(({ intended_usage: usage }) => /^ask_text_\d+_markdown$/.test(String(usage)))
    .map((block) => markdownOf(block.markdown_block))
    .filter((piece) => piece !== "")
    .join("\n\n");
}

/** Steps that only open and close the search. */
const EDGES = new Set(["INITIAL_QUERY", "TERMINATE", "FINAL"]);

/** A step of the plan: something thought, or something done, with what it was done with. */
function readStep(step: Json): Part[] {
  const type = asString(step.step_type) ?? "";
  if (EDGES.has(type)) return [];
  const [, content] = Object.entries(step).find(([name]) => name.endsWith("_content")) ?? [];
  const thought = asRecord(content)?.thought;
  if (typeof thought === "string") return textParts(thought, "reasoning");
  return [
    {
      type: "tool-call",
      toolCallId: asString(step.uuid) ?? type,
      toolName: type,
      input: toJson(withoutSignatures(content ?? {})),
    },
  ];
}

/** The goals that the page shows while it searches, and each step once: two blocks may hold the same plan. */
function readPlans(blocks: readonly Json[]): Part[] {
  const plans = records(blocks.map((block) => block.plan_block));
  const goals = plans.flatMap((plan) =>
    records(plan.goals).flatMap(({ description }) => asString(description)?.trim() || []),
  );
  const steps = new Map<unknown, Json>();
  for (const step of plans.flatMap((plan) => records(plan.steps))) {
    steps.set(step.uuid ?? step, step);
  }
  return [
    ...textParts([...new Set(goals)].join("\n"), "reasoning"),
    ...[...steps.values()].flatMap(readStep),
  ];
}

function readSources(results: readonly Json[]): Part[] {
  const byUrl = new Map(results.map((result) => [result.url, result]));
  return [...byUrl.values()].flatMap(({ url, name, title, snippet }) =>
    sourcePart({ url, title: name ?? title, snippet }),
  );
}

function readMedia({ name, medium, media_type, image, url }: Json): Part {
  return filePart({
    name: asString(name) || undefined,
    mediaType: media_type ?? (medium === "image" || medium === "video" ? `${medium}/*` : undefined),
    url: image ?? url,
  });
}

const UNDERSTOOD = new Set([
  "markdown_block",
  "web_result_block",
  "sources_mode_block",
  "plan_block",
  "media_block",
]);

function readOther(block: Json): Part[] {
  const usage = asString(block.intended_usage) ?? "block";
  const names = Object.keys(block).filter((name) => name !== "intended_usage");
  if (BOOKKEEPING.test(usage) || names.some((name) => UNDERSTOOD.has(name))) return [];
  return names.length > 0 ? [unknownPart(usage, withoutSignatures(block))] : [];
}

/** The parts of an answer, in an order of their own, as the blocks come in any. */
export function blockParts(value: unknown): Part[] {
  const blocks = records(value);
  const results = blocks.flatMap((block) => [
    ...records(asRecord(block.web_result_block)?.web_results),
    ...records(asRecord(block.sources_mode_block)?.web_results),
  ]);
  const media = blocks.flatMap((block) => records(asRecord(block.media_block)?.media_items));
  return [
    ...readPlans(blocks),
    ...textParts(answerOf(blocks)),
    ...readSources(results),
    ...media.map(readMedia),
    ...blocks.flatMap(readOther),
  ];
}

/** The parts of an answer without blocks: a text, or JSON with the answer and its sources, perhaps as the last of a list of steps. */
export function plainParts(entry: Json): Part[] {
  const text = asString(entry.text) ?? "";
  const steps = records(parseJson(text));
  const final = asRecord(steps.find(({ step_type: type }) => type === "FINAL")?.content)?.answer;
  const whole = asRecord(parseJson(asString(final) ?? asString(entry.answer) ?? text));
  const thoughts = steps.flatMap(({ step_type, uuid, content }) =>
    readStep({ step_type, uuid, plain_content: content }),
  );
  const written = asString(whole?.answer) ?? (steps.length > 0 ? asString(final) : text);
  return [
    ...thoughts,
    ...textParts(written),
    ...readSources([...records(whole?.web_results), ...records(entry.web_results)]),
  ];
}

/** What was attached to a prompt: addresses, which are signed, or descriptions. */
export function attachmentParts(value: unknown): Part[] {
  const list: unknown[] = Array.isArray(value) ? value : [];
  return list.map((item) => {
    const file = asRecord(item);
    const address = asString(item) ?? asString(file?.url) ?? "";
    const last =
      address
        .replace(/[?#].*$/s, "")
        .split("/")
        .at(-1) ?? "";
    const name = asString(file?.name) ?? asString(file?.file_name) ?? decoded(last);
    return compact(
      filePart({
        name: name || undefined,
        mediaType: file?.content_type ?? file?.media_type,
        size: file?.file_size ?? file?.size,
      }),
    );
  });
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // A percent sign in a name that is not encoded.
    return name;
  }
}
