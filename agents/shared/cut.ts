/** JSON whose end is missing. */
import { parseJson } from "./json";

/**
 * The value of a JSON text that was cut, up to the last object or array that ends whole `depth` levels deep: at 2, the last whole item of a
 * list or map in the outer object. A text that is whole is read as it is; undefined where nothing is.
 */
export function parseCut(text: string, depth: number): unknown {
  const whole = parseJson(text);
  if (whole !== undefined) return whole;
  const open: string[] = [];
  let kept: string | undefined;
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      at += 1;
      while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    } else if (char === "{") open.push("}");
    else if (char === "[") open.push("]");
    else if (char === "}" || char === "]") {
      open.pop();
      if (open.length === depth) {
        end = at + 1;
        kept = open.toReversed().join("");
      }
    }
  }
  return kept === undefined ? undefined : parseJson(text.slice(0, end) + kept);
}
