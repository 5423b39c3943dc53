import {
  defineAgent,
  type MessageReading,
  type Observation,
  type Part,
  type Readings,
} from "./agent";
import { asNumber, asRecord, asRecords, asString, compact, parseJson, toJson } from "./shared/json";
import { filePart, isoTime, sourcePart, textParts, unknownPart } from "./shared/parts";
import { prefixedLines } from "./shared/prefixed-lines";
import { siteMatch } from "./shared/site";
import { applyPatches } from "./shared/text-patches";
import { withoutSignatures } from "./shared/unsigned";

type Json = Record<string, unknown>;

const HOST = /^chat\.mistral\.ai$/;
const NEW_CHAT = "^/api/trpc/message\\.newChat(\\?|$)";
const CHAT = "^/api/chat(\\?|$)";

/** Words of `generationStatus` for a message that is still being written, and for one that went well. */
const RUNNING = /generat|pending|progress|stream|running|start|wait/i;
const WHOLE = /succe|complete|finish|done|^stop$/i;
const FAILED = /fail|error/i;

function pageOf(key: string): string {
  return `https://chat.mistral.ai/chat/${key}`;
}

function sessionOf(url: URL): string | null {
  return /\/chat\/([\da-f-]{20,})\/?$/.exec(url.pathname)?.[1] ?? null;
}

function thinkingText(value: unknown): string {
  return (
    asString(value) ??
    asRecords(value)
      .map(({ text }) => asString(text) ?? "")
      .join("")
  );
}

function toolParts(chunk: Json, id: string): Part[] {
  const toolCallId = asString(chunk.id) ?? asString(chunk.toolCallId) ?? id;
  const input = chunk.arguments ?? chunk.publicArguments ?? chunk.input ?? {};
  const result = chunk.result ?? chunk.publicResult ?? chunk.output;
  const toolName = asString(chunk.name) ?? asString(chunk.toolName) ?? "tool";
  const call: Part = {
    type: "tool-call",
    toolCallId,
    toolName,
    input: asString(input) ?? toJson(input),
  };
  if (result === undefined || result === null) return [call];
  return [
    call,
    {
      type: "tool-result",
      toolCallId,
      output: asString(result) ?? toJson(withoutSignatures(result)),
    },
  ];
}

function chunkParts(chunk: Json, id: string): Part[] {
  const type = asString(chunk.type) ?? "chunk";
  if (type === "text") return textParts(chunk.text);
  if (type === "thinking" || type === "reasoning") {
    return textParts(thinkingText(chunk.thinking ?? chunk.text), "reasoning");
  }
  if (type === "tool_call" || type === "tool") return toolParts(chunk, id);
  if (type === "reference" || type === "source") {
    const sources = [chunk, ...asRecords(chunk.references), ...asRecords(chunk.sources)];
    return sources.flatMap((s) =>
      sourcePart({ url: s.url ?? s.source, title: s.title, snippet: s.snippet }),
    );
  }
  if (type === "image_url" || type === "image" || type === "file" || type === "document_url") {
    const mediaType = chunk.mimeType ?? (type.startsWith("image") ? "image" : undefined);
    return [filePart({ name: chunk.name ?? chunk.documentName, mediaType })];
  }
  return [unknownPart(type, chunk)];
}

/** A message as the site keeps it: in chunks, or as one text. */
function messageParts(message: Json, key: string): Part[] {
  const files = asRecords(message.files ?? message.messageFiles);
  const chunks = asRecords(message.contentChunks ?? message.messageInput);
  const said = chunks.flatMap((chunk, index) => chunkParts(chunk, `${key}:${index}`));
  return [
    ...files.map((file) =>
      filePart({
        name: file.name ?? file.filename,
        mediaType: file.mimeType ?? file.type,
        size: asNumber(file.size),
      }),
    ),
    ...(chunks.length > 0 ? said : textParts(message.content ?? message.messageInput)),
  ];
}

function readMessage(key: string, message: Json, place: number, isCut: boolean): MessageReading {
  const status = asString(message.generationStatus) ?? "";
  const isUser = message.role === "user";
  const createdAt = isoTime(message.createdAt);
  const isRunning = status === "" ? isCut : RUNNING.test(status);
  return compact({
    key,
    parentKey: asString(message.parentId) ?? asString(message.parentMessageId),
    role: isUser ? "user" : message.role === "system" ? "system" : "assistant",
    position: place,
    state: !isUser && isRunning ? "partial" : "final",
    model: isUser ? undefined : (asString(message.model) ?? asString(message.modelName)),
    createdAt,
    finish: status === "" || isRunning || WHOLE.test(status) ? undefined : status,
    error: FAILED.test(status) ? { name: status, message: "" } : undefined,
    parts: messageParts(message, key),
  } satisfies MessageReading);
}

