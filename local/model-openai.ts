import { pieces, type Asked, type Step, type Usage } from "./model-script.ts";

/** What is read of a chat completions request. */
export interface OpenaiRequest {
  model: string;
  stream?: boolean;
  messages: { role: string; content: string | { type: string; text?: string }[] | null }[];
}

type Answered = Step & { usage: Usage };

/** Reads what is asked out of a chat completions request. */
export function readOpenai(request: OpenaiRequest): Asked {
  const last = request.messages.findLastIndex(({ role }) => role === "user");
  const done = request.messages.slice(last + 1).filter(({ role }) => role === "assistant");
  return {
    prompt: textOf(request.messages[last]?.content ?? ""),
    stepsDone: done.length,
    isTitle: request.messages.some(
      ({ role, content }) => role === "system" && /title generator/i.test(textOf(content)),
    ),
  };
}

function textOf(content: OpenaiRequest["messages"][number]["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text }) => text ?? "").join("\n");
}

/** The events of a streamed chat completion. */
export function streamOpenai(model: string, id: string, step: Answered): string[] {
  const base = { id, object: "chat.completion.chunk", created: seconds(), model };
  const chunk = (delta: object, finish: string | null = null) =>
    JSON.stringify({ ...base, choices: [{ index: 0, delta, finish_reason: finish }] });
  const deltas: object[] = [{ role: "assistant", content: "" }];
  for (const piece of pieces(step.reasoning ?? "")) deltas.push({ reasoning_content: piece });
  for (const piece of pieces(step.text ?? "")) deltas.push({ content: piece });
  for (const [index, piece] of pieces(JSON.stringify(step.tool?.input ?? {})).entries()) {
    if (step.tool) deltas.push({ tool_calls: [toolDelta(id, step.tool.name, piece, index === 0)] });
  }
  return [
    ...deltas.map((delta) => chunk(delta)),
    chunk({}, finishOf(step)),
    JSON.stringify({ ...base, choices: [], usage: usageOf(step.usage) }),
    "[DONE]",
  ].map((data) => `data: ${data}\n\n`);
}

/** A chat completion in one piece. */
export function completeOpenai(model: string, id: string, step: Answered): object {
  const call = step.tool && {
    id: `call_${id}`,
    type: "function",
    function: { name: step.tool.name, arguments: JSON.stringify(step.tool.input) },
  };
  const message = {
    role: "assistant",
    content: step.text ?? null,
    ...(step.reasoning ? { reasoning_content: step.reasoning } : {}),
    ...(call ? { tool_calls: [call] } : {}),
  };
  return {
    id,
    object: "chat.completion",
    created: seconds(),
    model,
    choices: [{ index: 0, message, finish_reason: finishOf(step) }],
    usage: usageOf(step.usage),
  };
}

function toolDelta(id: string, name: string, piece: string, isFirst: boolean): object {
  const head = isFirst ? { id: `call_${id}`, type: "function" } : {};
  return { index: 0, ...head, function: { ...(isFirst ? { name } : {}), arguments: piece } };
}

function finishOf(step: Step): string {
  return step.tool ? "tool_calls" : "stop";
}

function usageOf({ input, output, cached = 0, reasoning = 0 }: Usage): object {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
