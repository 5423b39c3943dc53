/** How Grok's sessions of before are listed and loaded: the calls of its own page. */
import type { History } from "../agent";
import { grokTime } from "./grok-responses";
import { asRecord, asRecords, asString, compact, parseJson } from "./json";

const API = "/rest/app-chat/conversations";

/** Ids of all messages that `response-node` lists. */
export function nodeIds(nodes: unknown): string[] {
  return asRecords(nodes).flatMap(({ responseId }) => asString(responseId) ?? []);
}

/** The site's own page asks for so many at a time at most. */
const RESPONSES_PER_CALL = 50;

/** The list of sessions, and the three calls that load one. */
export const grokHistory: History = {
  list(cursor) {
    const after = cursor === null ? "" : `&pageToken=${encodeURIComponent(cursor)}`;
    return { method: "GET", path: `${API}?pageSize=60${after}` };
  },
  readList(answer) {
    const body = asRecord(parseJson(answer.body));
    if (!body || !Array.isArray(body.conversations)) return null;
    return {
      sessions: asRecords(body.conversations).flatMap(({ conversationId, modifyTime }) => {
        const key = asString(conversationId);
        return key ? [compact({ key, updatedAt: grokTime(modifyTime) })] : [];
      }),
      next: asString(body.nextPageToken) || null,
    };
  },
  load(key, answers) {
    const id = encodeURIComponent(key);
    if (answers.length === 0) {
      const path = `${API}_v2/${id}?includeWorkspaces=true&includeTaskResult=true`;
      return { method: "GET", path, tap: "header" };
    }
    if (answers.length === 1) {
      return {
        method: "GET",
        path: `${API}/${id}/response-node?includeThreads=true`,
        tap: "nodes",
      };
    }
    const ids = nodeIds(asRecord(parseJson(answers[1]?.body ?? ""))?.responseNodes);
    const start = (answers.length - 2) * RESPONSES_PER_CALL;
    const responseIds = ids.slice(start, start + RESPONSES_PER_CALL);
    if (responseIds.length === 0) return null;
    return {
      method: "POST",
      path: `${API}/${id}/load-responses`,
      body: JSON.stringify({ responseIds }),
      headers: { "content-type": "application/json" },
      tap: "responses",
    };
  },
};
