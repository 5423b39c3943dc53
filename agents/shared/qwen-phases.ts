/** Qwen's contents by phase: whole ones in a loaded chat, deltas in a stream. Both become the same parts. */
import type { Part } from "../agent";
import { asRecord, asRecords, asString } from "./json";
import { filePart, sourcePart, textParts } from "./parts";

type Json = Record<string, unknown>;

/** Contents that follow each other in one phase, or belong to one call. */
interface Run {
  phase: string;
  callId: string;
  text: string;
  toolName: string;
  input: string;
  titles: string[];
  thoughts: string[];
  found: Json[];
  isAnswered: boolean;
}

function strings(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

/** A list that a stream repeats with more in it, or gives piece by piece. */
function grown(before: string[], next: string[]): string[] {
  const isRepeated = before.every((item, index) => next[index]?.startsWith(item));
  return isRepeated && next.length >= before.length ? next : [...before, ...next];
}

function addTo(run: Run, content: Json): void {
  const extra = asRecord(content.extra) ?? {};
  const call = asRecord(content.function_call);
  const input = asString(call?.arguments) ?? "";
  run.text += asString(content.content) ?? "";
  run.toolName ||= asString(call?.name) ?? asString(content.name) ?? "";
  run.input = input.startsWith(run.input) ? input : run.input + input;
  run.titles = grown(run.titles, strings(asRecord(extra.summary_title)?.content));
  run.thoughts = grown(run.thoughts, strings(asRecord(extra.summary_thought)?.content));
  const found = asRecords(extra.web_search_info);
  if (found.length > 0) run.found = found;
  run.isAnswered ||=
    content.role === "function" || content.status === "finished" || found.length > 0;
}

function runsOf(contents: Json[]): Run[] {
  const runs: Run[] = [];
  for (const content of contents) {
    const phase = asString(content.phase) ?? "answer";
    const callId = asString(content.function_id) ?? "";
    let run = callId === "" ? runs.at(-1) : runs.findLast((last) => last.callId === callId);
    if (!run || run.phase !== phase || run.callId !== callId) {
      run = {
        phase,
        callId,
        text: "",
        toolName: "",
        input: "",
        titles: [],
        thoughts: [],
        found: [],
        isAnswered: false,
      };
      runs.push(run);
    }
    addTo(run, content);
  }
  return runs;
}

function sources(run: Run): Part[] {
  return run.found.flatMap(({ url, title, snippet }) => sourcePart({ url, title, snippet }));
}

function reasoning(run: Run): Part[] {
  const thoughts = run.thoughts.map((thought, index) =>
    run.titles[index] ? `**${run.titles[index]}**\n\n${thought}` : thought,
  );
  return textParts([...thoughts, ...(run.text === "" ? [] : [run.text])].join("\n\n"), "reasoning");
}

function toolParts(run: Run, toolCallId: string): Part[] {
  const toolName = run.toolName || run.phase;
  const call: Part = { type: "tool-call", toolCallId, toolName, input: run.input || "{}" };
  if (!run.isAnswered) return [call, ...sources(run)];
  return [call, { type: "tool-result", toolCallId, output: run.text }, ...sources(run)];
}

/** The parts in the order of the phases; `id` is the message's. */
export function phaseParts(contents: Json[], id: string): Part[] {
  return runsOf(contents).flatMap((run, index): Part[] => {
    if (run.phase === "think" || run.phase === "thinking_summary") return reasoning(run);
    if (run.phase === "answer") return [...textParts(run.text), ...sources(run)];
    if (run.phase === "image_gen") {
      return run.text === "" ? [] : [filePart({ mediaType: "image", url: run.text })];
    }
    return toolParts(run, run.callId || `${id}:${index}`);
  });
}
