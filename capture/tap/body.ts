import { MAX_REQUEST_CHARS } from "../limits";
import { blobOf, cancel, chain, decode, getReader, read, Request, Response } from "./native";

/** How reading a body ended: whole, at the cap, or because the page or the network ended it. */
export type BodyEnd = "whole" | "capped" | "broken";

/** Kinds of a request's body whose bytes can be had without using them up. */
const KINDS = [ArrayBuffer, Blob, Request, URLSearchParams];

/** Reads a body as text, in pieces. At `limit` bytes, or when `onText` answers false, it is cancelled; so it is by the function that is answered. */
export function readBody(
  body: ReadableStream,
  limit: number,
  onText: (text: string) => boolean,
  onEnd: (end: BodyEnd) => void,
): () => void {
  const reader = getReader(body);
  const decoder = new TextDecoder();
  const giveUp = (): void => {
    // A body that already failed rejects here once more.
    void chain(cancel(reader), undefined, () => undefined);
  };

  async function pump(): Promise<BodyEnd> {
    for (let rest = limit; ;) {
      const { done, value } = await read(reader);
      if (done) {
        onText(decode(decoder));
        return "whole";
      }
      const isWanted = onText(decode(decoder, value.subarray(0, rest), { stream: true }));
      rest -= value.length;
      if (isWanted && rest >= 0) continue;
      giveUp();
      return isWanted ? "capped" : "broken";
    }
  }

  void chain(pump(), onEnd as (end: unknown) => void, () => {
    giveUp();
    onEnd("broken");
  });
  return giveUp;
}

/** The beginning of a request's body as text; "" where it cannot be had without using it up. Copies at once what the page may change later. */
export async function requestText(body: unknown): Promise<string> {
  if (body instanceof FormData) {
    const fields = [...body].filter(([, value]) => typeof value === "string");
    return JSON.stringify(Object.fromEntries(fields)).slice(0, MAX_REQUEST_CHARS);
  }
  if (typeof body === "string") return body.slice(0, MAX_REQUEST_CHARS);
  if (!ArrayBuffer.isView(body) && !KINDS.some((kind) => body instanceof kind)) return "";
  const source = body instanceof Request ? await blobOf(body) : (body as BodyInit);
  let text = "";
  await new Promise((resolve) => {
    const onText = (piece: string): boolean => {
      text += piece;
      return true;
    };
    readBody(new Response(source).body!, MAX_REQUEST_CHARS, onText, resolve);
  });
  return text;
}
