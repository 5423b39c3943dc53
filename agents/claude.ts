import { defineAgent, type HistoryList, type Observation, type Readings } from "./agent";
import { pathMatch } from "./shared/address";
import { readCompletion } from "./shared/claude-live";
import { isUuid, readConversation } from "./shared/claude-messages";
import { arrayItems, asNumber, asRecord, asString, parseJson } from "./shared/json";
import { isoTime } from "./shared/parts";

/** Whole and with the tools' real input and output; without these two the answer has neither, and would replace what has. */
const WHOLE = "tree=True&rendering_mode=messages&render_all_tools=true";
const CONVERSATION =
  /^\/api\/organizations\/([\w-]+)\/chat_conversations\/[\w-]+\?(?=.*rendering_mode=messages)(?=.*render_all_tools=true)/;

const MESSAGES = '"chat_messages":[';

/** The conversation's JSON; of one whose end is missing, its header and the messages that are whole. */
function parseConversation({ body, isTruncated }: Observation): unknown {
  const at = body.indexOf(MESSAGES);
  const whole = parseJson(body);
  if (whole !== undefined || !isTruncated || at === -1) return whole;
  const header = asRecord(parseJson(`${body.slice(0, at)}${MESSAGES}]}`));
  return header && { ...header, chat_messages: arrayItems(body.slice(at + MESSAGES.length - 1)) };
}

function readLoad(observation: Observation): Readings {
  const found = pathMatch(observation, CONVERSATION);
  const url = URL.parse(observation.url);
  if (!found || !url) return null;
  // Of a cut one the newest messages are missing, and with them the leaf.
  const isFromSite = !observation.isTruncated;
  const place = { origin: url.origin, account: found[1], isFromSite };
  const reading = readConversation(parseConversation(observation), place);
  return reading && url.pathname.endsWith(`/${reading.session.key}`) ? [reading] : null;
}

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/**
 * The beginning of a Conversation in protobuf, as text: field 1 (36 bytes of id), perhaps field 2 (a length of one or two bytes and the
 * title, which has no control characters), then field 3, the status. What has an id in field 2 is a Message or a DisplayGroup.
 */
const TITLE = `(?!\\x12\\$${UUID}\\x18)\\x12[\\s\\S]{1,2}[^\\x00-\\x08\\x0b-\\x1f]{0,2000}`;
const CONVERSATION_FIELD = `\\n\\$(${UUID})(?:${TITLE})?\\x18`;
/** `replace_all_state` before the conversation: the snapshot with which the stream begins, not the end of a turn. */
const SNAPSHOT = "\\x08\\x01\\x12[\\s\\S]{1,5}";

const LIST_LIMIT = 50;

function readList(answer: Observation): HistoryList | null {
  const body = parseJson(answer.body);
  const found = Array.isArray(body) ? body : asRecord(body)?.data;
  if (!Array.isArray(found)) return null;
  const sessions = found.flatMap((value) => {
    const { uuid, updated_at: updated } = asRecord(value) ?? {};
    const key = asString(uuid);
    return isUuid(key) ? [{ key, updatedAt: isoTime(updated) }] : [];
  });
  const offset = Number(URL.parse(answer.url)?.searchParams.get("offset") ?? 0);
  // A site that ignores the limit gives all at once.
  const isPage = found.length === LIST_LIMIT;
  const total = asNumber(asRecord(body)?.count_all);
  return { sessions, next: isPage ? String(offset + found.length) : null, total };
}

