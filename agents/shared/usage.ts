/** Token counts as the services write them: OpenAI's names, Anthropic's, camel case, Ollama's. */
import type { Tokens } from "../agent";
import { asNumber, asRecord, compact } from "./json";

function first(record: Record<string, unknown>, names: string[]): number | undefined {
  return names.map((name) => asNumber(record[name])).find((value) => value !== undefined);
}

/** The counts of a `usage` object; undefined where it holds none. */
export function readUsage(value: unknown): Tokens | undefined {
  const usage = asRecord(value);
  if (!usage) return undefined;
  const input = asRecord(usage.prompt_tokens_details ?? usage.input_tokens_details) ?? {};
  const output = asRecord(usage.completion_tokens_details ?? usage.output_tokens_details) ?? {};
  const tokens: Tokens = compact({
    input: first(usage, [
      "input_tokens",
      "prompt_tokens",
      "inputTokens",
      "promptTokens",
      "prompt_eval_count",
    ]),
    output: first(usage, [
      "output_tokens",
      "completion_tokens",
      "outputTokens",
      "completionTokens",
      "eval_count",
    ]),
    reasoning: first({ ...usage, ...output }, ["reasoning_tokens", "reasoningTokens"]),
    cacheRead: first({ ...usage, ...input }, [
      "cached_tokens",
      "cache_read_input_tokens",
      "cachedInputTokens",
    ]),
    total: first(usage, ["total_tokens", "totalTokens"]),
  });
  return Object.keys(tokens).length > 0 ? tokens : undefined;
}
