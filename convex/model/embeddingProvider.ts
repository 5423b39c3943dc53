/** The provider of vectors: any server that speaks OpenAI's embeddings API. Without a key nothing of search by meaning runs. */
import { v } from "convex/values";
import { validate } from "convex-helpers/validators";
import { EMBEDDING_DIMENSIONS } from "../schema";

const OPENAI = "https://api.openai.com/v1";
const DEFAULT_MODEL = "text-embedding-3-small";
const TIMEOUT_MS = 60_000;

/** Where vectors come from. */
export type EmbeddingProvider = { baseUrl: string; key: string; model: string };

const vAnswer = v.object({
  data: v.array(v.object({ index: v.number(), embedding: v.array(v.float64()) })),
});

/** The deployment's provider by its settings OPENAI_API_KEY, OPENAI_BASE_URL and EMBEDDING_MODEL; null without a key. */
export function embeddingProvider(): EmbeddingProvider | null {
  /* eslint-disable @convex-dev/no-process-env -- optional settings of a deployment */
  const key = process.env.OPENAI_API_KEY;
  const baseUrl = process.env.OPENAI_BASE_URL;
  const model = process.env.EMBEDDING_MODEL;
  /* eslint-enable @convex-dev/no-process-env */
  if (key === undefined || key === "") return null;
  return { key, baseUrl: (baseUrl || OPENAI).replace(/\/+$/, ""), model: model || DEFAULT_MODEL };
}

/** A vector for each text, in order; null when the provider does not give them. */
export async function embed(
  provider: EmbeddingProvider,
  texts: string[],
): Promise<number[][] | null> {
  if (texts.length === 0) return [];
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  const answer = await ask(provider, texts, controller.signal);
  clearTimeout(timer);
  if (!validate(vAnswer, answer, { allowUnknownFields: true })) return null;
  const vectors = answer.data.toSorted((a, b) => a.index - b.index).map((one) => one.embedding);
  const isWhole =
    vectors.length === texts.length &&
    vectors.every((vector) => vector.length === EMBEDDING_DIMENSIONS);
  return isWhole ? vectors : null;
}

async function ask(
  { baseUrl, key, model }: EmbeddingProvider,
  texts: string[],
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const response = await fetch(`${baseUrl}/embeddings`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ model, input: texts, dimensions: EMBEDDING_DIMENSIONS }),
      signal,
    });
    return response.ok ? await response.json() : null;
  } catch {
    // No connection, no time left, or no JSON: to the caller all the same.
    return null;
  }
}
