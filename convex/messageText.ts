import { cutUtf8 } from "./utf8";
import { MAX_TEXT_BYTES, type Part } from "./validators";

/** What a person said or read comes first, so that a long tool output never pushes it out of the index. */
const order: Record<Part["type"], number> = {
  text: 0,
  reasoning: 1,
  file: 2,
  "tool-call": 3,
  "tool-result": 4,
  source: 5,
  unknown: 6,
};

function words(part: Part): string[] {
  switch (part.type) {
    case "text":
    case "reasoning":
      return [part.text];
    case "tool-call":
      return [part.toolName, part.title ?? "", part.input];
    case "tool-result":
      return [part.output];
    case "file":
      return [part.name ?? ""];
    case "source":
      return [part.title ?? "", part.url];
    case "unknown":
      return [];
  }
}

/**
 * A message's text for search and for lists: at most MAX_TEXT_BYTES of UTF-8. Clients send it as `upload.preview` of a message
 * whose parts are in a file; for all others the server computes it.
 */
export function messageText(parts: Part[]): string {
  const texts = [...parts]
    .sort((a, b) => order[a.type] - order[b.type])
    .flatMap(words)
    .filter((text) => text !== "");
  return cutUtf8(texts.join("\n"), MAX_TEXT_BYTES);
}
