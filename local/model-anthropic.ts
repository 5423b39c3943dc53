import { pieces, type Asked, type Step, type Usage } from "./model-script.ts";

interface Block {
  type: string;
  text?: string;
}

/** What is read of a messages request. */
export interface AnthropicRequest {
  model: string;
  stream?: boolean;
  system?: string | Block[];
  messages: { role: string; content: string | Block[] }[];
}

type Answered = Step & { usage: Usage };

/** Reads what is asked out of a messages request; a tool's result comes in a user message and is no prompt. */
export function readAnthropic(request: AnthropicRequest): Asked {
  const last = request.messages.findLastIndex(
    ({ role, content }) =>
      role === "user" &&
      (typeof content === "string" || content.every(({ type }) => type !== "tool_result")),
  );
  const done = request.messages.slice(last + 1).filter(({ role }) => role === "assistant");
  return {
    prompt: textOf(request.messages[last]?.content ?? ""),
    stepsDone: done.length,
    isTitle: /title generator/i.test(textOf(request.system ?? "")),
  };
}

function textOf(content: string | Block[]): string {
  return typeof content === "string" ? content : content.map(({ text }) => text ?? "").join("\n");
}

/** The events of a streamed message. */
export function streamAnthropic(model: string, id: string, step: Answered): string[] {
  const events: { type: string }[] = [start(model, id, step.usage)];
  for (const [index, block] of blocksOf(id, step).entries()) {
    events.push(
      { type: "content_block_start", index, content_block: block.empty } as { type: string },
      ...block.deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index } as { type: string },
    );
  }
  const delta = { stop_reason: stopOf(step), stop_sequence: null };
  const usage = { output_tokens: step.usage.output };
  events.push({ type: "message_delta", delta, usage } as { type: string }, {
    type: "message_stop",
  });
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** A message in one piece. */
export function completeAnthropic(model: string, id: string, step: Answered): object {
  return {
    id: `msg_${id}`,
    type: "message",
    role: "assistant",
    model,
    content: blocksOf(id, step).map(({ whole }) => whole),
    stop_reason: stopOf(step),
    stop_sequence: null,
    usage: usageOf(step.usage),
  };
}

function start(model: string, id: string, usage: Usage): { type: string } {
  const message = { id: `msg_${id}`, type: "message", role: "assistant", model, content: [] };
  const stop = { stop_reason: null, stop_sequence: null };
  const head = { ...message, ...stop, usage: { ...usageOf(usage), output_tokens: 1 } };
  return { type: "message_start", message: head } as { type: string };
}

function blocksOf(id: string, { reasoning, text, tool }: Step) {
  const blocks: { empty: object; whole: object; deltas: object[] }[] = [];
  if (reasoning) {
    blocks.push({
      empty: { type: "thinking", thinking: "", signature: "" },
      whole: { type: "thinking", thinking: reasoning, signature: "" },
      deltas: pieces(reasoning).map((thinking) => ({ type: "thinking_delta", thinking })),
    });
  }
  if (text) {
    blocks.push({
      empty: { type: "text", text: "" },
      whole: { type: "text", text },
      deltas: pieces(text).map((piece) => ({ type: "text_delta", text: piece })),
    });
  }
  if (tool) {
    const call = { type: "tool_use", id: `toolu_${id}`, name: tool.name };
    blocks.push({
      empty: { ...call, input: {} },
      whole: { ...call, input: tool.input },
      deltas: pieces(JSON.stringify(tool.input)).map((partial_json) => ({
        type: "input_json_delta",
        partial_json,
      })),
    });
  }
  return blocks;
}

function stopOf(step: Step): string {
  return step.tool ? "tool_use" : "end_turn";
}

function usageOf({ input, output, cached = 0 }: Usage): object {
  return {
    input_tokens: input - cached,
    output_tokens: output,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: 0,
  };
}
