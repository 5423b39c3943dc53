/** How Gemini's sessions of before are listed and loaded: its own page's calls, sent again with other arguments. */
import type { History } from "../agent";
import { arraysIn, rpcItems, rpcPayloads, textAt, timeAt } from "./google-rpc";
import { asString, compact } from "./json";

/** The call that loads a session. */
export const LOAD = "hNvQHb";

/** The call that lists sessions. */
export const LIST = "MaZiqc";

/** Turns asked for at a time; the page itself asks for ten. */
const TURNS_PER_CALL = 1000;

/** The session's id as the page's address has it: without the `c_` of the wire. */
export function keyOf(id: string | undefined): string | undefined {
  return id?.startsWith("c_") && id.length > 2 ? id.slice(2) : undefined;
}

/** The items of a list: `[c_…, title, …, [seconds, nanos]]`. */
export function listed(payload: unknown): unknown[][] {
  return arraysIn(payload).filter(([id]) => typeof id === "string" && /^c_[0-9a-f]+$/.test(id));
}

/** A JSON text or null, as it stands in the arguments of a call in an encoded form. */
function encoded(token: string | null): string {
  return token === null
    ? "null"
    : encodeURIComponent(JSON.stringify(JSON.stringify(token)).slice(1, -1));
}

const TOKEN = "(?:null|%5C%22.*?%5C%22)";

/** The list, or one page of a session: arguments are `[count, token, …]` and `["c_…", count, token, …]`, JSON in JSON in a form. */
export const geminiHistory: History = {
  list(cursor) {
    const replace = [{ pattern: `(?<=${LIST}%22%2C%22%5B\\d+%2C)${TOKEN}`, with: encoded(cursor) }];
    return { method: "POST", path: "/", like: { tap: "list", replace } };
  },
  readList(answer) {
    const [payload] = rpcPayloads(rpcItems(answer.body), LIST);
    if (payload === undefined) return null;
    const sessions = listed(payload).flatMap((item) => {
      const key = keyOf(asString(item[0]));
      return key ? [compact({ key, updatedAt: timeAt(item, 5) })] : [];
    });
    return { sessions, next: (sessions.length > 0 && textAt(payload, 1)) || null };
  },
  load(key, answers) {
    const tokens = answers.map((answer) => {
      const [payload] = rpcPayloads(rpcItems(answer.body), LOAD);
      return textAt(payload, 1) || null;
    });
    const token = tokens.at(-1) ?? null;
    if (answers.length > 0 && (token === null || tokens.indexOf(token) < tokens.length - 1))
      return null;
    const replace = [
      { pattern: "c_[0-9a-f]+", with: `c_${key}` },
      { pattern: "(?<=(?:%2F|/)(?:app|gem(?:%2F|/)[\\w-]+)(?:%2F|/))[0-9a-f]{8,}", with: key },
      {
        pattern: `(?<=${LOAD}%22%2C%22%5B%5C%22c_[0-9a-f]+%5C%22%2C)\\d+%2C${TOKEN}`,
        with: `${TURNS_PER_CALL}%2C${encoded(token)}`,
      },
    ];
    return { method: "POST", path: "/", like: { tap: "load", replace }, tap: "load" };
  },
};
