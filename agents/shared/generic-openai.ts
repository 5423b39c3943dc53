/** Chat completions, in one piece and as a stream. */
import type { Part } from "../agent";
import { type ChatAnswer, errorOf, openaiParts, thoughtfulText, toolCall } from "./generic-content";
import { asNumber, asRecord, asRecords, asString, compact } from "./json";
import { secondsTime, sourcePart, textParts } from "./parts";
import { readUsage } from "./usage";

type Json = Record<string, unknown>;

function headOf(body: Json) {
  return {
    model: asString(body.model),
    tokens: readUsage(body.usage),
    createdAt: secondsTime(body.created),
  };
}

/** An answer in one piece; null where it is none. */
export function readCompletion(body: Json): ChatAnswer | null {
  const choice = asRecords(body.choices)[0];
  const message = asRecord(choice?.message);
  if (!choice || !message) return null;
  return compact({
    ...headOf(body),
    parts: openaiParts(message),
    finish: asString(choice.finish_reason),
    isDone: true,
  });
}

interface Call {
  id?: string;
  name: string;
  input: string;
}

/** What the pieces of a stream add up to. */
class Completion {
  text = "";
  reasoning = "";
  readonly calls = new Map<number, Call>();
  readonly sources: Part[] = [];

  add(delta: Json): void {
    this.reasoning += asString(delta.reasoning_content) ?? asString(delta.reasoning) ?? "";
    this.text += asString(delta.content) ?? asString(delta.refusal) ?? "";
    for (const call of asRecords(delta.tool_calls)) this.#addCall(call);
    for (const note of asRecords(delta.annotations)) {
      const { url, title } = asRecord(note.url_citation) ?? note;
      this.sources.push(...sourcePart({ url, title }));
    }
  }

  #addCall(piece: Json): void {
    const index = asNumber(piece.index) ?? this.calls.size;
    const call = this.calls.get(index) ?? { name: "", input: "" };
    const named = asRecord(piece.function) ?? {};
    call.id ??= asString(piece.id);
    call.name += asString(named.name) ?? "";
    call.input += asString(named.arguments) ?? "";
    this.calls.set(index, call);
  }

  parts(): Part[] {
    return [
      ...textParts(this.reasoning, "reasoning"),
      ...thoughtfulText(this.text),
      ...this.sources,
      ...[...this.calls.values()].map(({ id, name, input }) => toolCall(id, name, input)),
    ];
  }
}

/** An answer in pieces; null where no event is one of them. */
export function readCompletionStream(events: Json[], isEnded: boolean): ChatAnswer | null {
  const chunks = events.filter(({ choices }) => Array.isArray(choices));
  if (chunks.length === 0) return null;
  const completion = new Completion();
  let finish: string | undefined;
  for (const { choices } of chunks) {
    const choice = asRecords(choices).find(({ index }) => (index ?? 0) === 0);
    completion.add(asRecord(choice?.delta) ?? {});
    finish = asString(choice?.finish_reason) ?? finish;
  }
  const error = errorOf(events.find((event) => "error" in event)?.error);
  const usage = chunks.findLast((chunk) => asRecord(chunk.usage))?.usage;
  const head = headOf({ ...chunks[0], usage });
  const isDone = isEnded || finish !== undefined || error !== undefined;
  return compact({ ...head, parts: completion.parts(), finish, error, isDone });
}