/** The messages of a stream, by id. */
function streamed(body: string): Map<string, Json> | null {
  const lines = prefixedLines(body);
  const messages = new Map<string, Json>();
  for (const { value } of lines) {
    const event = asRecord(asRecord(value)?.json);
    const key = asString(event?.messageId);
    if (event?.type !== "message" || !key) continue;
    const message = messages.get(key) ?? {};
    applyPatches(message, event.patches);
    messages.set(key, message);
  }
  return lines.length > 0 ? messages : null;
}

/** Behind everything that the page's elements or a new chat count from 0. */
const BEHIND = 1_000_000;

/**
 * Where a turn stands. Streams carry neither times nor places: a new chat's first two come first, any other behind all that is there, in the
 * order in which they arrive.
 */
function placesOf(request: Json): [number, number] {
  return request.mode === "start" ? [0, 1] : [BEHIND, BEHIND];
}

function readTurn(observation: Observation): Readings {
  const request = asRecord(parseJson(observation.request ?? ""));
  const session = asString(request?.chatId);
  const messages = streamed(observation.body);
  if (!siteMatch(observation, HOST, new RegExp(CHAT)) || !request || !session || !messages) {
    return null;
  }
  const [askedAt, answeredAt] = placesOf(request);
  const asked = request.mode === "append" ? asString(request.messageId) : undefined;
  const question = { ...request, role: "user", createdAt: undefined };
  const answers = [...messages].map(([key, message]) =>
    compact({
      parentKey: asked,
      ...readMessage(key, message, answeredAt, observation.isTruncated),
    }),
  );
  if (answers.length === 0) return [];
  const isListed = asked !== undefined && messages.has(asked);
  return [
    {
      session: compact({
        agent: "mistral",
        key: session,
        url: pageOf(session),
        activeLeafKey: answers.at(-1)?.key,
      }),
      messages: [
        ...(asked !== undefined && !isListed ? [readMessage(asked, question, askedAt, false)] : []),
        ...answers,
      ],
    },
  ];
}

/** What starts a chat: its id and its first message, which the stream does not repeat. */
function readNewChat(observation: Observation): Readings {
  const answers: unknown = parseJson(observation.body);
  if (!siteMatch(observation, HOST, new RegExp(NEW_CHAT))) return null;
  const results = asRecords(Array.isArray(answers) ? answers : [answers]);
  const chats = results.flatMap(({ result }) => {
    const json = asRecord(asRecord(asRecord(result)?.data)?.json);
    return json ? [json] : [];
  });
  const chat = chats.find((json) => asString(json.chatId) ?? asString(json.id));
  const key = asString(chat?.chatId) ?? asString(chat?.id);
  if (!chat || !key) return null;
  // The empty answer that comes along is filled by the stream.
  const messages = asRecords(chat.messages).flatMap((message, index) => {
    const id = asString(message.id);
    const isUser = message.role === "user";
    return id && isUser ? [readMessage(id, message, index, false)] : [];
  });
  const session = compact({
    agent: "mistral",
    key,
    title: asString(chat.title) || undefined,
    url: pageOf(key),
    createdAt: isoTime(chat.createdAt),
  });
  return [{ session, messages }];
}

export const mistral = defineAgent({
  id: "mistral",
  name: "Mistral Le Chat",
  kind: "chat",
  origins: ["https://chat.mistral.ai/*"],
  session: sessionOf,
  taps: [
    {
      id: "turn",
      transport: "fetch",
      method: "POST",
      path: CHAT,
      request: '"chatId"',
      read: readTurn,
    },
    { id: "new-chat", transport: "fetch", method: "POST", path: NEW_CHAT, read: readNewChat },
  ],
  // How the page loads an old chat is not known, so no `shows` either: to open one is no silence. Seen 2025-11.
  page: {
    use: "instead",
    messages: ["[data-message-author-role]"],
    roles: [
      { role: "user", match: '[data-message-author-role="user"]' },
      { role: "assistant", match: '[data-message-author-role="assistant"]' },
    ],
    ids: ["data-message-id"],
    body: [".select-text span.whitespace-pre-wrap", ".markdown-container-style"],
    strip: ["button", ".text-sm.text-hint"],
  },
  facts: [
    {
      fields: "the running turn: text, question, status",
      from: "POST /api/chat, lines of patches",
      sure: "guess",
      source: "one client; chunks besides text are documented nowhere",
      date: "2026-06-01",
    },
    {
      fields: "a new chat and its first message",
      from: "POST /api/trpc/message.newChat",
      sure: "guess",
      source: "one client",
      date: "2026-06-01",
    },
    {
      fields: "messages of old chats, ids, roles",
      from: "the page",
      sure: "good",
      source: "greasyfork 555673 v1.0.2 (MIT)",
      date: "2025-11-01",
    },
  ],
});
