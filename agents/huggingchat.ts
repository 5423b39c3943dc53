import { defineAgent, type Observation, type Reading, type Readings } from "./agent";
import { readChatUiMessages } from "./shared/chat-ui";
import { svelteKitData } from "./shared/devalue";
import { jsonLines } from "./shared/frames";
import { asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { isoTime } from "./shared/parts";
import { siteMatch } from "./shared/site";
import { lastLeaf } from "./shared/tree";

type Json = Record<string, unknown>;

const HOST = /^huggingface\.co$/;
const ID = "[\\da-f]{24}";

function pageOf(key: string): string {
  return `https://huggingface.co/chat/conversation/${key}`;
}

function sessionOf(url: URL): string | null {
  return new RegExp(`^/chat/conversation/(${ID})/?$`).exec(url.pathname)?.[1] ?? null;
}

function requestedKey(observation: Observation, path: string): string | undefined {
  return siteMatch(observation, HOST, new RegExp(`^/chat/${path}(?:\\?|$)`))?.[1];
}

function readConversation(key: string, conversation: Json): Reading | null {
  const own = asString(conversation.id) ?? asString(conversation._id);
  if (!Array.isArray(conversation.messages) || (own !== undefined && own !== key)) return null;
  const model = asString(conversation.model) ?? asString(conversation.modelId);
  const messages = readChatUiMessages(asRecords(conversation.messages), model);
  return {
    session: compact({
      agent: "huggingchat",
      key,
      title: asString(conversation.title),
      url: pageOf(key),
      activeLeafKey: lastLeaf(messages),
      model,
      createdAt: isoTime(conversation.createdAt),
      updatedAt: isoTime(conversation.updatedAt),
    }),
    messages,
  };
}

function readApi(observation: Observation): Readings {
  const key = requestedKey(observation, `api/v2/conversations/(${ID})`);
  const body = asRecord(parseJson(observation.body));
  const conversation = asRecord(body?.json) ?? body;
  const reading = key && conversation ? readConversation(key, conversation) : null;
  return reading && [reading];
}

function readData(observation: Observation): Readings {
  const key = requestedKey(observation, `conversation/(${ID})/__data\\.json`);
  if (!key) return null;
  const nodes = svelteKitData(observation.body);
  const conversation = nodes.find(({ messages }) => Array.isArray(messages));
  const body = asRecord(parseJson(observation.body));
  const isElse = [body, ...asRecords(body?.nodes)].some(
    (node) => node?.type === "redirect" || node?.type === "error",
  );
  if (!conversation) return nodes.length > 0 || isElse ? [] : null;
  const reading = readConversation(key, conversation);
  return reading && [reading];
}

/** The updates of a turn name no message, and the conversation is asked for when they end: only the title is read from them. */
function readUpdates(observation: Observation): Readings {
  const key = requestedKey(observation, `conversation/(${ID})`);
  const updates = asRecords(jsonLines(observation.body)).filter(({ type }) => asString(type));
  if (!key || updates.length === 0) return null;
  const named = updates.findLast(
    ({ type, status }) => type === "title" || (type === "status" && status === "title"),
  );
  const title = asString(named?.title) ?? asString(named?.message);
  if (!title) return [];
  return [{ session: { agent: "huggingchat", key, title, url: pageOf(key) }, messages: [] }];
}

export const huggingchat = defineAgent({
  id: "huggingchat",
  name: "HuggingChat",
  kind: "chat",
  origins: ["https://huggingface.co/*"],
  session: sessionOf,
  taps: [
    {
      id: "conversation",
      transport: "fetch",
      method: "GET",
      path: `^/chat/api/v2/conversations/${ID}(\\?|$)`,
      read: readApi,
    },
    {
      id: "data",
      transport: "fetch",
      method: "GET",
      path: `^/chat/conversation/${ID}/__data\\.json(\\?|$)`,
      read: readData,
    },
    {
      id: "updates",
      transport: "fetch",
      method: "POST",
      path: `^/chat/conversation/${ID}(\\?|$)`,
      read: readUpdates,
    },
  ],
  streams: [
    {
      transport: "fetch",
      method: "POST",
      path: `^/chat/conversation/${ID}(\\?|$)`,
      separator: "\n",
      settled: `^POST /chat/conversation/(${ID})\\S*\\n[^]*"(?:type"\\s*:\\s*"(?:finalAnswer|error)|status"\\s*:\\s*"(?:finished|error))"`,
      ask: ["/chat/api/v2/conversations/$1"],
    },
  ],
  facts: [
    {
      fields:
        "tree of messages, title, models, reasoning, tool calls, files, sources, times, stops",
      from: "GET /chat/api/v2/conversations/{id}, asked when a turn ended; GET /chat/conversation/{id}/__data.json",
      sure: "certain",
      source: "huggingface/chat-ui (Apache-2.0), Message.ts at 01b4c43",
      date: "2026-08-01",
    },
    {
      fields: "updates of a turn, in today's and older forms",
      from: "the messages' updates; POST /chat/conversation/{id} for the title",
      sure: "certain",
      source: "huggingface/chat-ui (Apache-2.0), MessageUpdate.ts at 0cf2526; gpt4free HuggingChat",
      date: "2026-08-01",
    },
  ],
});
