/**
 * What the makers' APIs charge for a model's tokens. It values what no agent gives a cost for; a subscription costs something else,
 * so such a cost is always marked as estimated. What was counted stays as it was when this table changes.
 */

/** The day on which the makers' price pages were last compared with this table. */
export const PRICES_AS_OF = "2026-11-06";

/** US dollars per million tokens. */
type Price = { input: number; output: number; cacheRead: number; cacheWrite: number };

/** The kinds of tokens that have a price of their own. */
export type PricedTokens = {
  input: number;
  output: number;
  reasoning: number;
  cacheRead: number;
  cacheWrite: number;
};

/** `input` is also the price of writing a cache, where the maker has none for it. */
function price(input: number, output: number, cacheRead: number, cacheWrite = input): Price {
  return { input, output, cacheRead, cacheWrite };
}

/** By the model's name without the maker's prefix. */
const PRICES: Record<string, Price> = {
  "claude-fable-5-1": price(10, 50, 0.25, 12.5),
  "claude-opus-5-5": price(4, 20, 0.2, 5),
  "claude-opus-5": price(5, 25, 0.5, 6.25),
  "claude-opus-4-8": price(5, 25, 0.5, 6.25),
  "claude-opus-4-7": price(5, 25, 0.5, 6.25),
  "claude-opus-4-6": price(5, 25, 0.5, 6.25),
  "claude-opus-4-5": price(5, 25, 0.5, 6.25),
  "claude-opus-4-1": price(15, 75, 1.5, 18.75),
  "claude-opus-4": price(15, 75, 1.5, 18.75),
  "claude-3-opus": price(15, 75, 1.5, 18.75),
  "claude-sonnet-5-5": price(2, 10, 0.2, 2.5),
  "claude-sonnet-5": price(2, 10, 0.2, 2.5),
  "claude-sonnet-4-6": price(3, 15, 0.3, 3.75),
  "claude-sonnet-4-5": price(3, 15, 0.3, 3.75),
  "claude-sonnet-4": price(3, 15, 0.3, 3.75),
  "claude-3-7-sonnet": price(3, 15, 0.3, 3.75),
  "claude-3-5-sonnet": price(3, 15, 0.3, 3.75),
  "claude-haiku-5-5": price(0.1, 0.5, 0.01, 0.125),
  "claude-haiku-4-5": price(1, 5, 0.1, 1.25),
  "claude-3-5-haiku": price(0.8, 4, 0.08, 1),
  "gpt-6-1-sol": price(2, 10, 0.1, 2.5),
  "gpt-6-sol": price(2, 10, 0.2, 2.5),
  "gpt-6-luna": price(0.1, 0.5, 0.01, 0.125),
  "gpt-5-4": price(2.5, 15, 0.25),
  "gpt-5-4-mini": price(0.75, 4.5, 0.075),
  "gpt-5-2": price(1.75, 14, 0.175),
  "gpt-5-1": price(1.25, 10, 0.125),
  "gpt-5": price(1.25, 10, 0.125),
  "gpt-5-mini": price(0.25, 2, 0.025),
  "gpt-5-nano": price(0.05, 0.4, 0.005),
  "gpt-4-1": price(2, 8, 0.5),
  "gpt-4-1-mini": price(0.4, 1.6, 0.1),
  "gpt-4-1-nano": price(0.1, 0.4, 0.025),
  "gpt-4o": price(2.5, 10, 1.25),
  "gpt-4o-mini": price(0.15, 0.6, 0.075),
  "o4-mini": price(1.1, 4.4, 0.275),
  o3: price(2, 8, 0.5),
  "o3-mini": price(1.1, 4.4, 0.55),
  "gemini-3-5-flash": price(1.5, 9, 0.15),
  "gemini-2-5-pro": price(1.25, 10, 0.125),
  "gemini-2-5-flash": price(0.3, 2.5, 0.03),
  "gemini-2-5-flash-lite": price(0.1, 0.4, 0.01),
  "grok-4": price(3, 15, 0.75),
  "grok-3": price(3, 15, 0.75),
  "deepseek-chat": price(0.28, 0.42, 0.028),
  "deepseek-reasoner": price(0.28, 0.42, 0.028),
};

/** What may follow a model's name without making it another model: a date, or a word for the same model. */
const SAME_MODEL = /^(-\d{4}-?\d{2}-?\d{2}|-latest|-preview|-codex|-thinking)*$/;

/** `anthropic/Claude-Opus-4.5` and `claude-opus-4-5` are one model. */
function plainName(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1);
  return name.toLowerCase().replaceAll(/[.\s_]/g, "-");
}

function findPrice(model: string): Price | undefined {
  const name = plainName(model);
  const known = Object.keys(PRICES).find(
    (known) => name.startsWith(known) && SAME_MODEL.test(name.slice(known.length)),
  );
  return known === undefined ? undefined : PRICES[known];
}

/** What the tokens cost in billionths of a US dollar, a whole number; undefined when the model has no price here. */
export function costOf(model: string, tokens: PricedTokens): number | undefined {
  const price = findPrice(model);
  if (price === undefined) return undefined;
  const output = (tokens.output + tokens.reasoning) * price.output;
  const cache = tokens.cacheRead * price.cacheRead + tokens.cacheWrite * price.cacheWrite;
  return Math.round((tokens.input * price.input + output + cache) * 1_000);
}