export const claude = defineAgent({
  id: "claude",
  name: "Claude",
  kind: "chat",
  origins: ["https://claude.ai/*"],
  session: (url) => new RegExp(`/chat/(${UUID})(?:/|$)`).exec(url.pathname)?.[1] ?? null,
  shows: '[data-testid="user-message"]',
  taps: [
    {
      id: "conversation",
      transport: "fetch",
      method: "GET",
      path: CONVERSATION.source,
      read: readLoad,
    },
    {
      id: "completion",
      transport: "fetch",
      method: "POST",
      path: "^/api/organizations/[\\w-]+/chat_conversations/[\\w-]+/(?:retry_)?completion(?:\\?|$)",
      request: "^\\s*\\{",
      read: readCompletion,
    },
  ],
  // Binary, without the tools' input and output and without reasoning: it only says when to ask.
  streams: [
    {
      transport: "fetch",
      method: "POST",
      path: "^/claudeai-rpc/anthropic\\.bard\\.api\\.v1alpha\\.ConversationService/StreamTimeline(?:\\?|$)",
      // A frame begins with a flag that is 0 and a length whose first byte is 0.
      separator: "\0\0",
      settled: `(?<!${SNAPSHOT})${CONVERSATION_FIELD}\\x01`,
      running: `${CONVERSATION_FIELD}\\x02`,
      // The server closes the stream every few seconds; a snapshot at each beginning must not ask each time.
      changed: `${SNAPSHOT}${CONVERSATION_FIELD}\\x01`,
      ask: [`/api/organizations/{lastActiveOrg}/chat_conversations/$1?${WHOLE}`],
    },
  ],
  page: {
    use: "fallback",
    // 2026-10, then 2026-07.
    messages: ['[data-testid="transcript-row"][data-perf-row]', "div[data-test-render-count]"],
    roles: [
      { role: "user", match: '[data-testid="user-message"]' },
      { role: "assistant", match: '[data-testid="assistant-message"], [data-is-streaming]' },
    ],
    ids: ["data-turn-key"],
    // An answer may be named `<uuid of the question>-hub-reply`, which is not its own id.
    idPattern: "^([0-9a-f-]{36})$",
    body: [
      '[data-testid="user-message"]',
      // 2026-10.
      "[data-perf-reply-text]",
      // 2026-07.
      ".standard-markdown, .progressive-markdown",
    ],
    strip: [
      "h2.sr-only",
      '[data-cds="TurnStatus"]',
      '[data-cds="MessageActions"]',
      '[data-testid="message-actions"]',
      '[data-testid^="action-bar-"]',
    ],
    running: ['[data-is-streaming="true"]', 'button[data-testid="chat-input-stop"]'],
    title: ['button[data-testid="chat-title-button"] div.truncate'],
    time: ['time[data-cds="RelativeTime"]@datetime'],
  },
  history: {
    list: (cursor) => ({
      method: "GET",
      path: `/api/organizations/{lastActiveOrg}/chat_conversations?limit=${LIST_LIMIT}&offset=${cursor ?? 0}`,
    }),
    readList,
    load: (key, answers) =>
      answers.length > 0
        ? null
        : {
            tap: "conversation",
            method: "GET",
            path: `/api/organizations/{lastActiveOrg}/chat_conversations/${key}?${WHOLE}`,
          },
  },
  imports: [
    {
      file: "(?:^|/)conversations\\.json$",
      format: "array",
      read(entry) {
        const place = { origin: "https://claude.ai", isFromSite: false };
        const reading = readConversation(entry, place);
        return reading && [reading];
      },
    },
  ],
  facts: [
    {
      fields:
        "messages, every branch, the leaf, reasoning, tool calls and results, artifacts, citations, attachments, stops, times, model, organisation",
      from: "GET /api/organizations/{org}/chat_conversations/{id}, asked when StreamTimeline says that a turn ended",
      sure: "certain",
      source: "lugia19/claude-ext-common, lugia19/Claude-QoL (seen live)",
      date: "2026-10-09",
    },
    {
      fields: "the end of a turn",
      from: "POST …ConversationService/StreamTimeline (Connect, protobuf), frames that are not compressed",
      sure: "good",
      source: "lugia19/claude-ext-common (field numbers, seen live)",
      date: "2026-10-08",
    },
    {
      fields: "live turns of accounts on the older page",
      from: "POST …/chat_conversations/{id}/completion (server-sent events)",
      sure: "certain",
      source: "public notes with a capture of 2026-03, parsers of lumingya/universal-web-api",
      date: "2026-08-07",
    },
    {
      fields: "messages shown, while the traffic is silent",
      from: "the page's elements",
      sure: "good",
      source: "sho7650/obsidian-AI-exporter, nuncaeslupus/ai-chat-exporter",
      date: "2026-10-07",
    },
    {
      fields: "messages of an export, which names no shown branch",
      from: "conversations.json of the official export",
      sure: "good",
      source: "public descriptions; no real export was at hand",
      date: "2026-08-04",
    },
  ],
});
