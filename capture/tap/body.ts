import { MAX_REQUEST_CHARS } from "../limits";
import { cancel, chain, decode, getReader, read, Request, Response } from "./native";

/**
 * Reads a body as text, in pieces; `onEnd` hears whether its end is missing. At `limit` bytes, or when `onText` answers false, it is
 * cancelled; so it is by the function that is answered.
 */
export function readBody(
  body: ReadableStream,
  limit: number,
  onText: (text: string) => boolean,
  onEnd: (isTruncated: boolean) => void,
): () => void {
  const reader = getReader(body);
  const decoder = new TextDecoder();
  const giveUp = (): void => {
    // A body that already failed rejects here once more.
    void chain(cancel(reader), undefined, () => undefined);
  };

  async function pump(): Promise<boolean> {
    for (let rest = limit; ;) {
      const { done, value } = await read(reader);
      if (done) {
        onText(decode(decoder));
        return false;
      }
      const isWanted = onText(decode(decoder, value.subarray(0, rest), { stream: true }));
      rest -= value.length;
      if (isWanted && rest >= 0) continue;
      giveUp();
      return true;
    }
  }

  void chain(pump(), onEnd as (end: unknown) => void, () => {
    giveUp();
    onEnd(true);
  });
  return giveUp;
}

/** The beginning of a request's body as text; "" where it cannot be had, as of a stream. Takes at once what the page may change later. */
export async function requestText(body: unknown): Promise<string> {
  try {
    let text = body;
    if (body instanceof FormData) {
      const fields = [...body].filter(([, value]) => typeof value === "string");
      text = JSON.stringify(Object.fromEntries(fields));
    }
    if (typeof text === "string") return text.slice(0, MAX_REQUEST_CHARS);
    if (!body || body instanceof ReadableStream) return "";
    const source = body instanceof Request ? body : new Response(body as BodyInit);
    return await (await source.blob()).slice(0, MAX_REQUEST_CHARS).text();
  } catch {
    // A body that fails: the page hears of it from its own call.
    return "";
  }
}
