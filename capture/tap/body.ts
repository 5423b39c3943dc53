import { MAX_BODY_BYTES } from "../limits";
import { cancel, chain, decode, getReader, read } from "./native";

/** How reading a body ended: whole, at the cap, or because the page or the network ended it. */
export type BodyEnd = "whole" | "capped" | "broken";

/** Reads a body as text, in pieces. At the cap, or when `onText` answers false, it is cancelled; so it is by the function that is answered. */
export function readBody(
  body: ReadableStream,
  isEndless: boolean,
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
    for (let rest = isEndless ? Infinity : MAX_BODY_BYTES; ;) {
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
