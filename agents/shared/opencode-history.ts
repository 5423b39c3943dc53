/** How opencode's sessions of before are listed and loaded: the calls of its own page, which need no folder. */
import type { History, Observation } from "../agent";
import { arrayItems, asNumber, asRecord, asRecords, asString, compact, parseJson } from "./json";

const SESSIONS_PER_CALL = 100;

/** The page itself asks for 200 when a person scrolls up. */
const MESSAGES_PER_CALL = 200;

/** The cursor of the messages before those of an answer; null when it holds the first. The server gives it in a header, made of the same. */
function beforeOf({ body }: Observation): string | null {
  const items = arrayItems(body) ?? [];
  const oldest = asRecord(asRecord(items[0])?.info);
  const id = asString(oldest?.id);
  const time = asNumber(asRecord(oldest?.time)?.created);
  if (items.length < MESSAGES_PER_CALL || !id || time === undefined) return null;
  const text = btoa(JSON.stringify({ id, time }));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The list of all projects' sessions, newest first, and the calls that load one. */
export const opencodeHistory: History = {
  list(cursor) {
    const rest = cursor === null ? "order=desc" : `cursor=${encodeURIComponent(cursor)}`;
    return { method: "GET", path: `/api/session?limit=${SESSIONS_PER_CALL}&${rest}` };
  },
  readList(answer) {
    const body = asRecord(parseJson(answer.body));
    if (!body || !Array.isArray(body.data)) return null;
    const sessions = asRecords(body.data).flatMap(({ id, time }) => {
      const key = asString(id);
      return key ? [compact({ key, updatedAt: asNumber(asRecord(time)?.updated) })] : [];
    });
    return { sessions, next: asString(asRecord(body.cursor)?.next) ?? null };
  },
  load(key, answers) {
    const path = `/session/${encodeURIComponent(key)}`;
    const last = answers.at(-1);
    if (!last) return { method: "GET", path, tap: "session" };
    const page = `${path}/message?limit=${MESSAGES_PER_CALL}`;
    if (answers.length === 1) return { method: "GET", path: page, tap: "messages" };
    const before = beforeOf(last);
    if (before === null) return null;
    return { method: "GET", path: `${page}&before=${before}`, tap: "messages" };
  },
};
