/** Values that the reader does not take apart, without what signs their addresses. */
import { asRecord } from "./json";

/** Deeper than this nothing is kept: real values are not, and a hostile one may end the stack. */
const MAX_DEPTH = 40;

/** Names of fields that let whoever has them in. */
const SECRET_FIELD = /token$|^(?:authorization|cookie|secret|signature|credential)/i;

/** The same value with every address cut before its query and without fields that are secrets: both may let others in. */
export function withoutSignatures(value: unknown, depth = 0): unknown {
  if (typeof value === "string") {
    return /^https?:\/\/\S+$/.test(value) ? value.replace(/[?#].*$/s, "") : value;
  }
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((item) => withoutSignatures(item, depth + 1));
  const record = asRecord(value);
  if (!record) return value;
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => !SECRET_FIELD.test(name))
      .map(([name, inner]) => [name, withoutSignatures(inner, depth + 1)]),
  );
}
