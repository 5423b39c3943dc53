import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
} from "./agent";
import { sessionOn } from "./shared/address";
import { asRecord, asRecords, asString, compact, parseJson } from "./shared/json";
import { GUESSED_MESSAGES, guessedPage } from "./shared/page-guess";
import { filePart, isoTime, textParts, uniqueByKey, unknownPart } from "./shared/parts";
import { siteMatch } from "./shared/site";
import { lastLeaf, risingPositions } from "./shared/tree";

type Json = Record<string, unknown>;

const HOST = "^(?:v0\\.(?:app|dev)|api\\.v0\\.dev)$";
const CHAT = "^/(?:chat/)?(?:api|v1)/chats?/([\\w-]+)(?:\\?|$)";

/** The text; newer messages may come in pieces, of which those with a text are kept as text. */
function readContent(message: Json): Part[] {
  const text = textParts(message.content);
  if (text.length > 0) return text;
  return asRecords(message.parts).flatMap((part) => {
    if (part.type === "text") return textParts(part.text);
    if (part.type === "reasoning") return textParts(part.text, "reasoning");
    return [unknownPart(asString(part.type) ?? "part", part)];
  });
}

function readMessage(message: Json, index: number, before: string | undefined): MessageReading[] {
  const key = asString(message.id);
  const { role } = message;
  if (!key) return [];
  const createdAt = isoTime(message.createdAt);
  const files = asRecords(message.attachments).map((file) =>
    filePart({ name: file.name, mediaType: file.contentType, size: file.size, url: file.url }),
  );
  return [
    compact({
      key,
      parentKey: asString(message.parentId) ?? before,
      role: role === "user" || role === "assistant" || role === "system" ? role : "unknown",
      position: createdAt ?? index,
      state: message.finishReason === null ? ("partial" as const) : ("final" as const),
      createdAt,
      finish: asString(message.finishReason),
      parts: [...files, ...readContent(message)],
    } satisfies MessageReading),
  ];
}

function readChat(observation: Observation): Readings {
  const key = siteMatch(observation, new RegExp(HOST), new RegExp(CHAT))?.[1];
  const body = asRecord(parseJson(observation.body));
  const chat = asRecord(body?.chat) ?? body;
  if (!key || chat?.id !== key || !Array.isArray(chat.messages)) return null;
  const items = asRecords(chat.messages);
  const read = items.flatMap((item, i) => readMessage(item, i, asString(items[i - 1]?.id)));
  const messages = risingPositions(uniqueByKey(read));
  const session = compact({
    agent: "v0",
    key,
    url: `https://v0.app/chat/${key}`,
    title: asString(chat.name) || asString(chat.title) || undefined,
    account: asString(chat.authorId),
    activeLeafKey: lastLeaf(messages),
    createdAt: isoTime(chat.createdAt),
    updatedAt: isoTime(chat.updatedAt),
  });
  return [{ session, messages }];
}

export const v0 = defineAgent({
  id: "v0",
  name: "v0",
  kind: "coding",
  origins: ["https://v0.app/*", "https://v0.dev/*"],
  // The id ends the address, after the title in words.
  session: sessionOn(/^v0\.(?:app|dev)$/, /^\/chat\/(?:[^/]*-)?([A-Za-z0-9]+)\/?$/),
  taps: [{ id: "chat", transport: "fetch", method: "GET", path: CHAT, host: HOST, read: readChat }],
  shows: GUESSED_MESSAGES,
  page: guessedPage("fallback"),
  facts: [
    {
      fields: "messages, attachments, times, title",
      from: "a chat's JSON in the form of the public Platform API, should the page ask for it: its own calls are not known",
      sure: "guess",
      source: "v0-sdk, from memory",
      date: "2026-11-21",
    },
    {
      fields: "messages",
      from: "the page: common attributes and test ids",
      sure: "guess",
      source: "common practice; the page itself was not seen",
      date: "2026-11-21",
    },
  ],
});
