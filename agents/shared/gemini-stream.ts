/** What Gemini's stream of a live turn tells besides ids. */
import { arraysIn, listAt, textAt, valueAt } from "./google-rpc";
import { asString } from "./json";

/** The codes that a refused turn carries, as far as their meaning is known. */
const ERRORS: Record<number, string> = {
  1037: "The limit of use is reached.",
  1050: "The model does not fit this session.",
  1052: "The model is not available.",
  1060: "The network address is blocked for a while.",
};

/** Why a turn was refused; undefined where none of the items says so. */
export function errorIn(items: unknown[][]): { name: string; message: string } | undefined {
  const codes = items.map((item) => valueAt(item, 5, 2, 0, 1, 0));
  const code = codes.find((value) => typeof value === "number");
  return typeof code === "number" ? { name: String(code), message: ERRORS[code] ?? "" } : undefined;
}

/** The newest form of each candidate: every frame repeats the text so far. */
export function candidatesOf(payloads: unknown[]): unknown[] {
  const newest = new Map<string, unknown>();
  for (const payload of payloads) {
    for (const candidate of listAt(payload, 4)) {
      const id = textAt(candidate, 0);
      if (id) newest.set(id, candidate);
    }
  }
  return [...newest.values()];
}

/** The model's name stands somewhere beside the candidates: known by its shape alone. */
export function modelOf(payloads: unknown[]): string | undefined {
  const isModel = (value: unknown) =>
    typeof value === "string" &&
    /^\d(?:\.\d+)? (?:Flash|Pro|Ultra|Deep|Thinking)[\w .-]{0,30}$/.test(value);
  const beside = payloads.map((payload) => listAt(payload).filter((_, at) => at !== 4));
  const found = arraysIn(beside).flat().find(isModel);
  return asString(found);
}
