import {
  defineAgent,
  type History,
  type MessageReading,
  type Observation,
  type Reading,
  type Readings,
  type SessionReading,
} from "./agent";
import { patchedTurn, type PatchedTurn } from "./shared/deepseek-delta";
import { idOf, readMessage, timeOf, withTokens } from "./shared/deepseek-messages";
import { asNumber, asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { secondsTime, textParts, uniqueByKey } from "./shared/parts";

type Json = Record<string, unknown>;

const ORIGIN = "https://chat.deepseek.com";

function sessionOf(url: URL): string | null {
  return /^\/a\/chat\/s\/([\w-]+)\/?$/.exec(url.pathname)?.[1] ?? null;
}

function urlOf(key: string): string {
  return `${ORIGIN}/a/chat/s/${key}`;
}

/** The inner answer; null where the body is none of this site's. */
function bizData(text: string): { code: unknown; data: Json | undefined } | null {
  const body = asRecord(parseJson(text));
  if (!body || !("data" in body) || !("code" in body)) return null;
  const data = asRecord(body.data);
  if (data && !("biz_data" in data)) return null;
  return { code: body.code || data?.biz_code, data: asRecord(data?.biz_data) };
}

function readHistory(observation: Observation): Readings {
  const answer = bizData(observation.body);
  if (!answer) return null;
  // A refusal (not signed in, no such session) is understood.
  if (!answer.data) return answer.code ? [] : null;
  const header = asRecord(answer.data.chat_session);
  const key = asString(header?.id);
  if (!header || !key || !Array.isArray(answer.data.chat_messages)) return null;
  const raw = asRecords(answer.data.chat_messages);
  const model = asString(header.model_type) || undefined;
  const messages = uniqueByKey(raw.flatMap((message) => readMessage(message, model)));
  const leaf = idOf(header.current_message_id);
  const count = raw.find((message) => idOf(message.message_id) === leaf)?.accumulated_token_usage;
  const session: SessionReading = compact({
    agent: "deepseek",
    key,
    title: asString(header.title) || undefined,
    url: urlOf(key),
    activeLeafKey: leaf,
    model,
    tokens: asNumber(count) ? { total: asNumber(count) } : undefined,
    createdAt: timeOf(header.inserted_at),
    updatedAt: timeOf(header.updated_at),
  });
  // Where the page has its own copy (`cache_control: "MERGE"`): the header alone, which blanks nothing.
  return [{ session, messages: withTokens(messages, raw) }];
}

/** The prompt that a request sent; none where it asked for another answer or for the rest of one. */
function readPrompt(request: Json, turn: PatchedTurn): MessageReading[] {
  const key = idOf(turn.requestId) ?? idOf(turn.response?.parent_id);
  const parts = textParts(request.prompt);
  if (key === undefined || parts.length === 0) return [];
  const parent = idOf(request.parent_message_id);
  return [
    compact({
      key,
      parentKey: parent === key ? undefined : parent,
      role: "user" as const,
      position: Number(key) || 0,
      // Files are only ids here, and an edit does not name its parent: the load has both, and replaces this.
      state: isWholePrompt(request) ? ("final" as const) : ("partial" as const),
      parts,
    }),
  ];
}

function isWholePrompt(request: Json): boolean {
  const files = request.ref_file_ids;
  return "parent_message_id" in request && !(Array.isArray(files) && files.length > 0);
}

/** The answer of a stream; what ended it without a word of its own (an error) ends it here too. */
function readAnswer(turn: PatchedTurn): MessageReading[] {
  const { response, error } = turn;
  if (!response) return [];
  const status = response.status === "WIP" && turn.isClosed ? response.quasi_status : undefined;
  const merged = { ...response, ...(asString(status) ? { status } : {}) };
  const [message] = readMessage(merged, turn.modelType);
  if (!message) return [];
  return [error ? { ...message, state: "final", error } : message];
}

function readTurn(observation: Observation): Readings {
  const request = asRecord(parseJson(observation.request ?? ""));
  const key = asString(request?.chat_session_id);
  if (!request || !key) return null;
  const turn = patchedTurn(observation.body);
  if (!turn) return bizData(observation.body)?.code ? [] : null;
  const messages = uniqueByKey([...readPrompt(request, turn), ...readAnswer(turn)]);
  // Refused before it had ids, as for too many requests.
  if (messages.length === 0 && turn.error) return [];
  const count = asNumber(turn.response?.accumulated_token_usage);
  const session: SessionReading = compact({
    agent: "deepseek",
    key,
    title: turn.title,
    url: urlOf(key),
    activeLeafKey: messages.at(-1)?.key,
    model: turn.modelType,
    tokens: count ? { total: count } : undefined,
    updatedAt: timeOf(turn.updatedAt),
  });
  return [{ session, messages }];
}

/** One session of the export: a tree under a node `root` that holds no message. */
function readExport(entry: unknown): Reading[] | null {
  const header = asRecord(entry);
  const key = asString(header?.id) ?? asString(header?.conversation_id);
  const mapping = asRecord(header?.mapping);
  if (!header || !key || !mapping) return null;
  const nodes = Object.values(mapping).map(asRecord);
  if (!nodes.some((node) => Array.isArray(asRecord(node?.message)?.fragments))) return null;
  const messages = nodes.flatMap((node) => {
    const message = asRecord(node?.message);
    if (!node || !message) return [];
    const parent = asString(node.parent);
    const parentId = asRecord(mapping[parent ?? ""])?.message ? parent : undefined;
    return readMessage({ ...message, message_id: node.id, parent_id: parentId }, undefined);
  });
  const session: SessionReading = compact({
    agent: "deepseek",
    key,
    title: asString(header.title) || undefined,
    url: urlOf(key),
    activeLeafKey: asString(header.current_node) ?? messages.at(-1)?.key,
    createdAt: timeOf(header.inserted_at ?? header.create_time),
    updatedAt: timeOf(header.updated_at ?? header.update_time),
  });
  return [{ session, messages: uniqueByKey(messages) }];
}

const LIST = "/api/v0/chat_session/fetch_page";

/** A cursor is whether pinned sessions are listed, and the time to go on from. */
const history: History = {
  list(cursor) {
    const [pinned, time] = (cursor ?? "true").split(" ");
    const after = time ? `&lte_cursor.updated_at=${time}` : "";
    return { method: "GET", path: `${LIST}?lte_cursor.pinned=${pinned}${after}` };
  },
  readList(answer) {
    const data = bizData(answer.body)?.data;
    if (!data || !Array.isArray(data.chat_sessions)) return null;
    const listed = asRecords(data.chat_sessions);
    const asked = URL.parse(answer.url)?.searchParams;
    const last = asNumber(listed.at(-1)?.updated_at);
    const isPinnedList = asked?.get("lte_cursor.pinned") === "true";
    const isStuck = asked?.get("lte_cursor.updated_at") === String(last);
    // The list of pinned sessions either goes on with the others or ends, then those are asked for.
    const hasOthers = listed.some(({ pinned }) => pinned !== true);
    const following =
      data.has_more === true && last !== undefined && !isStuck
        ? `${isPinnedList && !hasOthers} ${last}`
        : null;
    return {
      sessions: listed.flatMap(({ id, updated_at }) =>
        typeof id === "string" ? [compact({ key: id, updatedAt: secondsTime(updated_at) })] : [],
      ),
      next: following ?? (isPinnedList && !hasOthers ? "false" : null),
    };
  },
  load(key, answers) {
    // Without the page's `cache_version`, the answer is always the whole session.
    const path = `/api/v0/chat/history_messages?chat_session_id=${encodeURIComponent(key)}`;
    return answers.length === 0 ? { method: "GET", path, tap: "history" } : null;
  },
};

export const deepseek = defineAgent({
  id: "deepseek",
  name: "DeepSeek",
  kind: "chat",
  origins: [`${ORIGIN}/*`],
  session: sessionOf,
  shows: ".ds-message, .ds-markdown", // seen 2026-10
  taps: [
    {
      id: "history",
      transport: "xhr",
      method: "GET",
      path: "^/api/v0/chat/history_messages\\?",
      read: readHistory,
    },
    {
      id: "turn",
      transport: "xhr",
      method: "POST",
      path: "^/api/v0/chat/(?:completion|regenerate|edit_message|continue|resume\\w*)(?:\\?|$)",
      request: '"chat_session_id"',
      read: readTurn,
    },
  ],
  streams: [
    {
      transport: "xhr",
      path: "^/api/v0/chat/history_messages\\?",
      // The page names the version of its own copy, and gets only what that lacks.
      settled: '^GET \\S*[?&]chat_session_id=([\\w-]+)\\S*\\n[^]*"cache_control"\\s*:\\s*"MERGE"',
      ask: ["/api/v0/chat/history_messages?chat_session_id=$1"],
    },
  ],
  // Class names other than these are hashed.
  page: {
    use: "fallback",
    messages: [".ds-message"], // seen 2026-10
    roles: [
      { role: "assistant", match: ".ds-markdown" }, // seen 2026-10
      { role: "user", match: ".ds-message" },
    ],
    body: [".ds-message > .ds-markdown"],
    reasoning: [".ds-think-content"], // seen 2026-10
    strip: ["button", ".ds-icon-button"],
    running: ['.ds-button--primary path[d^="M2 4.88"]'], // the icon of "stop", seen 2026-10
  },
  history,
  imports: [
    {
      file: "(^|/)conversations\\.json$",
      format: "array",
      read: (entry) => readExport(entry),
    },
  ],
  facts: [
    {
      fields:
        "messages with every branch, reasoning, searches and their pages, files, status, token counts, times",
      from: "GET /api/v0/chat/history_messages; asked for where the page has its own copy and gets only what that lacks",
      sure: "certain",
      source: "probe by a public project's specification, a reader made on a logged-in page",
      date: "2026-10-04",
    },
    {
      fields: "prompt, the live answer, title, model type",
      from: "POST /api/v0/chat/completion, regenerate, edit_message, continue (XHR, patches)",
      sure: "certain",
      source: "the same, and two open-source stream parsers",
      date: "2026-10-04",
    },
    {
      fields: "list of sessions; how its second page is asked for is a guess",
      from: "GET /api/v0/chat_session/fetch_page",
      sure: "good",
      source: "the same specification",
      date: "2026-10-04",
    },
    {
      fields: "sessions, tree, reasoning, models, times",
      from: "official export, conversations.json",
      sure: "good",
      source: "andrmkrff/deepseek-chat-export, an export-shaped sample",
      date: "2026-01-02",
    },
  ],
});
