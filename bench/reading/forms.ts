/** Where the messages lie in what each agent's page loads, so that a fixture can be grown to a session of any length. */

/** A value of JSON that is changed in place. */
export type Json = Record<string, unknown>;

/** One agent's form of a whole session. */
export interface Form {
  agent: string;
  /** Name of the fixture that is grown. */
  fixture: string;
  /** The list, or the map by id, of the messages. */
  path: (string | number)[];
  /** Names of properties that hold ids, a message's own first. */
  ids?: string[];
  /** Ids by their look, where nothing names them. */
  id?: RegExp;
  /** Names of a message's properties that tie it to others. */
  parent?: string;
  children?: string;
  /** What names the last message of the branch that is shown. */
  leaf?: (string | number)[];
  isNewestFirst?: true;
  /** The page itself sends the whole session. */
  isRequest?: true;
  /** For bodies that are not JSON. */
  text?: { parse(body: string): unknown; format(value: unknown): string };
}

/** `data: {...}` and an empty line, one an event. */
const EVENTS: Form["text"] = {
  parse: (body) =>
    [...body.matchAll(/^data: (\{.*)$/gm)].map(([, line]) => JSON.parse(line!) as unknown),
  format: (events) =>
    (events as unknown[]).map((event) => `data: ${JSON.stringify(event)}\n\n`).join("") +
    "data: [DONE]\n\n",
};

/** One JSON value a line. */
const LINES: Form["text"] = {
  parse: (body) => body.split("\n").map((line) => JSON.parse(line) as unknown),
  format: (lines) => (lines as unknown[]).map((line) => JSON.stringify(line)).join("\n"),
};

/** Google's answer to a call: JSON in a string in a frame that begins with its length. */
const CALL: Form["text"] = {
  parse: (body) => {
    const [[, , payload]] = JSON.parse(/^\[\[.*$/m.exec(body)![0]) as [[string, string, string]];
    return JSON.parse(payload) as unknown;
  },
  format: (payload) => {
    const frame = JSON.stringify([["wrb.fr", "hNvQHb", JSON.stringify(payload)]]);
    return `)]}'\n\n${frame.length + 2}\n${frame}\n`;
  },
};

const OF_HISTORY = { ids: ["id"], parent: "parentId", children: "childrenIds" };

export const FORMS: Form[] = [
  { agent: "ai-studio", fixture: "prompt", path: [0, 13, 0] },
  { agent: "amp", fixture: "thread", path: ["messages"], ids: ["messageId", "id"] },
  {
    agent: "bolt",
    fixture: "chat",
    path: ["messages"],
    ids: ["id", "toolCallId"],
    isRequest: true,
  },
  {
    agent: "chatgpt",
    fixture: "load-tree",
    path: ["mapping"],
    ids: ["id"],
    parent: "parent",
    children: "children",
    leaf: ["current_node"],
  },
  { agent: "chatgpt", fixture: "load-flat", path: ["messages"], ids: ["id"] },
  {
    agent: "claude",
    fixture: "conversation",
    path: ["chat_messages"],
    ids: ["uuid", "id", "tool_use_id"],
    parent: "parent_message_uuid",
    leaf: ["current_leaf_message_uuid"],
  },
  {
    agent: "claude-code",
    fixture: "events",
    path: ["data"],
    ids: ["event_id", "sequence_num", "uuid", "id", "tool_use_id"],
    isNewestFirst: true,
  },
  { agent: "codex", fixture: "siblings", path: ["sibling_turns"], ids: ["id"] },
  {
    agent: "copilot",
    fixture: "history",
    path: ["results"],
    ids: ["id"],
    isNewestFirst: true,
  },
  { agent: "copilot-agent", fixture: "log", path: [], ids: ["id"], text: EVENTS },
  {
    agent: "deepseek",
    fixture: "history",
    path: ["data", "biz_data", "chat_messages"],
    ids: ["message_id", "parent_id"],
    parent: "parent_id",
    leaf: ["data", "biz_data", "chat_session", "current_message_id"],
  },
  { agent: "gemini", fixture: "load", path: [0], id: /^rc?_/, isNewestFirst: true, text: CALL },
  {
    agent: "github-copilot",
    fixture: "thread",
    path: ["messages"],
    ids: ["id", "turnID"],
    parent: "parentMessageID",
  },
  {
    agent: "grok",
    fixture: "responses",
    path: ["responses"],
    ids: ["responseId"],
    parent: "parentResponseId",
  },
  {
    agent: "huggingchat",
    fixture: "conversation",
    path: ["json", "messages"],
    ids: ["id"],
    children: "children",
  },
  { agent: "jules", fixture: "activities", path: ["activities"], ids: ["id"] },
  {
    agent: "kimi",
    fixture: "messages",
    path: ["messages"],
    ids: ["id"],
    parent: "parentId",
    isNewestFirst: true,
  },
  {
    agent: "librechat",
    fixture: "messages",
    path: [],
    ids: ["messageId"],
    parent: "parentMessageId",
  },
  {
    agent: "open-webui",
    fixture: "chat",
    path: ["chat", "history", "messages"],
    ...OF_HISTORY,
    leaf: ["chat", "history", "currentId"],
  },
  {
    agent: "opencode",
    fixture: "messages",
    path: [],
    ids: ["id", "messageID", "callID"],
  },
  { agent: "openhands", fixture: "events-new", path: ["items"], ids: ["id", "tool_call_id"] },
  { agent: "openhands", fixture: "trajectory-old", path: ["trajectory"], ids: ["id"] },
  {
    agent: "perplexity",
    fixture: "thread",
    path: ["entries"],
    ids: ["backend_uuid", "uuid"],
  },
  {
    agent: "qwen",
    fixture: "chat",
    path: ["data", "chat", "history", "messages"],
    ...OF_HISTORY,
    leaf: ["data", "chat", "history", "currentId"],
  },
  {
    agent: "t3-chat",
    fixture: "sync",
    path: [1, "modifications", 1, "value"],
    ids: ["messageId", "_id"],
    text: LINES,
  },
  { agent: "v0", fixture: "chat", path: ["messages"], ids: ["id"] },
  {
    agent: "zai",
    fixture: "chat",
    path: ["chat", "history", "messages"],
    ...OF_HISTORY,
    leaf: ["chat", "history", "currentId"],
  },
];
